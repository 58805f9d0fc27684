// Repeats every spike that arrives, at the end of the step in which it arrives; weights play no part.
#pragma once

struct ParrotNeuron {
  enum State { STATES = 0 };
  enum Constant { THETA, CONSTANTS };
  enum Channel { ARRIVALS, CHANNELS };

  template <class Real>
  static inline int step(Real*, const Real* c, const Real* input, Real) {
    return input[ARRIVALS] >= c[THETA] ? static_cast<int>(input[ARRIVALS]) : 0;
  }
};
