#include "engine.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "deliver.h"
#include "inputs.h"
#include "pool.h"

namespace sherrington {

// A parrot may say so many spikes in one step; room is left in the accumulators for that.
static constexpr int MOST_AT_ONCE = 64;

static bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static std::string choose_processor(const std::string& wanted) {
  const bool has_avx2 = __builtin_cpu_supports("avx2");
  const std::string best = has_avx512() ? "avx512" : has_avx2 ? "avx2" : "portable";
  if (wanted.empty()) return best;
  if (wanted != "portable" && wanted != "avx2" && wanted != "avx512")
    throw std::invalid_argument("no kind of processor '" + wanted + "'; there are: portable, avx2, avx512");
  if ((wanted == "avx512" && !has_avx512()) || (wanted == "avx2" && !has_avx2))
    throw std::invalid_argument("this machine's processor is not of the kind '" + wanted + "'; its best is " + best);
  return wanted;
}

struct Fast {
  using Real = float;
  using Acc = std::int32_t;
  using Weight = std::int16_t;
  static constexpr bool is_exact = false;
  static constexpr int BITS = 30;
  static const FastTable& table(const std::string& p) {
    return p == "avx512" ? avx512::fast : p == "avx2" ? avx2::fast : portable::fast;
  }
};

struct Exact {
  using Real = double;
  using Acc = std::int64_t;
  using Weight = std::int64_t;
  static constexpr bool is_exact = true;
  static constexpr int BITS = 62;
  static const ExactTable& table(const std::string& p) {
    return p == "avx512" ? avx512::exact : p == "avx2" ? avx2::exact : portable::exact;
  }
};

struct Change {
  bool is_current;
  int input;
  std::vector<double> values;
};

template <class P>
class EngineOf final : public Engine {
  using Real = typename P::Real;
  using Acc = typename P::Acc;
  using Weight = typename P::Weight;
  using Pop = Population<Real>;
  using Blk = Block<Real, Acc, Weight>;

 public:
  EngineOf(int threads, const std::string& processor) : pool_(threads), processor_(processor) {}

  int add_population(ModelKind kind, int n, int block, int channels, const std::vector<std::vector<double>>& constants,
                     const std::vector<std::vector<double>>& states, bool recorded) override {
    Pop p;
    p.kind = kind, p.n = n, p.channels = channels, p.recorded = recorded, p.first_neuron = neurons_;
    p.block = static_cast<int>(to_lanes(std::min(block, n)));
    p.constants.resize(constants.size());
    p.is_uniform.resize(constants.size());
    p.quanta.assign(channels, 1.0);
    for (std::size_t k = 0; k < constants.size(); ++k) put_constant(p, k, constants[k]);
    for (const auto& values : states) p.states.push_back(padded(values, p.n));
    neurons_ += n;
    populations_.push_back(std::move(p));
    make_blocks(static_cast<int>(populations_.size()) - 1);
    return static_cast<int>(populations_.size()) - 1;
  }

  int add_projection(const Projection& projection) override {
    projections_.push_back(std::make_unique<Projection>(projection));
    if (projection.rule.kind == RuleKind::listed)
      projections_.back()->listed.resize(populations_[projection.target].blocks);
    return static_cast<int>(projections_.size()) - 1;
  }

  void list(int projection, std::size_t n, const std::int64_t* sources, const std::int64_t* targets,
            const double* weights, const std::int64_t* delays) override {
    Projection& p = *projections_[projection];
    const std::uint32_t block = populations_[p.target].block;
    for (std::size_t i = 0; i < n; ++i) {
      Listed& listed = p.listed[(targets[i] + p.first_target) / block];
      listed.sources.push_back(static_cast<std::uint32_t>(sources[i]));
      listed.targets.push_back(static_cast<std::uint32_t>(targets[i]));
      if (weights) listed.weights.push_back(weights[i]);
      if (delays) listed.delays.push_back(static_cast<std::uint16_t>(delays[i]));
    }
  }

