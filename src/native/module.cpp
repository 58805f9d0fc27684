// The engine for Python: `sherrington.brain.native._core`. Names and types are in _core.pyi.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "engine.h"
#include "poisson.h"

namespace nb = nanobind;
using namespace sherrington;

using Doubles = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Longs = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Ints = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <class T>
static nb::object numpy(std::vector<T> values) {
  auto* kept = new std::vector<T>(std::move(values));
  const nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::cast(nb::ndarray<nb::numpy, T, nb::ndim<1>>(kept->data(), {kept->size()}, owner));
}

template <class A>
static auto vector_of(const A& a) {
  return std::vector<std::remove_const_t<typename A::Scalar>>(a.data(), a.data() + a.shape(0));
}

static std::vector<std::vector<double>> vectors_of(const std::vector<Doubles>& arrays) {
  std::vector<std::vector<double>> all;
  for (const auto& a : arrays) all.push_back(vector_of(a));
  return all;
}

NB_MODULE(_core, m) {
  nb::enum_<ModelKind>(m, "Model")
      .value("parrot", ModelKind::parrot)
      .value("psc_exp", ModelKind::psc_exp)
      .value("psc_alpha", ModelKind::psc_alpha)
      .value("psc_delta", ModelKind::psc_delta)
      .value("cond_exp", ModelKind::cond_exp)
      .value("cond_alpha", ModelKind::cond_alpha)
      .value("psc_exp_multi", ModelKind::psc_exp_multi)
      .value("psc_alpha_multi", ModelKind::psc_alpha_multi);
  m.attr("MAX_RECEPTORS") = MAX_RECEPTORS;
  nb::enum_<RuleKind>(m, "RuleKind")
      .value("listed", RuleKind::listed)
      .value("all_to_all", RuleKind::all_to_all)
      .value("one_to_one", RuleKind::one_to_one)
      .value("fixed_indegree", RuleKind::fixed_indegree)
      .value("fixed_total", RuleKind::fixed_total)
      .value("bernoulli", RuleKind::bernoulli);
  nb::enum_<ValueKind>(m, "ValueKind")
      .value("constant", ValueKind::constant)
      .value("uniform", ValueKind::uniform)
      .value("normal", ValueKind::normal)
      .value("lognormal", ValueKind::lognormal);
  nb::class_<Rule>(m, "Rule")
      .def(nb::init<>())
      .def_rw("kind", &Rule::kind)
      .def_rw("indegree", &Rule::indegree)
      .def_rw("total", &Rule::total)
      .def_rw("probability", &Rule::probability)
      .def_rw("no_autapses", &Rule::no_autapses)
      .def_rw("shift", &Rule::shift);
  nb::class_<Values>(m, "Values")
      .def(nb::init<>())
      .def_rw("kind", &Values::kind)
      .def_rw("a", &Values::a)
      .def_rw("b", &Values::b)
      .def_rw("low", &Values::low)
      .def_rw("high", &Values::high)
      .def_rw("sign", &Values::sign);
  nb::class_<Projection>(m, "Projection")
      .def(nb::init<>())
      .def_rw("source", &Projection::source)
      .def_rw("target", &Projection::target)
      .def_rw("channel", &Projection::channel)
      .def_rw("first_source", &Projection::first_source)
      .def_rw("n_sources", &Projection::n_sources)
      .def_rw("first_target", &Projection::first_target)
      .def_rw("n_targets", &Projection::n_targets)
      .def_rw("rule", &Projection::rule)
      .def_rw("key", &Projection::key)
      .def_rw("weight", &Projection::weight)
      .def_rw("delay", &Projection::delay);

  nb::class_<Engine>(m, "Engine")
      .def_static("make", &Engine::make, nb::arg("exact"), nb::arg("threads"), nb::arg("processor"))
      .def("add_population",
           [](Engine& e, ModelKind kind, int n, int block, int channels, const std::vector<Doubles>& constants,
              const std::vector<Doubles>& states, bool recorded) {
             return e.add_population(kind, n, block, channels, vectors_of(constants), vectors_of(states), recorded);
           })
      .def("add_projection", &Engine::add_projection)
      .def("list",
           [](Engine& e, int projection, const Longs& sources, const Longs& targets, std::optional<Doubles> weights,
              std::optional<Longs> delays) {
             e.list(projection, sources.shape(0), sources.data(), targets.data(), weights ? weights->data() : nullptr,
                    delays ? delays->data() : nullptr);
           },
           nb::arg("projection"), nb::arg("sources"), nb::arg("targets"), nb::arg("weights").none(),
           nb::arg("delays").none())
      .def("add_poisson",
           [](Engine& e, int population, std::uint64_t key, int channel, double weight, const Ints& of_neuron,
              int groups) { return e.add_poisson(population, key, channel, weight, vector_of(of_neuron), groups); })
      .def("add_current",
           [](Engine& e, int population, const Ints& of_neuron, int groups) {
             return e.add_current(population, vector_of(of_neuron), groups);
           })
      .def("finish", &Engine::finish, nb::call_guard<nb::gil_scoped_release>())
      .def("set_poisson",
           [](Engine& e, int input, std::int64_t step, const Doubles& means) {
             e.set_poisson(input, step, vector_of(means));
           })
      .def("set_current",
           [](Engine& e, int input, std::int64_t step, const Doubles& values) {
             e.set_current(input, step, vector_of(values));
           })
      .def("add_events",
           [](Engine& e, int population, int order, int channel, const Longs& steps, const Longs& first,
              const Longs& stop, double amount) {
             for (std::size_t i = 0; i < steps.shape(0); ++i)
               e.add_event(population, steps(i), order, static_cast<int>(first(i)), static_cast<int>(stop(i)), channel,
                           amount);
           })
      .def("set_constant",
           [](Engine& e, int population, int constant, const Doubles& values) {
             e.set_constant(population, constant, vector_of(values));
           })
      .def("set_frozen", &Engine::set_frozen)
      .def("advance",
           [](Engine& e, std::int64_t until) {
             SpikesOut out;
             {
               const nb::gil_scoped_release released;
               out = e.advance(until);
             }
             return nb::make_tuple(numpy(std::move(out.steps)), numpy(std::move(out.neurons)));
           })
      .def("state", [](const Engine& e, int population, int state) { return numpy(e.state(population, state)); })
      .def("save",
           [](Engine& e, int population) {
             auto saved = e.save(population);
             return nb::make_tuple(numpy(std::move(saved.states)), numpy(std::move(saved.arrivals)));
           })
      .def("restore",
           [](Engine& e, int population, const Doubles& states, const Longs& arrivals) {
             e.restore(population, {vector_of(states), vector_of(arrivals)});
           })
      .def("rewind", &Engine::rewind)
      .def("quantum", &Engine::quantum)
      .def_prop_ro("synapses", &Engine::synapses)
      .def_prop_ro("bytes", &Engine::bytes)
      .def_prop_ro("shortest_delay", &Engine::shortest_delay)
      .def_prop_ro("longest_delay", &Engine::longest_delay)
      .def_prop_ro("processor", &Engine::processor);

  m.def("poisson_thresholds", [](double mean) {
    auto found = poisson_thresholds(mean);
    return nb::make_tuple(found.first, numpy(std::move(found.values)));
  });
}
