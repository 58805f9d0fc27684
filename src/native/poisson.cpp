#include "poisson.h"

#include <cmath>

namespace sherrington {

static constexpr double LEAST = 0x1p-50;
static constexpr double RANGE = 0x1p32;

// Probabilities from the least count that matters upwards, by recursion from the most likely count.
static std::vector<double> probabilities(double mean, std::int32_t& first) {
  const std::int32_t mode = static_cast<std::int32_t>(mean);
  const double top = std::exp(mode * std::log(mean) - mean - std::lgamma(mode + 1.0));
  first = mode;
  double p = top;
  while (first > 0 && p > LEAST) p *= first-- / mean;
  std::vector<double> found;
  for (std::int32_t k = first; k < mode; ++k, p *= mean / k) found.push_back(p);
  p = top;
  for (std::int32_t k = mode; k == mode || p > LEAST; p *= mean / ++k) found.push_back(p);
  return found;
}

Thresholds poisson_thresholds(double mean) {
  Thresholds found;
  double sum = 0.0;
  for (const double p : probabilities(mean, found.first)) {
    sum += p;
    const double threshold = std::nearbyint(sum * RANGE);
    if (threshold >= RANGE) break;
    if (threshold == 0.0) {
      ++found.first;
    } else {
      found.values.push_back(static_cast<std::uint32_t>(threshold));
      found.upper.push_back(static_cast<std::int16_t>((found.values.back() >> 16) ^ 0x8000u));
    }
  }
  return found;
}

}  // namespace sherrington