  int add_poisson(int population, std::uint64_t key, int channel, double weight,
                  const std::vector<std::int32_t>& of_neuron, int groups) override {
    const std::size_t n = to_lanes(populations_[population].n);
    Poisson<Real> input{population, channel, key, static_cast<Real>(weight), of_neuron, {}, {}, {}, {}, {}};
    input.means.assign(groups, 0.0);
    input.table_of_neuron.assign(n, NO_TABLE);
    input.table_of_chunk.assign(n / LANES, NO_TABLE);
    poissons_.push_back(std::move(input));
    populations_[population].poissons.push_back(static_cast<int>(poissons_.size()) - 1);
    return static_cast<int>(poissons_.size()) - 1;
  }

  int add_current(int population, const std::vector<std::int32_t>& of_neuron, int groups) override {
    currents_.push_back({population, of_neuron, std::vector<double>(groups, 0.0)});
    Pop& p = populations_[population];
    p.currents.push_back(static_cast<int>(currents_.size()) - 1);
    p.current.assign(to_lanes(p.n), Real(0));
    return static_cast<int>(currents_.size()) - 1;
  }

  void finish() override {
    const FlushToZero flush;
    for (auto& p : projections_) fix_total(*p);
    pool_.run(static_cast<int>(blocks_.size()), [this](int b) { build(blocks_[b]); });
    for (auto& p : projections_) p->listed = {}, p->indegrees = {};
    measure();
    choose_quanta();
    pool_.run(static_cast<int>(blocks_.size()), [this](int b) { round_weights(blocks_[b]); });
  }

  void set_poisson(int input, std::int64_t step, const std::vector<double>& means) override {
    changes_.emplace(step, Change{false, input, means});
  }
  void set_current(int input, std::int64_t step, const std::vector<double>& values) override {
    changes_.emplace(step, Change{true, input, values});
  }
  void add_event(int population, std::int64_t step, int order, int first, int stop, int channel,
                 double amount) override {
    populations_[population].events.push_back({step, order, first, stop, channel, amount});
  }
  void set_constant(int population, int constant, const std::vector<double>& values) override {
    put_constant(populations_[population], constant, values);
  }
  void set_frozen(int population, bool frozen) override { populations_[population].frozen = frozen; }

  SpikesOut advance(std::int64_t until) override {
    const FlushToZero flush;
    SpikesOut out;
    while (now_ < until) {
      const std::int64_t end = next_end(until);
      for (Pop& p : populations_) take_due(p, end);
      pool_.run(static_cast<int>(blocks_.size()), [this, end](int b) { advance_block(blocks_[b], end); });
      join(end, out);
      last_first_ = now_;
      now_ = end;
    }
    return out;
  }

  std::vector<double> state(int population, int state) const override {
    const Pop& p = populations_[population];
    return {p.states[state].begin(), p.states[state].begin() + p.n};
  }

  SavedPopulation save(int population) override;
  void restore(int population, const SavedPopulation& saved) override;
  void rewind(std::int64_t step) override {
    now_ = last_first_ = step;
    changes_.clear();
    for (Pop& p : populations_) p.events.clear(), p.spikes = {};
  }

  std::int64_t synapses() const override {
    std::int64_t total = 0;
    for (const Blk& b : blocks_)
      for (const auto& t : b.tables) total += t.synapses();
    return total;
  }
  std::int64_t bytes() const override;
  int shortest_delay() const override { return shortest_; }
  int longest_delay() const override { return longest_; }
  double quantum(int population, int channel) const override { return populations_[population].quanta[channel]; }
  std::string processor() const override { return processor_; }

 private:
  static std::vector<Real> padded(const std::vector<double>& values, std::size_t n) {
    std::vector<Real> all(to_lanes(n), static_cast<Real>(values.back()));
    for (std::size_t i = 0; i < n; ++i) all[i] = static_cast<Real>(values.size() == 1 ? values[0] : values[i]);
    return all;
  }

  static void put_constant(Pop& p, std::size_t k, const std::vector<double>& values) {
    p.is_uniform[k] = values.size() == 1;
    p.constants[k] = padded(values, values.size() == 1 ? LANES : p.n);
  }

