// Leaky integrate-and-fire with RECEPTORS synaptic currents, each with a time constant of its own: NEST's
// iaf_psc_exp_multisynapse and iaf_psc_alpha_multisynapse. Potentials relative to E_L. Constants and states of a
// receptor follow those of the neuron, receptor by receptor.
#pragma once

template <int RECEPTORS>
struct IafPscExpMultisynapse {
  enum State { V_M, REFRACTORY, I_SYN, STATES = I_SYN + RECEPTORS };
  enum Constant { P_V, P_V_CURRENT, THETA, V_RESET, REFRACTORY_STEPS, I_E, OF_RECEPTORS };
  enum OfReceptor { P_V_SYN, P_SYN, EACH };
  static constexpr int CONSTANTS = OF_RECEPTORS + EACH * RECEPTORS, CHANNELS = RECEPTORS;

  template <class Real>
  static inline int step(Real* s, const Real* c, const Real* input, Real current) {
    Real v = s[V_M] * c[P_V] + (c[I_E] + current) * c[P_V_CURRENT];
#pragma GCC unroll 8
    for (int i = 0; i < RECEPTORS; ++i) {
      const Real* r = c + OF_RECEPTORS + EACH * i;
      v += r[P_V_SYN] * s[I_SYN + i];
      s[I_SYN + i] = s[I_SYN + i] * r[P_SYN] + input[i];
    }
    const bool free = s[REFRACTORY] <= Real(0);
    const Real v_now = free ? v : s[V_M];
    const Real refractory = free ? Real(0) : s[REFRACTORY] - Real(1);
    const bool fires = v_now >= c[THETA];
    s[V_M] = fires ? c[V_RESET] : v_now;
    s[REFRACTORY] = fires ? c[REFRACTORY_STEPS] : refractory;
    return fires ? 1 : 0;
  }
};

template <int RECEPTORS>
struct IafPscAlphaMultisynapse {
  enum State { V_M, REFRACTORY, SYNAPSES, STATES = SYNAPSES + 2 * RECEPTORS };
  enum OfSynapse { DI_SYN, I_SYN, TWO };
  enum Constant { P_V, P_V_CURRENT, THETA, V_RESET, V_MIN, REFRACTORY_STEPS, I_E, OF_RECEPTORS };
  enum OfReceptor { P_V_DI, P_V_SYN, P_SYN, P_SYN_DI, INITIAL, EACH };
  static constexpr int CONSTANTS = OF_RECEPTORS + EACH * RECEPTORS, CHANNELS = RECEPTORS;

  template <class Real>
  static inline int step(Real* s, const Real* c, const Real* input, Real current) {
    Real v = c[P_V_CURRENT] * (c[I_E] + current) + c[P_V] * s[V_M];
#pragma GCC unroll 8
    for (int i = 0; i < RECEPTORS; ++i) {
      const Real* r = c + OF_RECEPTORS + EACH * i;
      Real* y = s + SYNAPSES + TWO * i;
      v += r[P_V_DI] * y[DI_SYN] + r[P_V_SYN] * y[I_SYN];
      y[I_SYN] = r[P_SYN_DI] * y[DI_SYN] + r[P_SYN] * y[I_SYN];
      y[DI_SYN] = y[DI_SYN] * r[P_SYN] + r[INITIAL] * input[i];
    }
    const Real bounded = v < c[V_MIN] ? c[V_MIN] : v;
    const bool free = s[REFRACTORY] <= Real(0);
    const Real v_now = free ? bounded : s[V_M];
    const Real refractory = free ? Real(0) : s[REFRACTORY] - Real(1);
    const bool fires = v_now >= c[THETA];
    s[V_M] = fires ? c[V_RESET] : v_now;
    s[REFRACTORY] = fires ? c[REFRACTORY_STEPS] : refractory;
    return fires ? 1 : 0;
  }
};
