// Leaky integrate-and-fire with exponential synaptic currents: exact integration (Rotter and Diesmann 1999,
// doi 10.1007/s004220050570), with the order of operations of NEST's iaf_psc_exp.
// Potentials are relative to E_L, so that rest is 0. No include, no STL: CUDA can compile it too.
#pragma once

struct IafPscExp {
  enum State { V_M, I_EX, I_IN, REFRACTORY, STATES };
  enum Constant {
    P_V, P_V_EX, P_V_IN, P_V_CURRENT, P_EX, P_IN, THETA, V_RESET, REFRACTORY_STEPS, I_E, CONSTANTS
  };
  enum Channel { EXCITATORY, INHIBITORY, CHANNELS };

  // One step of one neuron; returns the number of its spikes. input: per channel, arriving at the end of the step.
  template <class Real>
  static inline int step(Real* s, const Real* c, const Real* input, Real current) {
    const bool free = s[REFRACTORY] <= Real(0);
    const Real v = s[V_M] * c[P_V] + s[I_EX] * c[P_V_EX] + s[I_IN] * c[P_V_IN] + (c[I_E] + current) * c[P_V_CURRENT];
    const Real v_now = free ? v : s[V_M];
    const Real refractory = free ? Real(0) : s[REFRACTORY] - Real(1);
    s[I_EX] = s[I_EX] * c[P_EX] + input[EXCITATORY];
    s[I_IN] = s[I_IN] * c[P_IN] + input[INHIBITORY];
    const bool fires = v_now >= c[THETA];
    s[V_M] = fires ? c[V_RESET] : v_now;
    s[REFRACTORY] = fires ? c[REFRACTORY_STEPS] : refractory;
    return fires ? 1 : 0;
  }
};
