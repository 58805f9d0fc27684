// Leaky integrate-and-fire with exponential conductances: the equations of NEST's iaf_cond_exp. Potentials relative to E_L.
// Conductances decay exactly; for the potential see conductances.h.
#pragma once

#include "conductances.h"

struct IafCondExp {
  enum State { V_M, G_EX, G_IN, REFRACTORY, STATES };
  enum Constant {
    H_OVER_C, G_L, E_EX, E_IN, P_EX, P_IN, MEAN_EX, MEAN_IN, THETA, V_RESET, REFRACTORY_STEPS, I_E, CONSTANTS
  };
  enum Channel { EXCITATORY, INHIBITORY, CHANNELS };

  template <class Real>
  static inline int step(Real* s, const Real* c, const Real* input, Real current) {
    const Real g_ex = s[G_EX] * c[P_EX], g_in = s[G_IN] * c[P_IN];
    const Conductance<Real> ex{s[G_EX] * c[MEAN_EX], g_ex - s[G_EX], c[E_EX]};
    const Conductance<Real> in{s[G_IN] * c[MEAN_IN], g_in - s[G_IN], c[E_IN]};
    const Real v = relaxed(s[V_M], c[G_L], ex, in, c[I_E] + current, c[H_OVER_C]);
    s[G_EX] = g_ex + input[EXCITATORY];
    s[G_IN] = g_in - input[INHIBITORY];
    const bool free = s[REFRACTORY] <= Real(0);
    const Real v_now = free ? v : s[V_M];
    const Real refractory = free ? Real(0) : s[REFRACTORY] - Real(1);
    const bool fires = v_now >= c[THETA];
    s[V_M] = fires ? c[V_RESET] : v_now;
    s[REFRACTORY] = fires ? c[REFRACTORY_STEPS] : refractory;
    return fires ? 1 : 0;
  }
};