  void make_blocks(int population) {
    Pop& p = populations_[population];
    p.first_block = static_cast<int>(blocks_.size());
    for (int first = 0; first < p.n; first += p.block, ++p.blocks) {
      Blk b;
      b.population = population, b.index = p.blocks, b.first = first;
      b.n = std::min(p.block, p.n - first), b.padded = static_cast<std::uint32_t>(to_lanes(b.n));
      blocks_.push_back(std::move(b));
    }
  }

  void fix_total(Projection& p) {
    if (p.rule.kind != RuleKind::fixed_total) return;
    p.indegrees.assign(p.n_targets, 0);
    const int parts = static_cast<int>((p.rule.total + COUNTED - 1) / COUNTED);
    pool_.run(parts, [&p](int part) { choose_targets(p, part); });
  }

  void build(Blk& b) {
    for (const auto& p : projections_) {
      if (p->target != b.population) continue;
      if (p->first_target >= b.first + b.n || p->first_target + p->n_targets <= b.first) continue;
      auto table = build_table<Weight>(*p, b.index, b.first, b.n, P::is_exact);
      if (table.synapses()) b.tables.push_back(std::move(table));
    }
  }

  // Shortest and longest delays, and per projection the largest weight.
  void measure() {
    for (Blk& b : blocks_) {
      Pop& p = populations_[b.population];
      for (const auto& t : b.tables) {
        shortest_ = shortest_ ? std::min(shortest_, t.shortest) : t.shortest;
        p.longest = std::max(p.longest, t.longest);
        Projection& projection = const_cast<Projection&>(*t.projection);
        projection.largest = std::max(projection.largest, t.largest);
      }
      longest_ = std::max(longest_, p.longest);
    }
  }

  // A power of two so small that the accumulators use all their bits, and so large that even if all synapses of a neuron
  // carried a spike in one step, none would overflow.
  void choose_quanta() {
    std::map<std::pair<int, int>, double> sums;
    for (const auto& p : projections_) {
      std::uint32_t indegree = 0;
      for (const Blk& b : blocks_)
        for (const auto& t : b.tables)
          if (t.projection == p.get()) indegree = std::max(indegree, t.indegree);
      const int at_once = populations_[p->source].kind == ModelKind::parrot ? MOST_AT_ONCE : 1;
      sums[{p->target, p->channel}] += p->largest * indegree * at_once;
    }
    for (const auto& [where, sum] : sums)
      if (sum > 0) populations_[where.first].quanta[where.second] = std::exp2(std::ceil(std::log2(sum)) - P::BITS);
    for (const auto& p : projections_) choose_unit(*p);
  }

