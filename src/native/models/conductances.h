// The potential of a passive membrane with changing conductances over one step, relative to E_L:
// dV/dt = -A(t) V + B(t), of which A and B are known. Magnus expansion to fourth order (Blanes et al. 2009,
// doi 10.1016/j.physrep.2008.11.001): relaxation with the means of A and B, and the commutator of their slopes.
#pragma once

#include "exponential.h"

// mean, change: of a conductance over the step. goal: where the mean conductances take the potential.
template <class Real>
struct Conductance {
  Real mean, change, reversal;
};

template <class Real>
static inline Real relaxed(Real v, Real g_l, Conductance<Real> ex, Conductance<Real> in, Real current, Real h_over_c) {
  const Real total = g_l + ex.mean + in.mean;
  const Real goal = (ex.mean * ex.reversal + in.mean * in.reversal + current) / total;
  const Real x = total * h_over_c;
  const Real slopes = ex.change * (ex.reversal - goal) + in.change * (in.reversal - goal);
  return goal + (v - goal) * exponential(-x) + x * h_over_c * (Real(1) / Real(12)) * slopes;
}
