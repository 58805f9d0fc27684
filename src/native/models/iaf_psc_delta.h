// Leaky integrate-and-fire whose potential jumps with every spike, with the order of operations of NEST's
// iaf_psc_delta. Potentials relative to E_L. REFRACTORY_INPUT 1: input of the refractory time is kept, and decays
// until its end; 0: it is lost.
#pragma once

struct IafPscDelta {
  enum State { V_M, KEPT, REFRACTORY, STATES };
  enum Constant { P_V, P_V_CURRENT, THETA, V_RESET, V_MIN, REFRACTORY_STEPS, REFRACTORY_INPUT, I_E, CONSTANTS };
  enum Channel { JUMPS, CHANNELS };

  template <class Real>
  static inline int step(Real* s, const Real* c, const Real* input, Real current) {
    const bool free = s[REFRACTORY] <= Real(0);
    const Real driven = c[P_V_CURRENT] * (current + c[I_E]) + c[P_V] * s[V_M] + input[JUMPS] + s[KEPT];
    const Real bounded = driven < c[V_MIN] ? c[V_MIN] : driven;
    const Real kept = (s[KEPT] + input[JUMPS] * c[REFRACTORY_INPUT]) * c[P_V];
    const Real v_now = free ? bounded : s[V_M];
    const Real refractory = free ? Real(0) : s[REFRACTORY] - Real(1);
    s[KEPT] = free ? Real(0) : kept;
    const bool fires = v_now >= c[THETA];
    s[V_M] = fires ? c[V_RESET] : v_now;
    s[REFRACTORY] = fires ? c[REFRACTORY_STEPS] : refractory;
    return fires ? 1 : 0;
  }
};