  void choose_unit(Projection& p) {
    const double quantum = populations_[p.target].quanta[p.channel];
    if (p.weight.is_constant()) {
      p.unit = std::llrint(p.weight.a / quantum);
    } else {
      const double most = static_cast<double>(std::numeric_limits<Weight>::max());
      p.unit = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(p.largest / quantum / most)));
    }
  }

  void round_weights(Blk& b) {
    const Pop& p = populations_[b.population];
    for (auto& t : b.tables) {
      if (t.projection->weight.is_constant()) continue;
      const double unit = p.quanta[t.projection->channel] * static_cast<double>(t.projection->unit);
      t.weights = Array<Weight>(t.synapses());
      for (std::size_t i = 0; i < t.synapses(); ++i)
        t.weights[i] = static_cast<Weight>(std::llrint((P::is_exact ? t.drawn_exact[i] : t.drawn[i]) / unit));
      t.drawn = {}, t.drawn_exact = {};
    }
    if (b.tables.empty()) return;
    for (b.slots = 1; b.slots < p.longest; b.slots *= 2) {}
    b.accumulators = Array<Acc>(b.slots * p.channels * b.padded, 0);
  }

  // --- one window ---

  // No further than the shortest delay, so that no spike of a window arrives in it, nor than the next change of an input.
  std::int64_t next_end(std::int64_t until) {
    while (!changes_.empty() && changes_.begin()->first <= now_) {
      apply(changes_.begin()->second);
      changes_.erase(changes_.begin());
    }
    std::int64_t end = std::min(until, now_ + std::min(shortest_ ? shortest_ : LONGEST_WINDOW, LONGEST_WINDOW));
    return changes_.empty() ? end : std::min(end, changes_.begin()->first);
  }

  void apply(const Change& change) {
    if (change.is_current) {
      currents_[change.input].values = change.values;
      add_up_currents(populations_[currents_[change.input].population], currents_);
    } else {
      poissons_[change.input].means = change.values;
      choose_tables(poissons_[change.input]);
    }
  }

  void advance_block(Blk& b, std::int64_t end) {
    if (static_cast<std::int64_t>(b.spikes.size()) < end - now_) b.spikes.resize(end - now_);
    for (auto& spikes : b.spikes) spikes.clear();
    if (populations_[b.population].frozen) return;
    deliver_all(b);
    update_block(b, end);
  }

  void deliver_all(Blk& b) {
    const Pop& p = populations_[b.population];
    for (const auto& table : b.tables) {
      const Spikes& spikes = populations_[table.projection->source].spikes;
      if (spikes.neurons.empty()) continue;
      const Ring<Acc> ring{b.accumulators.data() + table.projection->channel * b.padded, b.slots - 1,
                           std::size_t(p.channels) * b.padded};
      if (table.short_delays) {
        deliver(ring, table, table.short_delays.data(), spikes, last_first_);
      } else {
        const std::uint16_t* delays = table.long_delays ? table.long_delays.data() : nullptr;
        deliver(ring, table, delays, spikes, last_first_);
      }
    }
  }

  void update_block(Blk& b, std::int64_t end) {
    Pop& p = populations_[b.population];
    Update<Real, Acc> u{};
    u.neurons = b.n, u.padded = b.padded, u.first_neuron = b.first, u.first_step = now_;
    u.steps = static_cast<int>(end - now_);
    for (std::size_t k = 0; k < p.states.size(); ++k) u.states[k] = p.states[k].data() + b.first;
    for (std::size_t k = 0; k < p.constants.size(); ++k) {
      u.is_uniform[k] = p.is_uniform[k];
      u.constants[k] = p.constants[k].data() + (p.is_uniform[k] ? 0 : b.first);
    }
    u.accumulators = b.accumulators ? b.accumulators.data() : nullptr;
    u.slot_mask = b.slots - 1;
    for (int k = 0; k < p.channels; ++k) u.quantum[k] = static_cast<Real>(p.quanta[k]);
    u.drive = add_events(b, p, now_, u.steps);
    u.current = p.current.empty() ? nullptr : p.current.data() + b.first;
    point_at_poisson(b, p);
    u.poisson = b.poisson.data(), u.n_poisson = static_cast<int>(b.poisson.size());
    u.emit = [](void* sink, int step, int neuron, int count) {
      if (count > MOST_AT_ONCE)
        throw std::overflow_error("a parrot_neuron received " + std::to_string(count) +
                                  " spikes in one step; the native engine passes on at most " +
                                  std::to_string(MOST_AT_ONCE) + ": give it a lower rate, or more parrots");
      auto& spikes = (*static_cast<std::vector<std::vector<std::uint32_t>>*>(sink))[step];
      spikes.insert(spikes.end(), count, neuron);
    };
    u.sink = &b.spikes;
    P::table(processor_).find(p.kind, p.channels)(u);
    if (u.drive) std::fill_n(b.drive.data(), std::size_t(u.steps) * p.channels * b.padded, Real(0));
  }

  void point_at_poisson(Blk& b, const Pop& p) {
    b.poisson.clear();
    for (const int i : p.poissons) {
      const auto& input = poissons_[i];
      if (input.tables.empty()) continue;
      b.poisson.push_back({input.key, input.channel, input.weight, input.table_of_chunk.data() + b.first / LANES,
                           input.table_of_neuron.data() + b.first, input.tables.data()});
    }
  }

  // The spikes of all blocks, by step, then neuron.
  void join(std::int64_t end, SpikesOut& out) {
    const int steps = static_cast<int>(end - now_);
    for (Pop& p : populations_) {
      p.spikes.neurons.clear();
      p.spikes.start.assign(1, 0);
      for (int t = 0; t < steps; ++t) {
        for (int i = p.first_block; i < p.first_block + p.blocks; ++i)
          for (const std::uint32_t neuron : blocks_[i].spikes[t]) p.spikes.neurons.push_back(blocks_[i].first + neuron);
        p.spikes.start.push_back(p.spikes.neurons.size());
      }
      if (p.recorded) record(p, out);
    }
  }

  void record(const Pop& p, SpikesOut& out) {
    for (std::size_t t = 0; t + 1 < p.spikes.start.size(); ++t)
      for (std::size_t i = p.spikes.start[t]; i < p.spikes.start[t + 1]; ++i) {
        out.steps.push_back(now_ + static_cast<std::int64_t>(t) + 1);
        out.neurons.push_back(p.first_neuron + p.spikes.neurons[i]);
      }
  }

  Pool pool_;
  std::string processor_;
  std::int64_t now_ = 0, last_first_ = 0, neurons_ = 0;
  int shortest_ = 0, longest_ = 0;
  std::vector<Pop> populations_;
  std::vector<Blk> blocks_;
  std::vector<std::unique_ptr<Projection>> projections_;
  std::vector<Poisson<Real>> poissons_;
  std::vector<Current> currents_;
  std::multimap<std::int64_t, Change> changes_;
};

