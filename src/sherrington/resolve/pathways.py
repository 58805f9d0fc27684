"""Pathways: their functions, their ports at brain and body, their delays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..body.model import BodyModel
from ..brain.network import Network
from ..clock import NS_PER_S, format_ms
from ..ports import SPIKES_UNIT
from ..resolved import Endpoint, ResolvedPathway, ResolvedTask
from ..sections import Pathway, Reference
from ..transfer.function import ANY, Transfer
from ..transfer.shipped import SHIPPED as SHIPPED_FUNCTIONS
from .findings import Findings
from .parameters import check_parameters
from .ports import Ports


@dataclass
class Pathways:
    """Resolves the pathways of one experiment. network, body: None where they are not known."""

    findings: Findings
    network: Network | None
    body: BodyModel | None
    interval_ns: int
    task: ResolvedTask | None = None

    def __post_init__(self) -> None:
        self.ports = Ports(self.findings, self.network, self.body, self.task)

    def resolve(self, name: str, p: Pathway) -> ResolvedPathway | None:
        """The pathway with everything found, or None when that is not possible."""
        key = f"pathways.{name}"
        delay_ns = self._delay_ns(key, p)
        interval_ns = self.interval_ns
        if p.interval_ms is not None:
            interval_ns = self.findings.multiple(f"{key}.interval_ms", p.interval_ms, self.interval_ns)
        transfer = self._transfer(key, p)
        if transfer is None:
            return None
        inputs = self._ends(f"{key}.inputs", p.inputs, transfer.inputs, writes=False)
        outputs = self._ends(f"{key}.outputs", p.outputs, transfer.outputs, writes=True)
        noise_std = p.noise.std if p.noise else 0.0
        resolved = ResolvedPathway(
            name, transfer, inputs, outputs, p.params, delay_ns, interval_ns, p.gain, noise_std
        )
        self._check_parameters(key, resolved, p)
        if not outputs:
            return None
        self._check_outputs(key, resolved, p)
        self._check_pipelining(key, resolved)
        return resolved

    def _delay_ns(self, key: str, p: Pathway) -> int:
        if p.conduction is None:
            return self.findings.multiple(f"{key}.delay_ms", p.delay_ms, self.interval_ns)
        if "delay_ms" in p.model_fields_set:
            self.findings.add(
                f"{key}.delay_ms", "the delay is given twice", "remove it, or remove conduction"
            )
        if not self.interval_ns:
            return 0
        seconds = p.conduction.length_m / p.conduction.velocity_m_per_s
        return max(1, round(seconds * NS_PER_S / self.interval_ns)) * self.interval_ns

    def _transfer(self, key: str, p: Pathway) -> Transfer | None:
        function = self.findings.function(
            "transfer function", f"{key}.function", p.function, SHIPPED_FUNCTIONS
        )
        declared: Transfer | None = getattr(function, "__transfer__", None)
        if function is not None and declared is None:
            self.findings.add(
                f"{key}.function",
                f"'{p.function}' does not declare its ports",
                "put @transfer(inputs={...}, outputs={...}) from sherrington above it",
            )
        return declared

    def _check_parameters(self, key: str, resolved: ResolvedPathway, p: Pathway) -> None:
        transfer = resolved.transfer
        right = check_parameters(
            self.findings, f"{key}.params", p.function, transfer.call, transfer.parameters, p.params
        )
        n_channels = self.ports.size(resolved.outputs[0]) if resolved.outputs else 0
        if right and transfer.stateful and n_channels:
            self.findings.call(f"{key}.params", p.function, lambda: transfer.make(p.params, n_channels))

    def _ends(
        self, key: str, given: Mapping[str, str | Reference], declared: Mapping[str, str], *, writes: bool
    ) -> tuple[Endpoint, ...]:
        """The ends that the function declares, in its order."""
        what = "output" if writes else "input"
        for name in given:
            if name not in declared:
                message = f"the function declares no {what} '{name}'"
                self.findings.unknown(f"{key}.{name}", message, name, tuple(declared))
        ends = []
        for name, unit in declared.items():
            if name not in given:
                message = f"the {what} '{name}'{'' if unit == ANY else f' ({unit})'} is not connected"
                self.findings.add(key, message, f"add '{name}: body.QUANTITY or brain.POPULATION.QUANTITY'")
                continue
            end = self.ports.end(f"{key}.{name}", given[name], writes=writes)
            if end is not None:
                self._check_unit(f"{key}.{name}", end, unit)
                ends.append(end)
        return tuple(ends)

    def _check_unit(self, key: str, end: Endpoint, declared: str) -> None:
        port = f"{end.side}.{end.port}"
        if declared == SPIKES_UNIT != end.unit:
            message = f"the function declares spikes but {port} carries numbers"
            self.findings.add(key, message, "connect brain.POPULATION.spikes")
        elif end.unit == SPIKES_UNIT != declared:
            message = f"the function declares numbers but {port} carries spikes"
            self.findings.add(key, message, "connect a port that carries numbers, such as .count or .rate")
        elif ANY not in (declared, end.unit) and declared != end.unit:
            self.findings.add(
                key,
                f"the function declares {_unit(declared)} but {port} is {_in(end.unit)}",
                "connect a port of that unit, or convert in a function of your own",
            )

    def _check_outputs(self, key: str, resolved: ResolvedPathway, p: Pathway) -> None:
        if len({end.side for end in resolved.outputs}) > 1:
            remedy = "make it two pathways, one for each side"
            self.findings.add(f"{key}.outputs", "ends at both brain and body", remedy)
        if any(end.unit == SPIKES_UNIT for end in resolved.outputs):
            for name in ("gain", "noise"):
                if name in p.model_fields_set:
                    message = f"{name} has no meaning for spikes, which are not numbers"
                    self.findings.add(f"{key}.{name}", message, "remove it, or let the function give a rate")

    def _check_pipelining(self, key: str, pathway: ResolvedPathway) -> None:
        mode = self.findings.source.experiment.loop.mode
        if mode != "pipelined" or not pathway.is_motor or pathway.delay_ns >= self.interval_ns:
            return
        interval = format_ms(self.interval_ns)
        self.findings.add(
            f"{key}.delay_ms",
            f"its delay ({format_ms(pathway.delay_ns)}) is shorter than the exchange interval ({interval}), so brain "
            f"and body cannot run at the same time",
            f"use a delay of at least {interval}, a shorter loop.interval_ms, or loop.mode: lockstep",
        )


def _unit(unit: str) -> str:
    return "a pure number" if unit == "1" else unit


def _in(unit: str) -> str:
    return "a pure number" if unit == "1" else f"in {unit}"
