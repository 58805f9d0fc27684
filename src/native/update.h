// What the loops over neurons are given: the block, its window, its input. Only plain pointers, because these loops
// are compiled three times for different processors, and nothing of that may be shared with the rest.
#pragma once

#include <cstdint>

namespace sherrington {

// Neurons are handled so many at a time; blocks begin at multiples of it within their population.
constexpr int LANES = 64;
constexpr int MAX_STATES = 24, MAX_CONSTANTS = 48, MAX_CHANNELS = 6;

// Steps of a window at most.
constexpr int LONGEST_WINDOW = 32;

// A Poisson distribution: of a 32-bit number u, the count is `first` plus the number of thresholds up to u. upper: their
// upper 16 bits less 2^15, which nearly always decide.
struct PoissonTable {
  std::int32_t first, n;
  const std::uint32_t* thresholds;
  const std::int16_t* upper;
};

constexpr std::int32_t NO_TABLE = -1, SEVERAL_TABLES = -2;

// Poisson input to the neurons of a block. of_chunk: the table of each LANES neurons, NO_TABLE or SEVERAL_TABLES;
// of_neuron: of each single one.
template <class Real>
struct PoissonInput {
  std::uint64_t key;
  int channel;
  Real weight;
  const std::int32_t *of_chunk, *of_neuron;
  const PoissonTable* tables;
};

using Emit = void (*)(void* sink, int step, int neuron, int count);

// accumulators: ring of [slot][channel][padded], in units of quantum[channel]; null where no projection ends here.
// drive: [step][channel][padded] of spikes from input ports, or null. current: [padded] of input ports, or null.
// Neurons beyond `neurons` are padding: they are computed and never heard.
template <class Real, class Acc>
struct Update {
  int neurons, padded, first_neuron, steps;
  std::int64_t first_step;
  Real* states[MAX_STATES];
  const Real* constants[MAX_CONSTANTS];
  bool is_uniform[MAX_CONSTANTS];
  Acc* accumulators;
  std::int64_t slot_mask;
  Real quantum[MAX_CHANNELS];
  const Real* drive;
  const Real* current;
  const PoissonInput<Real>* poisson;
  int n_poisson;
  Emit emit;
  void* sink;
};

enum class ModelKind : int { parrot, psc_exp, psc_alpha, psc_delta, cond_exp, cond_alpha, count, psc_exp_multi, psc_alpha_multi };

constexpr int MAX_RECEPTORS = 6;

template <class Real, class Acc>
using UpdateFunction = void (*)(const Update<Real, Acc>&);

// One table of functions for each kind of processor.
template <class Real, class Acc>
struct UpdateTable {
  UpdateFunction<Real, Acc> of[static_cast<int>(ModelKind::count)];
  UpdateFunction<Real, Acc> psc_exp_multi[MAX_RECEPTORS], psc_alpha_multi[MAX_RECEPTORS];

  UpdateFunction<Real, Acc> find(ModelKind kind, int channels) const {
    if (kind == ModelKind::psc_exp_multi) return psc_exp_multi[channels - 1];
    if (kind == ModelKind::psc_alpha_multi) return psc_alpha_multi[channels - 1];
    return of[static_cast<int>(kind)];
  }
};

using FastTable = UpdateTable<float, std::int32_t>;
using ExactTable = UpdateTable<double, std::int64_t>;

namespace portable { extern const FastTable fast; extern const ExactTable exact; }
namespace avx2 { extern const FastTable fast; extern const ExactTable exact; }
namespace avx512 { extern const FastTable fast; extern const ExactTable exact; }

}  // namespace sherrington