template <class P>
SavedPopulation EngineOf<P>::save(int population) {
  Pop& p = populations_[population];
  SavedPopulation saved;
  for (std::size_t k = 0; k < p.states.size(); ++k) {
    const auto values = state(population, static_cast<int>(k));
    saved.states.insert(saved.states.end(), values.begin(), values.end());
  }
  std::int64_t slots = 0;
  for (int i = p.first_block; i < p.first_block + p.blocks; ++i) slots = std::max(slots, blocks_[i].slots);
  saved.arrivals.assign(slots * p.channels * p.n, 0);
  for (int i = p.first_block; i < p.first_block + p.blocks; ++i) {
    Blk& b = blocks_[i];
    if (!b.accumulators) continue;
    // What is on the way still lies in lists of spikes: it is delivered to a copy of the ring.
    Array<Acc> kept(b.accumulators.size());
    std::copy_n(b.accumulators.data(), kept.size(), kept.data());
    deliver_all(b);
    std::swap(kept, b.accumulators);
    for (std::int64_t s = 0; s < b.slots; ++s)
      for (int c = 0; c < p.channels; ++c)
        std::copy_n(kept.data() + (((now_ + s) & (b.slots - 1)) * p.channels + c) * b.padded, b.n,
                    saved.arrivals.begin() + (s * p.channels + c) * p.n + b.first);
  }
  return saved;
}

template <class P>
void EngineOf<P>::restore(int population, const SavedPopulation& saved) {
  Pop& p = populations_[population];
  for (std::size_t k = 0; k < p.states.size(); ++k)
    for (int i = 0; i < p.n; ++i) p.states[k][i] = static_cast<Real>(saved.states[k * p.n + i]);
  for (int i = p.first_block; i < p.first_block + p.blocks; ++i) {
    Blk& b = blocks_[i];
    for (std::int64_t s = 0; s < b.slots; ++s)
      for (int c = 0; c < p.channels; ++c)
        for (std::uint32_t j = 0; j < b.n; ++j)
          b.accumulators[(((now_ + s) & (b.slots - 1)) * p.channels + c) * b.padded + j] =
              static_cast<Acc>(saved.arrivals[(s * p.channels + c) * p.n + b.first + j]);
  }
}

template <class P>
std::int64_t EngineOf<P>::bytes() const {
  std::int64_t total = 0;
  for (const Blk& b : blocks_) {
    for (const auto& t : b.tables) total += t.bytes();
    total += b.accumulators.bytes() + b.drive.bytes();
  }
  for (const Pop& p : populations_) {
    for (const auto& s : p.states) total += s.size() * sizeof(Real);
    for (const auto& c : p.constants) total += c.size() * sizeof(Real);
  }
  return total;
}

std::unique_ptr<Engine> Engine::make(bool exact, int threads, const std::string& processor) {
  const std::string chosen = choose_processor(processor);
  if (exact) return std::make_unique<EngineOf<Exact>>(threads, chosen);
  return std::make_unique<EngineOf<Fast>>(threads, chosen);
}

}  // namespace sherrington
