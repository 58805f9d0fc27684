// exp(x) in plain arithmetic, so that loops are vectorised and every processor gives the same bits. For x from
// -UNDERFLOW to about 0 the error is below 2 units in the last place; below that range the result is that of its end.
#pragma once

template <class Real>
struct ExpDigits;

template <>
struct ExpDigits<float> {
  using Int = int;
  static constexpr int MANTISSA = 23, TERMS = 7;
  static constexpr float LOG2_E = 1.44269504f, LN2_HIGH = 0x1.62e4p-1f, LN2_LOW = 0x1.7f7d1cp-20f;
  static constexpr float ROUND = 0x1.8p23f, LOWEST = -87.0f;
};

template <>
struct ExpDigits<double> {
  using Int = long long;
  static constexpr int MANTISSA = 52, TERMS = 13;
  static constexpr double LOG2_E = 1.4426950408889634, LN2_HIGH = 0x1.62e42fefa38p-1, LN2_LOW = 0x1.ef35793c7673p-45;
  static constexpr double ROUND = 0x1.8p52, LOWEST = -708.0;
};

// x = k ln 2 + r; exp(r) by its series; 2^k from the bits of the number that rounding x / ln 2 leaves.
template <class Real>
static inline Real exponential(Real x) {
  using D = ExpDigits<Real>;
  using Int = typename D::Int;
  x = x < D::LOWEST ? D::LOWEST : x;
  const Real shifted = x * D::LOG2_E + D::ROUND;
  const Real k = shifted - D::ROUND;
  const Real r = (x - k * D::LN2_HIGH) - k * D::LN2_LOW;
  Real sum = Real(1);
#pragma GCC unroll 16
  for (int i = D::TERMS; i > 0; --i) sum = Real(1) + r * sum * (Real(1) / Real(i));
  const Int bits = static_cast<Int>(static_cast<unsigned long long>(__builtin_bit_cast(Int, shifted)) << D::MANTISSA);
  return __builtin_bit_cast(Real, static_cast<Int>(__builtin_bit_cast(Int, sum) + bits));
}
