"""Stimulate, silence and lesion a population while NEST runs.

stimulate: the current is added to the neurons' own constant current ``I_e``; it acts from the next step on.
silence: the threshold ``V_th`` is raised out of reach (``aeif_*``: ``V_peak`` with it; ``gif_*``: the hazard
``lambda_0`` set to zero), so neurons keep integrating; on restoring, every neuron above its threshold fires in the next
step. Parrots have no threshold: their input ports are muted, which works unless projections or a background drive
them too.
lesion: the nodes are ``frozen``: NEST no longer updates them, so they emit nothing. Spikes that arrive
meanwhile stay in their buffers and would come out at wrong times later, so a lesion cannot be undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from .distributions import Floats
from .engine import Excitability
from .nest_inputs import InputPort
from .nest_kernel import nest, write
from .network import Network, Population

UNREACHABLE_MV = 1e9
PARROTS = ("parrot_neuron", "parrot_neuron_ps")
SILENCED_BY_THRESHOLD = frozenset(
    {
        "eprop_iaf",
        "eprop_iaf_adapt",
        "eprop_iaf_adapt_bsshslm_2020",
        "eprop_iaf_bsshslm_2020",
        "eprop_iaf_psc_delta",
        "eprop_iaf_psc_delta_adapt",
        "iaf_cond_alpha",
        "iaf_cond_beta",
        "iaf_cond_exp",
        "iaf_cond_exp_sfa_rr",
        "iaf_psc_alpha",
        "iaf_psc_alpha_multisynapse",
        "iaf_psc_alpha_ps",
        "iaf_psc_delta",
        "iaf_psc_delta_ps",
        "iaf_psc_exp",
        "iaf_psc_exp_htum",
        "iaf_psc_exp_multisynapse",
        "iaf_psc_exp_ps",
        "iaf_tum_2000",
    }
)
"""Models that were seen to stop at a raised threshold and to come back. A model of an extension module
(NESTML) is trusted to do so if it has a ``V_th``. Not among them: ``izhikevich``, whose potential runs away once its
spike is not cut off, and models without a threshold parameter (``hh_*``)."""
SILENCED_BY_THRESHOLD_AND_PEAK = frozenset(
    {
        "aeif_cond_alpha",
        "aeif_cond_alpha_astro",
        "aeif_cond_alpha_multisynapse",
        "aeif_cond_beta_multisynapse",
        "aeif_cond_exp",
        "aeif_psc_alpha",
        "aeif_psc_delta",
        "aeif_psc_exp",
    }
)
"""The same, where the current that makes a spike depends on ``V_th`` and the spike is seen at ``V_peak``: with both out
of reach neither happens. ``aeif_psc_delta_clopath`` refuses it."""
SILENCED_BY_HAZARD = frozenset(
    {
        "gif_cond_exp",
        "gif_cond_exp_multisynapse",
        "gif_psc_exp",
        "gif_psc_exp_multisynapse",
    }
)


class Excitabilities:
    """The present excitability of every population."""

    def __init__(
        self, network: Network, nodes: Mapping[str, Any], inputs: Sequence[InputPort], seed: int
    ) -> None:
        self._network, self._nodes, self._inputs, self._seed = network, nodes, inputs, seed
        self._now = {name: Excitability() for name in network.populations}

    def set(self, population: str, change: Excitability, now_ns: int) -> None:
        """Apply a change. Nothing has changed when UnsupportedError is raised."""
        described = self._network.population(population)
        before = self._now[population]
        if before.lesioned:
            self._refuse_revival(described, change)
            return
        if change.lesioned:
            write(self._nodes[population], {"frozen": True})
        else:
            self._check(described, before, change)
            if change.current_pA != before.current_pA:
                self._shift(described, {"I_e": change.current_pA})
            if change.silenced != before.silenced:
                self._silence(described, change.silenced, now_ns)
        self._now[population] = change

    def _refuse_revival(self, population: Population, change: Excitability) -> None:
        if not change.lesioned:
            raise UnsupportedError(
                f"population '{population.name}' was lesioned, which lasts for the rest of the run; silence a "
                f"population that is to come back"
            )

    def _check(self, population: Population, before: Excitability, change: Excitability) -> None:
        what = f"population '{population.name}' ({population.model})"
        if change.current_pA != before.current_pA and "I_e" not in nest.GetDefaults(population.model):
            raise UnsupportedError(f"{what} cannot be stimulated: its model has no constant current 'I_e'")
        if change.silenced and not before.silenced:
            reason = self._why_not_silenced(population)
            if reason:
                raise UnsupportedError(f"{what} cannot be silenced: {reason}; it can be lesioned")

    def _why_not_silenced(self, population: Population) -> str:
        if population.model in PARROTS:
            drivers = [p.name for p in self._network.projections if self._hits(p.target, population)]
            if any(self._hits(b.population, population) for b in self._network.backgrounds):
                drivers.append("its background")
            return (
                f"a parrot repeats whatever arrives, and not only ports drive it: {', '.join(drivers)}"
                if drivers
                else ""
            )
        known_means = _means(population.model) is not None
        return "" if known_means else "its model has no threshold that can be raised safely"

    def _hits(self, reference: str, population: Population) -> bool:
        return self._network.resolve(reference)[0] is population

    def _silence(self, population: Population, silenced: bool, now_ns: int) -> None:
        if population.model in PARROTS:
            for port in self._inputs:
                if port.described.population == population.name:
                    port.mute(silenced, now_ns)
            return
        means = _means(population.model)
        assert means is not None  # _check has refused the others
        if silenced:
            write(self._nodes[population.name], means)
        else:
            self._shift(population, dict.fromkeys(means, 0.0))

    def _shift(self, population: Population, amounts: Mapping[str, float]) -> None:
        """Parameters as described, plus an amount each, for every neuron: all at once, as NEST checks them together."""
        nodes = self._nodes[population.name]
        values = {name: self._described(population, name) + amount for name, amount in amounts.items()}
        if all(isinstance(value, float) for value in values.values()):
            write(nodes, values)
        else:
            columns = [np.broadcast_to(value, population.size).tolist() for value in values.values()]
            write(nodes, [dict(zip(values, row, strict=True)) for row in zip(*columns, strict=True)])

    def _described(self, population: Population, parameter: str) -> float | Floats:
        varied = dict(self._network.initial_values(population, self._seed))
        if parameter in varied:
            return varied[parameter]
        default = nest.GetDefaults(population.model)[parameter]
        fixed = {**population.params, **population.initial}.get(parameter, default)
        assert isinstance(fixed, int | float)  # NEST has refused anything else
        return float(fixed)


def _means(model: str) -> dict[str, float] | None:
    """The parameters that silence a model and their values, or nothing."""
    if model in SILENCED_BY_HAZARD:
        return {"lambda_0": 0.0}
    if model in SILENCED_BY_THRESHOLD_AND_PEAK:
        return {"V_th": UNREACHABLE_MV, "V_peak": UNREACHABLE_MV}
    defaults = nest.GetDefaults(model)
    extension = model not in BUILT_IN and "V_th" in defaults and not {"V_peak", "Delta_T"} & set(defaults)
    return {"V_th": UNREACHABLE_MV} if model in SILENCED_BY_THRESHOLD or extension else None


BUILT_IN = frozenset(nest.node_models)
"""Models of NEST itself: this list is made before any extension module is loaded."""
