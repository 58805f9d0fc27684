// Poisson numbers by inversion: one 32-bit number, a table of thresholds.
#pragma once

#include <cstdint>
#include <vector>

namespace sherrington {

struct Thresholds {
  std::int32_t first = 0;
  std::vector<std::uint32_t> values;
  std::vector<std::int16_t> upper;  // halves of the values, less 2^15
};

// Of a uniform u, first + (how many values are at most u) has the Poisson distribution of that mean; every probability
// is exact to 2^-32.
Thresholds poisson_thresholds(double mean);

}  // namespace sherrington
