// From what was written to ports to what the loops over neurons read.
#pragma once

#include <algorithm>
#include <map>
#include <tuple>

#include "state.h"

namespace sherrington {

template <class Real>
void add_up_currents(Population<Real>& p, const std::vector<Current>& currents) {
  for (int i = 0; i < p.n; ++i) {
    double sum = 0.0;
    for (const int c : p.currents) {
      const std::int32_t group = currents[c].group_of_neuron[i];
      if (group >= 0) sum += currents[c].values[group];
    }
    p.current[i] = static_cast<Real>(sum);
  }
}

template <class Real>
void summarise(Poisson<Real>& input, std::size_t chunk) {
  const auto begin = input.table_of_neuron.begin() + chunk * LANES;
  const std::size_t n = std::min<std::size_t>(LANES, input.group_of_neuron.size() - chunk * LANES);
  const bool same = std::all_of(begin, begin + n, [&](std::int32_t t) { return t == *begin; });
  input.table_of_chunk[chunk] = same ? *begin : SEVERAL_TABLES;
}

// One table for each distinct mean.
template <class Real>
void choose_tables(Poisson<Real>& input) {
  std::map<double, std::int32_t> found;
  std::vector<std::int32_t> of_group;
  input.thresholds.clear(), input.tables.clear();
  for (const double mean : input.means) {
    if (mean > 0 && found.try_emplace(mean, static_cast<std::int32_t>(found.size())).second)
      input.thresholds.push_back(poisson_thresholds(mean));
    of_group.push_back(mean > 0 ? found[mean] : NO_TABLE);
  }
  for (const auto& t : input.thresholds)
    input.tables.push_back({t.first, static_cast<std::int32_t>(t.values.size()), t.values.data(), t.upper.data()});
  for (std::size_t i = 0; i < input.group_of_neuron.size(); ++i) {
    const std::int32_t group = input.group_of_neuron[i];
    input.table_of_neuron[i] = group < 0 ? NO_TABLE : of_group[group];
  }
  for (std::size_t c = 0; c < input.table_of_chunk.size(); ++c) summarise(input, c);
}

// Events of the coming window, in the order in which they are added up.
template <class Real>
void take_due(Population<Real>& p, std::int64_t end) {
  p.due.clear();
  if (p.events.empty()) return;
  const auto later = std::partition(p.events.begin(), p.events.end(), [end](const Event& e) { return e.step >= end; });
  p.due.assign(later, p.events.end());
  p.events.erase(later, p.events.end());
  std::sort(p.due.begin(), p.due.end(), [](const Event& a, const Event& b) {
    return std::tie(a.step, a.order, a.first, a.stop, a.amount) < std::tie(b.step, b.order, b.first, b.stop, b.amount);
  });
}

// Spikes of ports that arrive in the window, or null where none does.
template <class Real, class Acc, class Weight>
const Real* add_events(Block<Real, Acc, Weight>& b, const Population<Real>& p, std::int64_t now, int steps) {
  bool any = false;
  for (const Event& e : p.due) {
    const int begin = std::max<int>(e.first, b.first), stop = std::min<int>(e.stop, b.first + b.n);
    if (begin >= stop) continue;
    const std::size_t needed = std::size_t(steps) * p.channels * b.padded;
    if (b.drive.size() < needed) b.drive = Array<Real>(needed, Real(0));
    any = true;
    Real* row = b.drive.data() + (std::size_t(e.step - now) * p.channels + e.channel) * b.padded;
    for (int i = begin - int(b.first); i < stop - int(b.first); ++i) row[i] += static_cast<Real>(e.amount);
  }
  return any ? b.drive.data() : nullptr;
}

}  // namespace sherrington
