// What an engine holds: inputs, populations, blocks of them.
#pragma once

#include <cstdint>
#include <vector>

#include "connect.h"
#include "deliver.h"
#include "poisson.h"
#include "update.h"

namespace sherrington {

inline std::size_t to_lanes(std::size_t n) { return (n + LANES - 1) / LANES * LANES; }

template <class Real>
struct Poisson {
  int population, channel;
  std::uint64_t key;
  Real weight;
  std::vector<std::int32_t> group_of_neuron;
  std::vector<double> means;
  std::vector<Thresholds> thresholds;
  std::vector<PoissonTable> tables;
  std::vector<std::int32_t> table_of_neuron, table_of_chunk;
};

struct Current {
  int population;
  std::vector<std::int32_t> group_of_neuron;
  std::vector<double> values;
};

struct Event {
  std::int64_t step;
  int order, first, stop, channel;
  double amount;
};

template <class Real>
struct Population {
  ModelKind kind;
  int n, channels, block, first_block = 0, blocks = 0, longest = 0;
  bool recorded, frozen = false;
  std::int64_t first_neuron;
  std::vector<std::vector<Real>> states, constants;
  std::vector<bool> is_uniform;
  std::vector<Real> current;
  std::vector<int> currents, poissons;
  std::vector<double> quanta;
  std::vector<Event> events, due;
  Spikes spikes;
};

template <class Real, class Acc, class Weight>
struct Block {
  int population, index;
  std::uint32_t first, n, padded;
  std::vector<Table<Weight>> tables;
  Array<Acc> accumulators;
  std::int64_t slots = 0;
  Array<Real> drive;
  std::vector<PoissonInput<Real>> poisson;
  std::vector<std::vector<std::uint32_t>> spikes;
};

}  // namespace sherrington
