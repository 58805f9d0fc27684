// Philox4x32-10 (Salmon et al. 2011, doi 10.1145/2063384.2063405): four 32-bit numbers from a key and a counter.
// Whoever asks, in whatever order, for the numbers of one counter gets the same. Plain functions, no STL.
#pragma once

#include <cstdint>

struct Philox {
  static constexpr std::uint32_t M0 = 0xD2511F53u, M1 = 0xCD9E8D57u, W0 = 0x9E3779B9u, W1 = 0xBB67AE85u;

  static inline void round(std::uint32_t* x, std::uint32_t k0, std::uint32_t k1) {
    const std::uint64_t p0 = std::uint64_t(M0) * x[0], p1 = std::uint64_t(M1) * x[2];
    const std::uint32_t y0 = std::uint32_t(p1 >> 32) ^ x[1] ^ k0, y2 = std::uint32_t(p0 >> 32) ^ x[3] ^ k1;
    x[0] = y0, x[1] = std::uint32_t(p1), x[2] = y2, x[3] = std::uint32_t(p0);
  }

  // x: the counter before, the numbers after.
  static inline void numbers(std::uint32_t* x, std::uint64_t key) {
    std::uint32_t k0 = std::uint32_t(key), k1 = std::uint32_t(key >> 32);
    for (int i = 0; i < 10; ++i, k0 += W0, k1 += W1) round(x, k0, k1);
  }
};
