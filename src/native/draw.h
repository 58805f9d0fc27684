// Connection rules, weights and delays from counter-based random numbers: what is drawn for a target depends on the
// key and on its number alone, so that any thread can draw any target, and twice.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "philox.h"

namespace sherrington {

// A stream of 32-bit numbers of one target of one projection.
class Stream {
 public:
  Stream(std::uint64_t key, std::uint32_t target, std::uint32_t purpose)
      : key_(key), target_(target), purpose_(purpose) {}

  std::uint32_t next() {
    if (left_ == 0) refill();
    return numbers_[4 - left_--];
  }

  // 0 to n - 1, each exactly equally likely (Lemire 2019, doi 10.1145/3230636).
  std::uint32_t below(std::uint32_t n) {
    std::uint64_t product = std::uint64_t(next()) * n;
    if (std::uint32_t(product) < n) {
      const std::uint32_t least = (0u - n) % n;
      while (std::uint32_t(product) < least) product = std::uint64_t(next()) * n;
    }
    return std::uint32_t(product >> 32);
  }

  // Between 0 and 1, never either of them.
  double uniform() { return (next() + 0.5) * 0x1p-32; }

  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

 private:
  void refill() {
    numbers_[0] = block_++, numbers_[1] = target_, numbers_[2] = purpose_, numbers_[3] = 0;
    Philox::numbers(numbers_, key_);
    left_ = 4;
  }

  std::uint64_t key_;
  std::uint32_t target_, purpose_, block_ = 0;
  std::uint32_t numbers_[4];
  int left_ = 0;
};

enum class RuleKind : int { listed, all_to_all, one_to_one, fixed_indegree, fixed_total, bernoulli };

// shift: source `target + shift` is the target itself (of neurons counted within source and target ranges).
struct Rule {
  RuleKind kind = RuleKind::listed;
  std::uint32_t indegree = 0;
  std::uint64_t total = 0;
  double probability = 0.0;
  bool no_autapses = false;
  std::int64_t shift = 0;
};

constexpr std::uint32_t FOR_SOURCES = 0, FOR_VALUES = 1, FOR_TARGETS = 2;

// Calls f(source) for every connection of a target, in an order that is always the same. indegree: where it is given.
template <class F>
void for_each_source(const Rule& rule, std::uint64_t key, std::uint32_t n_sources, std::uint32_t target,
                     std::uint32_t indegree, F&& f) {
  const std::int64_t own = rule.no_autapses ? target + rule.shift : -1;
  const bool has_own = own >= 0 && own < n_sources;
  Stream stream(key, target, FOR_SOURCES);
  switch (rule.kind) {
    case RuleKind::all_to_all:
      for (std::uint32_t s = 0; s < n_sources; ++s)
        if (s != own) f(s);
      break;
    case RuleKind::one_to_one:
      f(target);
      break;
    case RuleKind::fixed_indegree:
    case RuleKind::fixed_total:
      for (std::uint32_t k = 0; k < indegree; ++k) {
        const std::uint32_t s = stream.below(has_own ? n_sources - 1 : n_sources);
        f(has_own && s >= own ? s + 1 : s);
      }
      break;
    case RuleKind::bernoulli: {
      if (rule.probability <= 0.0) break;
      // Sources that are passed over until the next one: geometric.
      const double scale = rule.probability < 1.0 ? 1.0 / std::log1p(-rule.probability) : 0.0;
      for (double s = std::floor(std::log(stream.uniform()) * scale); s < n_sources;
           s += 1.0 + std::floor(std::log(stream.uniform()) * scale))
        if (std::int64_t(s) != own) f(std::uint32_t(s));
      break;
    }
    case RuleKind::listed:
      break;
  }
}

enum class ValueKind : int { constant, uniform, normal, lognormal };

// a, b: the constant; low and high; mean and std; mu and sigma of the logarithm. Normal is limited to low and high.
struct Values {
  ValueKind kind = ValueKind::constant;
  double a = 0.0, b = 0.0, low = -HUGE_VAL, high = HUGE_VAL, sign = 1.0;

  bool is_constant() const { return kind == ValueKind::constant; }

  double sample(Stream& stream) const {
    switch (kind) {
      case ValueKind::uniform:
        return a + (b - a) * stream.uniform();
      case ValueKind::lognormal:
        return sign * std::exp(a + b * stream.normal());
      case ValueKind::normal: {
        double x = a + b * stream.normal();
        while (x < low || x > high) x = a + b * stream.normal();
        return x;
      }
      default:
        return a;
    }
  }
};

}  // namespace sherrington
