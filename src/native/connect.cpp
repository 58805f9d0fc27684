#include "connect.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>

namespace sherrington {

// Both passes over the connections of a block, listed or drawn, see them in the same order.
template <class F>
static void for_each_connection(const Projection& p, int block, std::uint32_t first, std::uint32_t n, F&& f) {
  if (p.rule.kind == RuleKind::listed) {
    const Listed& listed = p.listed[block];
    for (std::size_t i = 0; i < listed.sources.size(); ++i) {
      const double weight = listed.weights.empty() ? p.weight.a : listed.weights[i];
      f(listed.sources[i], listed.targets[i] + p.first_target - first, [&] { return weight; },
        [&] { return listed.delays.empty() ? int(p.delay.a) : int(listed.delays[i]); });
    }
    return;
  }
  const std::uint32_t begin = std::max(first, p.first_target);
  const std::uint32_t end = std::min(first + n, p.first_target + p.n_targets);
  for (std::uint32_t t = begin; t < end; ++t) {
    const std::uint32_t target = t - p.first_target;
    Stream values(p.key, target, FOR_VALUES);
    const std::uint32_t indegree = p.indegrees.empty() ? p.rule.indegree : p.indegrees[target];
    for_each_source(p.rule, p.key, p.n_sources, target, indegree, [&](std::uint32_t source) {
      f(source, t - first, [&] { return p.weight.sample(values); },
        [&] {
          const double steps = std::nearbyint(p.delay.sample(values));
          return static_cast<int>(std::min(std::max(steps, 1.0), double(MAX_DELAY)));
        });
    });
  }
}

void choose_targets(Projection& p, std::uint64_t part) {
  Stream stream(p.key, static_cast<std::uint32_t>(part), FOR_TARGETS);
  const std::uint64_t n = std::min(COUNTED, p.rule.total - part * COUNTED);
  for (std::uint64_t i = 0; i < n; ++i)
    std::atomic_ref(p.indegrees[stream.below(p.n_targets)]).fetch_add(1, std::memory_order_relaxed);
}

template <class Weight>
static void count(Table<Weight>& table, const Projection& p, int block, std::uint32_t first, std::uint32_t n) {
  std::vector<std::uint32_t> indegrees(n, 0);
  table.offsets.assign(p.n_sources + 1, 0);
  std::uint32_t* degrees = table.offsets.data() + 1;
  std::uint64_t total = 0;
  for_each_connection(p, block, first, n, [&](std::uint32_t source, std::uint32_t target, auto&&, auto&&) {
    ++degrees[source];
    ++indegrees[target];
    ++total;
  });
  if (total >= (1ull << 32)) throw std::length_error("a block has more than 2^32 connections of one projection");
  for (const std::uint32_t k : indegrees) table.indegree = std::max(table.indegree, k);
  // Where each source begins; filling moves it to where it ends, which is where the next one begins.
  std::uint32_t begin = 0;
  for (std::uint32_t s = 0; s < p.n_sources; ++s) begin += std::exchange(degrees[s], begin);
  table.targets = Array<std::uint16_t>(total);
}

template <class Weight>
static void fill(Table<Weight>& table, const Projection& p, int block, std::uint32_t first, std::uint32_t n,
                 bool exact) {
  std::uint32_t* next = table.offsets.data() + 1;
  const bool one_weight = p.weight.is_constant(), one_delay = p.delay.is_constant();
  const std::size_t total = table.synapses();
  if (!one_weight) (exact ? void(table.drawn_exact = Array<double>(total)) : void(table.drawn = Array<float>(total)));
  if (!one_delay) table.long_delays = Array<std::uint16_t>(total);
  table.shortest = one_delay ? int(p.delay.a) : MAX_DELAY;
  table.longest = one_delay ? int(p.delay.a) : 0;
  table.largest = one_weight ? std::fabs(p.weight.a) : 0.0;
  for_each_connection(p, block, first, n, [&](std::uint32_t source, std::uint32_t target, auto&& weight, auto&& delay) {
    const std::uint32_t at = next[source]++;
    table.targets[at] = static_cast<std::uint16_t>(target);
    if (!one_weight) {
      const double w = weight();
      exact ? void(table.drawn_exact[at] = w) : void(table.drawn[at] = static_cast<float>(w));
      table.largest = std::max(table.largest, std::fabs(w));
    }
    if (!one_delay) {
      const int d = delay();
      table.long_delays[at] = static_cast<std::uint16_t>(d);
      table.shortest = std::min(table.shortest, d);
      table.longest = std::max(table.longest, d);
    }
  });
}

// Two bytes to one where the delays allow it.
template <class Weight>
static void shorten_delays(Table<Weight>& table) {
  if (!table.long_delays || table.longest > 255) return;
  table.short_delays = Array<std::uint8_t>(table.synapses());
  for (std::size_t i = 0; i < table.synapses(); ++i)
    table.short_delays[i] = static_cast<std::uint8_t>(table.long_delays[i]);
  table.long_delays = {};
}

template <class Weight>
Table<Weight> build_table(const Projection& projection, int block, std::uint32_t first, std::uint32_t n, bool exact) {
  Table<Weight> table;
  table.projection = &projection;
  count(table, projection, block, first, n);
  fill(table, projection, block, first, n, exact);
  shorten_delays(table);
  return table;
}

template Table<std::int16_t> build_table(const Projection&, int, std::uint32_t, std::uint32_t, bool);
template Table<std::int64_t> build_table(const Projection&, int, std::uint32_t, std::uint32_t, bool);

}  // namespace sherrington
