// Connections of one projection to one block of targets, sorted by source.
#pragma once

#include <cstdint>
#include <vector>

#include "array.h"
#include "draw.h"

namespace sherrington {

// A connection that was listed: numbers within the ranges of source and of target.
struct Listed {
  std::vector<std::uint32_t> sources, targets;
  std::vector<double> weights;
  std::vector<std::uint16_t> delays;
};

// One for each projection and sign of weight. Weights are in the unit of the synapse until `finish` makes units of them.
struct Projection {
  int source = 0, target = 0, channel = 0;
  std::uint32_t first_source = 0, n_sources = 0, first_target = 0, n_targets = 0;
  Rule rule;
  std::uint64_t key = 0;
  Values weight, delay;
  std::vector<Listed> listed;  // by block of the target's population
  std::vector<std::uint32_t> indegrees;  // of each target, where only their sum is fixed
  // Of constant weights: units of the accumulator. Of others: units that one unit of the stored weight is worth.
  std::int64_t unit = 0;
  double largest = 0.0;
};

// offsets: [n_sources + 1] into the other arrays; targets: within the block; drawn: weights before they are rounded.
template <class Weight>
struct Table {
  const Projection* projection = nullptr;
  std::vector<std::uint32_t> offsets;
  Array<std::uint16_t> targets;
  Array<float> drawn;
  Array<double> drawn_exact;
  Array<Weight> weights;
  Array<std::uint16_t> long_delays;
  Array<std::uint8_t> short_delays;
  std::uint32_t indegree = 0;
  int shortest = 0, longest = 0;
  double largest = 0.0;

  std::size_t synapses() const { return targets.size(); }
  std::size_t bytes() const {
    return offsets.size() * 4 + targets.bytes() + drawn.bytes() + drawn_exact.bytes() + weights.bytes() +
           long_delays.bytes() + short_delays.bytes();
  }
};

// Of a fixed total, one part of COUNTED connections: adds to the in-degree of the target of each.
constexpr std::uint64_t COUNTED = 1 << 22;
void choose_targets(Projection& projection, std::uint64_t part);

// Delays in whole steps, at least one and at most MAX_DELAY.
constexpr int MAX_DELAY = 65535;

// The table of the targets [first, first + n) of the population, which is block number `block`. exact: keep all digits
// of the weights. Throws std::length_error where it has more connections than 32 bits count.
template <class Weight>
Table<Weight> build_table(const Projection& projection, int block, std::uint32_t first, std::uint32_t n, bool exact);

extern template Table<std::int16_t> build_table(const Projection&, int, std::uint32_t, std::uint32_t, bool);
extern template Table<std::int64_t> build_table(const Projection&, int, std::uint32_t, std::uint32_t, bool);

}  // namespace sherrington
