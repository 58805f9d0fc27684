"""One area in open loop: every projection replaced by trains at given rates, so that each population stands alone.

Neurons are those of the area at full density (``iaf_cond_alpha``), integrated here. A projection with K inputs of rate
r brings K r jumps per second; their sum over a step is drawn from a normal distribution with the mean and variance of
that. The background train is drawn as such. numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from sherrington.brain.models.mouse.cortex import (
    C_M_PF,
    LN_STD,
    NEURON,
    REST_MV,
    TAU_M_MS,
    Area,
    Calibration,
    cell_type,
    is_excitatory,
)
from sherrington.brain.network import Background

Floats = NDArray[np.float64]
STEP_MS = 0.1
SETTLED_MS = 200.0
LONGEST_STEP = 1.5
"""Of a correction in ``log`` of the rate."""


class OpenLoop:
    """An area at full density. drive_nS, leak_nS: shape (n_populations,); inputs: (n_populations, 4), mean and variance
    per second of the excitatory conductance's jumps, then of the inhibitory one's, nS and nS^2."""

    def __init__(
        self,
        area: str,
        calibrated: Calibration,
        rates_hz: Mapping[str, float],
        *,
        sheet_mm: tuple[float, float] = (1.0, 1.0),
        trains: Iterable[Background] = (),
    ) -> None:
        """rates_hz: of the populations. trains: what else reaches them, such as other regions."""
        self.area = Area(area, calibrated, 1.0, sheet_mm)
        self.names = list(self.area.patches)
        self.rates_hz = np.array([rates_hz[name] for name in self.names])
        self.leak_nS = np.array([C_M_PF / TAU_M_MS.get(cell_type(name), 20.0) for name in self.names])
        printed = self.area.table["populations"]
        self.drive_nS = np.array([printed[name]["drive_nS"] for name in self.names])
        self.inputs = np.zeros((len(self.names), 4))
        for source, target, probability, sigma_mm in self.area.table["connections"]:
            weight = abs(self.area.weight_nS(source, target))
            jumps = self.area.indegree(source, target, probability, sigma_mm) * rates_hz[source]
            varied = math.exp(LN_STD**2) if is_excitatory(source) and is_excitatory(target) else 1.0
            first = 0 if is_excitatory(source) else 2
            row = self.inputs[self.names.index(target)]
            row[first : first + 2] += jumps * weight, jumps * weight**2 * varied
        for train in trains:
            row = self.inputs[self.names.index(train.population.removeprefix(f"{area}_"))]
            first = 0 if train.weight > 0 else 2
            row[first : first + 2] += train.rate_hz * abs(train.weight), train.rate_hz * train.weight**2

    def drives_hz(self, rng: np.random.Generator, *, levels: int = 8, copies: int = 10) -> dict[str, float]:
        """The rate of each population's background train at which it fires at its given rate: three sweeps, each around
        the answer of the last."""
        low, high = np.full(len(self.names), 100.0), np.full(len(self.names), 6000.0)
        for sweep in range(3):
            drives = np.geomspace(low, high, levels, axis=1)
            rates = self._rates(np.repeat(drives, copies, axis=1), 1.0 + 0.5 * sweep, rng)
            rates = np.maximum.accumulate(rates.reshape(len(self.names), levels, copies).mean(2), axis=1)
            found = np.array(
                [np.exp(np.interp(self.rates_hz[i], r, np.log(drives[i]))) for i, r in enumerate(rates)]
            )
            span = (high / low) ** (1.5 / (levels - 1))
            low, high = found / span, found * span
        return dict(zip(self.names, found.tolist(), strict=True))

    def gains(self, drives_hz: Mapping[str, float], rng: np.random.Generator, *, copies: int = 300) -> Floats:
        """By how many Hz the rate of each population (row) changes per Hz of each source (column)."""
        drives = np.repeat(np.array([drives_hz[name] for name in self.names])[:, None], copies, axis=1)
        slopes = []
        for column, change_nS, tau_ms in ((0, 0.6, NEURON["tau_syn_ex"]), (2, 1.5, NEURON["tau_syn_in"])):
            jumps = np.zeros(4)
            jumps[column] = change_nS / (math.e * tau_ms * 1e-3)
            up, down = (self._rates(drives, 1.0, rng, jumps * sign).mean(1) for sign in (1, -1))
            slopes.append((up - down) / (2 * jumps[column]))
        gains = np.zeros((len(self.names), len(self.names)))
        for source, target, probability, sigma_mm in self.area.table["connections"]:
            row, column = self.names.index(target), self.names.index(source)
            jumps_nS = self.area.indegree(source, target, probability, sigma_mm) * abs(
                self.area.weight_nS(source, target)
            )
            gains[row, column] = jumps_nS * slopes[0 if is_excitatory(source) else 1][row]
        return gains

    def excitatory_gain(self, gains: Floats) -> float:
        """Largest eigenvalue of the excitatory populations' gains among each other: below 1, activity dies out without
        inhibition having to be faster than excitation."""
        chosen = [index for index, name in enumerate(self.names) if is_excitatory(name)]
        return float(np.linalg.eigvals(gains[np.ix_(chosen, chosen)]).real.max())

    def _rates(
        self, drives_hz: Floats, seconds: float, rng: np.random.Generator, more: Floats | None = None
    ) -> Floats:
        """Hz of neurons with these background rates, shape (n_populations, n), counted after 200 ms."""
        h = STEP_MS / 1000
        inputs = self.inputs if more is None else self.inputs + more
        mean, std = inputs[:, None, 0::2] * h, np.sqrt(inputs[:, None, 1::2] * h)
        leak, drive = self.leak_nS[:, None], self.drive_nS[:, None]
        taus = np.array([NEURON["tau_syn_ex"], NEURON["tau_syn_in"]])
        decay, peak = np.exp(-STEP_MS / taus), math.e / taus
        shape = drives_hz.shape
        g, slope = np.zeros((*shape, 2)), np.zeros((*shape, 2))
        potential = rng.uniform(NEURON["V_reset"], NEURON["V_th"], shape)
        refractory, count = np.zeros(shape, np.int64), np.zeros(shape)
        n_steps, first = round(seconds / h), round(SETTLED_MS / STEP_MS)
        for step in range(first + n_steps):
            jumps = mean + std * rng.standard_normal(g.shape)
            jumps[..., 0] += drive * rng.poisson(drives_hz * h)
            g, slope = decay * (g + STEP_MS * slope), decay * slope + jumps * peak
            total = leak + g.sum(-1)
            rest = (leak * REST_MV + g[..., 0] * NEURON["E_ex"] + g[..., 1] * NEURON["E_in"]) / total
            potential = rest + (potential - rest) * np.exp(-STEP_MS * total / C_M_PF)
            potential[refractory > 0] = NEURON["V_reset"]
            refractory -= 1
            fired = potential >= NEURON["V_th"]
            potential[fired] = NEURON["V_reset"]
            refractory[fired] = round(NEURON["t_ref"] / STEP_MS)
            if step >= first:
                count += fired
        return count / seconds
