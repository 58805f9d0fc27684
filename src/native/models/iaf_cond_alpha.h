// Leaky integrate-and-fire with alpha-shaped conductances: the equations of NEST's iaf_cond_alpha. As iaf_cond_exp.h.
#pragma once

#include "conductances.h"

struct IafCondAlpha {
  enum State { V_M, DG_EX, G_EX, DG_IN, G_IN, REFRACTORY, STATES };
  enum Constant {
    H_OVER_C, G_L, E_EX, E_IN, P_EX, P_EX_DG, P_IN, P_IN_DG, MEAN_EX, MEAN_EX_DG, MEAN_IN, MEAN_IN_DG,
    INITIAL_EX, INITIAL_IN, THETA, V_RESET, REFRACTORY_STEPS, I_E, CONSTANTS
  };
  enum Channel { EXCITATORY, INHIBITORY, CHANNELS };

  template <class Real>
  static inline int step(Real* s, const Real* c, const Real* input, Real current) {
    const Real g_ex = s[G_EX] * c[P_EX] + s[DG_EX] * c[P_EX_DG], g_in = s[G_IN] * c[P_IN] + s[DG_IN] * c[P_IN_DG];
    const Conductance<Real> ex{s[G_EX] * c[MEAN_EX] + s[DG_EX] * c[MEAN_EX_DG], g_ex - s[G_EX], c[E_EX]};
    const Conductance<Real> in{s[G_IN] * c[MEAN_IN] + s[DG_IN] * c[MEAN_IN_DG], g_in - s[G_IN], c[E_IN]};
    const Real v = relaxed(s[V_M], c[G_L], ex, in, c[I_E] + current, c[H_OVER_C]);
    s[G_EX] = g_ex;
    s[DG_EX] = s[DG_EX] * c[P_EX] + c[INITIAL_EX] * input[EXCITATORY];
    s[G_IN] = g_in;
    s[DG_IN] = s[DG_IN] * c[P_IN] - c[INITIAL_IN] * input[INHIBITORY];
    const bool free = s[REFRACTORY] <= Real(0);
    const Real v_now = free ? v : s[V_M];
    const Real refractory = free ? Real(0) : s[REFRACTORY] - Real(1);
    const bool fires = v_now >= c[THETA];
    s[V_M] = fires ? c[V_RESET] : v_now;
    s[REFRACTORY] = fires ? c[REFRACTORY_STEPS] : refractory;
    return fires ? 1 : 0;
  }
};
