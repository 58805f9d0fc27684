// From the spikes of one window to the accumulators of a block. Sums are of whole numbers, so their order is free.
#pragma once

#include <cstdint>
#include <vector>

#include "connect.h"

namespace sherrington {

// The spikes of one population in a window: of step t those from start[t] to start[t + 1], by neuron.
struct Spikes {
  std::vector<std::uint32_t> neurons;
  std::vector<std::size_t> start{0};
};

// row of a step: accumulators + (step & mask) * stride, of the channel in question.
template <class Acc>
struct Ring {
  Acc* accumulators;
  std::int64_t mask;
  std::size_t stride;
};

template <class Acc, class Weight, class Delay>
void deliver_run(Ring<Acc> ring, const Table<Weight>& table, const Delay* delays, std::uint32_t begin,
                 std::uint32_t end, std::int64_t step) {
  const std::uint16_t* targets = table.targets.data();
  const Weight* weights = table.weights.data();
  const Acc unit = static_cast<Acc>(table.projection->unit);
  Acc* row = ring.accumulators;
  if (!delays) row += ((step + table.shortest) & ring.mask) * ring.stride;
  for (std::uint32_t k = begin; k < end; ++k) {
    if (delays) row = ring.accumulators + ((step + delays[k]) & ring.mask) * ring.stride;
    row[targets[k]] += weights ? static_cast<Acc>(weights[k]) * unit : unit;
  }
}

template <class Acc, class Weight, class Delay>
void deliver(Ring<Acc> ring, const Table<Weight>& table, const Delay* delays, const Spikes& spikes,
             std::int64_t first_step) {
  constexpr std::size_t AHEAD = 8;
  const std::uint32_t first = table.projection->first_source, n = table.projection->n_sources;
  const std::uint32_t *offsets = table.offsets.data(), *neurons = spikes.neurons.data();
  const std::size_t total = spikes.neurons.size();
  for (std::size_t t = 0; t + 1 < spikes.start.size(); ++t) {
    const std::int64_t step = first_step + static_cast<std::int64_t>(t);
    for (std::size_t i = spikes.start[t]; i < spikes.start[t + 1]; ++i) {
      if (i + 2 * AHEAD < total && neurons[i + 2 * AHEAD] - first < n)
        __builtin_prefetch(offsets + (neurons[i + 2 * AHEAD] - first));
      if (i + AHEAD < total && neurons[i + AHEAD] - first < n)
        __builtin_prefetch(table.targets.data() + offsets[neurons[i + AHEAD] - first]);
      const std::uint32_t source = neurons[i] - first;
      if (source < n) deliver_run(ring, table, delays, offsets[source], offsets[source + 1], step);
    }
  }
}

}  // namespace sherrington
