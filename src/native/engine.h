// A network in memory, and its way through time. Times are whole steps; neurons count within their population.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connect.h"
#include "update.h"

namespace sherrington {

struct SpikesOut {
  std::vector<std::int64_t> steps, neurons;
};

// What in a state differs from block to block does not belong to it: it can be restored with other blocks or threads.
// Per population: states [state][neuron]; arrivals [slot][channel][neuron] from the present step on, in units.
struct SavedPopulation {
  std::vector<double> states;
  std::vector<std::int64_t> arrivals;
};

class Engine {
 public:
  // kind of processor: "", the best there is, or "portable", "avx2", "avx512".
  static std::unique_ptr<Engine> make(bool exact, int threads, const std::string& processor);
  virtual ~Engine() = default;

  // constants: each of 1 or n values; states: each of n. Returns the number of the population.
  virtual int add_population(ModelKind kind, int n, int block, int channels,
                             const std::vector<std::vector<double>>& constants,
                             const std::vector<std::vector<double>>& states, bool recorded) = 0;
  virtual int add_projection(const Projection& projection) = 0;
  // Connections of a projection of listed ones; weights or delays empty where the projection has one for all.
  virtual void list(int projection, std::size_t n, const std::int64_t* sources, const std::int64_t* targets,
                    const double* weights, const std::int64_t* delays) = 0;
  // of_neuron: the group of each neuron, or -1. Returns the number of the input.
  virtual int add_poisson(int population, std::uint64_t key, int channel, double weight,
                          const std::vector<std::int32_t>& of_neuron, int groups) = 0;
  virtual int add_current(int population, const std::vector<std::int32_t>& of_neuron, int groups) = 0;
  virtual void finish() = 0;

  // From that step on: mean numbers of spikes in a step, or currents, one for each group.
  virtual void set_poisson(int input, std::int64_t step, const std::vector<double>& means) = 0;
  virtual void set_current(int input, std::int64_t step, const std::vector<double>& values) = 0;
  // Adds `amount` at the end of a step to the neurons [first, stop); order breaks ties.
  virtual void add_event(int population, std::int64_t step, int order, int first, int stop, int channel,
                         double amount) = 0;
  virtual void set_constant(int population, int constant, const std::vector<double>& values) = 0;
  virtual void set_frozen(int population, bool frozen) = 0;

  // To the beginning of step `until`. The spikes of recorded populations, sorted by step and neuron.
  virtual SpikesOut advance(std::int64_t until) = 0;

  virtual std::vector<double> state(int population, int state) const = 0;
  virtual SavedPopulation save(int population) = 0;
  virtual void restore(int population, const SavedPopulation& saved) = 0;
  // Forgets spikes on the way and inputs to come, before populations are restored.
  virtual void rewind(std::int64_t step) = 0;

  virtual std::int64_t synapses() const = 0;
  virtual std::int64_t bytes() const = 0;
  virtual int shortest_delay() const = 0;
  virtual int longest_delay() const = 0;
  virtual double quantum(int population, int channel) const = 0;
  virtual std::string processor() const = 0;
};

}  // namespace sherrington
