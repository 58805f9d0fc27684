"""Leaky integrate-and-fire neurons in NEST against mathematics: the f-I curve, and rates under Poisson input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx

from sherrington.brain.distributions import Uniform
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network, Population
from sherrington.ports import SpikeBatch

MS = 1_000_000
C_PF, TAU_MS, E_L_MV, THETA_MV, T_REF_MS, H_MS = 250.0, 10.0, -70.0, -55.0, 2.0, 0.1
CURRENTS_PA = np.array([376.0, 380.0, 400.0, 450.0, 500.0, 650.0, 800.0, 1000.0, 2000.0, 4000.0])


@pytest.mark.parametrize("model", ["iaf_psc_exp", "iaf_psc_delta", "iaf_psc_alpha"])
def test_f_i_curve(model: str) -> None:
    """T = t_ref + tau ln(R I / (R I - theta)), R = tau / C, theta from rest (Gerstner et al. 2014, Neuronal
    Dynamics, eq. 5.40 with u_r = u_rest, doi 10.1017/CBO9781107447615). On a grid of h the passage of the threshold
    is seen at the next multiple of h, so the interval is T rounded up to the grid, exactly."""
    n = CURRENTS_PA.size
    channels = {f"{i:g} pA": 1 for i in CURRENTS_PA}
    params = {
        "C_m": C_PF,
        "tau_m": TAU_MS,
        "E_L": E_L_MV,
        "V_reset": E_L_MV,
        "V_th": THETA_MV,
        "t_ref": T_REF_MS,
    }
    p = Population("p", n, model, params=params, channels=channels)
    brain = NestBrain()
    brain.prepare(
        Network("n", [p]),
        [brain_port(p, "current", writes=True)],
        [brain_port(p, "spikes", writes=False)],
        1,
        BrainOptions(resolution_ms=H_MS),
    )
    brain.write("p.current", CURRENTS_PA)
    brain.advance(2000 * MS)
    spikes = brain.read("p.spikes")
    assert isinstance(spikes, SpikeBatch)
    times_ms, channel = spikes.times_ns / MS, spikes.channels.copy()
    brain.close()
    drive = CURRENTS_PA * TAU_MS / C_PF
    passage_ms = TAU_MS * np.log(drive / (drive - (THETA_MV - E_L_MV)))
    for i in range(n):
        intervals = np.diff(times_ms[channel == i])
        assert intervals.size > 20
        grid = np.ceil(np.round(passage_ms[i] / H_MS, 9)) * H_MS + T_REF_MS
        np.testing.assert_allclose(intervals, grid, atol=1e-6)
        assert abs(intervals.mean() - (passage_ms[i] + T_REF_MS)) <= H_MS


def test_no_spikes_below_rheobase() -> None:
    p = Population("p", 2, channels={"below": 1, "above": 1})
    brain = NestBrain()
    inputs, outputs = [brain_port(p, "current", writes=True)], [brain_port(p, "count", writes=False)]
    brain.prepare(Network("n", [p]), inputs, outputs, 1, BrainOptions())
    brain.write("p.current", np.array([374.9, 375.1]))  # theta C / tau = 375 pA
    brain.advance(1000 * MS)
    below, above = np.asarray(brain.read("p.count"))
    brain.close()
    assert below == 0
    assert above > 5


def siegert_hz(mean_mv: float, sd_mv: float) -> float:
    """Mean rate of a LIF neuron with delta synapses in the diffusion limit (Siegert 1951, doi 10.1103/PhysRev.81.617;
    Brunel 2000, doi 10.1023/A:1008925309027, eq. 21): 1 / (t_ref + tau sqrt(pi) int exp(u^2) (1 + erf u) du),
    from (V_reset - mean) / sd to (theta - mean) / sd, potentials from rest, sd^2 twice the stationary variance."""
    low, high = -mean_mv / sd_mv, (THETA_MV - E_L_MV - mean_mv) / sd_mv
    integral, _ = quad(lambda u: erfcx(-u), low, high)
    return float(1000.0 / (T_REF_MS + TAU_MS * np.sqrt(np.pi) * integral))


@pytest.mark.parametrize(("mean_mv", "sd_mv"), [(10.0, 4.0), (12.0, 3.0), (14.0, 2.0), (18.0, 3.0)])
def test_rate_under_poisson_input(mean_mv: float, sd_mv: float) -> None:
    """Balanced excitation and inhibition as two rate ports, weight J mV: mean = tau J (re - ri), sd^2 = tau J^2
    (re + ri). The diffusion limit neglects terms of order J / theta (0.7 %), the grid of h misses threshold
    passages within a step, of order sqrt(h / tau) (3 %), and 1,000 spikes or more have a statistical error of at most
    3 %, as these trains are more regular than a Poisson process. The bound is their sum."""
    weight_mv = 0.1
    total_hz = 1000 * sd_mv**2 / (TAU_MS * weight_mv**2)
    difference_hz = 1000 * mean_mv / (TAU_MS * weight_mv)
    params = {
        "C_m": C_PF,
        "tau_m": TAU_MS,
        "E_L": E_L_MV,
        "V_reset": E_L_MV,
        "V_th": THETA_MV,
        "t_ref": T_REF_MS,
    }
    p = Population("p", 100, "iaf_psc_delta", params=params, initial={"V_m": Uniform(-70.0, -56.0)})
    excite = brain_port(p, "rate", writes=True, weight=weight_mv)
    inhibit = brain_port(p, "rate", writes=True, per="population", weight=-weight_mv)
    brain = NestBrain()
    options = BrainOptions(resolution_ms=0.01)
    brain.prepare(Network("n", [p]), [excite, inhibit], [brain_port(p, "count", writes=False)], 5, options)
    brain.write(excite.port.name, np.array([(total_hz + difference_hz) / 2]))
    brain.write(inhibit.port.name, np.array([(total_hz - difference_hz) / 2]))
    brain.advance(100 * MS)
    brain.advance(1100 * MS)
    rate_hz = float(np.asarray(brain.read("p.count"))[0]) / 100
    brain.close()
    assert rate_hz > 1
    assert rate_hz == pytest.approx(siegert_hz(mean_mv, sd_mv), rel=0.067)
