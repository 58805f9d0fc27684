// Leaky integrate-and-fire with alpha-shaped synaptic currents: exact integration (Rotter and Diesmann 1999,
// doi 10.1007/s004220050570), with the order of operations of NEST's iaf_psc_alpha. Potentials relative to E_L.
#pragma once

struct IafPscAlpha {
  enum State { V_M, DI_EX, I_EX, DI_IN, I_IN, REFRACTORY, STATES };
  enum Constant {
    P_V_MINUS_1, P_V_CURRENT, P_V_DI_EX, P_V_EX, P_V_DI_IN, P_V_IN, P_EX, P_EX_DI, P_IN, P_IN_DI,
    INITIAL_EX, INITIAL_IN, THETA, V_RESET, V_MIN, REFRACTORY_STEPS, I_E, CONSTANTS
  };
  enum Channel { EXCITATORY, INHIBITORY, CHANNELS };

  template <class Real>
  static inline int step(Real* s, const Real* c, const Real* input, Real current) {
    const bool free = s[REFRACTORY] <= Real(0);
    const Real driven = c[P_V_CURRENT] * (current + c[I_E]) + c[P_V_DI_EX] * s[DI_EX] + c[P_V_EX] * s[I_EX] +
                        c[P_V_DI_IN] * s[DI_IN] + c[P_V_IN] * s[I_IN] + c[P_V_MINUS_1] * s[V_M] + s[V_M];
    const Real bounded = driven < c[V_MIN] ? c[V_MIN] : driven;
    const Real v_now = free ? bounded : s[V_M];
    const Real refractory = free ? Real(0) : s[REFRACTORY] - Real(1);
    s[I_EX] = c[P_EX_DI] * s[DI_EX] + c[P_EX] * s[I_EX];
    s[DI_EX] = s[DI_EX] * c[P_EX] + c[INITIAL_EX] * input[EXCITATORY];
    s[I_IN] = c[P_IN_DI] * s[DI_IN] + c[P_IN] * s[I_IN];
    s[DI_IN] = s[DI_IN] * c[P_IN] + c[INITIAL_IN] * input[INHIBITORY];
    const bool fires = v_now >= c[THETA];
    s[V_M] = fires ? c[V_RESET] : v_now;
    s[REFRACTORY] = fires ? c[REFRACTORY_STEPS] : refractory;
    return fires ? 1 : 0;
  }
};
