"""The way from the cerebellum to the cord: currents as stated, channels apart, silence at rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sherrington.brain.distributions import Lognormal
from sherrington.brain.engine import BrainOptions, brain_port
from sherrington.brain.models.mouse import red_nucleus as rubral
from sherrington.brain.models.mouse.cerebellum import cerebellum
from sherrington.brain.models.mouse.region import Region, network
from sherrington.brain.models.spinal_cord import TAU_EXCITATORY_MS, spinal_cord
from sherrington.brain.nest import NestBrain
from sherrington.brain.network import Network, Population, Projection
from sherrington.brain.rules import FixedIndegree
from sherrington.errors import NetworkError

ZONES = ("right", "left")
MUSCLES = tuple(spinal_cord().population("MN").channels)
MS = 1_000_000


def current_pA_per_hz(projection: Projection) -> float:
    """Mean current into a target for each Hz of the sources."""
    assert isinstance(projection.weight, Lognormal) and isinstance(projection.rule, FixedIndegree)
    return projection.weight.mean * projection.rule.indegree * TAU_EXCITATORY_MS / 1000


@pytest.mark.parametrize("scale", [0.003, 0.01])
def test_the_currents_do_not_depend_on_the_size_of_the_module(scale: float) -> None:
    module = cerebellum("CB_M1", scale=scale, zones=ZONES)
    found = list(rubral.cerebello_rubral(module, rubral.red_nucleus(ZONES)))
    assert [(p.source, p.target) for p in found] == [(f"CB_M1_VN/{z}", f"RN/{z}") for z in ZONES]
    assert [current_pA_per_hz(p) for p in found] == pytest.approx([rubral.GAIN_PA_PER_HZ] * 2)


def test_a_push_reaches_its_muscles_and_their_ia_interneurons() -> None:
    pushes = {"left": {"subscapularis": 80.0, "biceps_long": 0.0}, "right": {"infraspinatus": 200.0}}
    found = list(rubral.rubrospinal(rubral.red_nucleus(ZONES), MUSCLES, pushes))
    currents = {(p.source, p.target): rubral.PUSH_HZ * current_pA_per_hz(p) for p in found}
    assert currents == pytest.approx(
        {
            ("RN/left", "MN/subscapularis"): 80.0,
            ("RN/left", "IaIN/subscapularis"): 40.0,
            ("RN/right", "MN/infraspinatus"): 200.0,
            ("RN/right", "IaIN/infraspinatus"): 100.0,
        }
    )


def test_a_command_reaches_all_channels() -> None:
    found = rubral.commanded("premotor/pull", 40, rubral.red_nucleus(ZONES))
    assert (found.source, found.target) == ("premotor/pull", "RN")
    assert current_pA_per_hz(found) == pytest.approx(rubral.COMMAND_PA_PER_HZ)


def test_cells_go_with_the_scale_down_to_the_fewest() -> None:
    sizes = [rubral.red_nucleus(ZONES, scale=scale).populations[0].size for scale in (2.0, 1.0, 0.01)]
    assert sizes == [160, 80, 40]


@pytest.mark.parametrize(
    ("pushes", "words"),
    [
        ({"up": {}}, "no channel 'up' in RN; there are: right, left"),
        ({"left": {"wing": 1.0}}, "'left': no muscle 'wing'"),
        ({"left": {"biceps_long": -1.0}}, "-1 pA for 'biceps_long'; a push is not negative"),
    ],
)
def test_pushes_that_it_refuses(pushes: dict[str, dict[str, float]], words: str) -> None:
    with pytest.raises(NetworkError, match=words):
        list(rubral.rubrospinal(rubral.red_nucleus(ZONES), MUSCLES, pushes))


def test_channels_that_it_refuses() -> None:
    with pytest.raises(NetworkError, match="name each once"):
        rubral.red_nucleus(("left", "left"))
    module = cerebellum("CB_M1", scale=0.003, zones=ZONES)
    with pytest.raises(NetworkError, match="no microzone 'up'; there are: right, left"):
        list(rubral.cerebello_rubral(module, rubral.red_nucleus(("up",))))


def rates_hz(nucleus_hz: dict[str, float], command_hz: float) -> dict[str, float]:
    """Rates of the rubral channels over a second: nuclear cells and command are Poisson trains."""
    channels = dict.fromkeys(ZONES, 40)
    module = Region("CB_M1", (Population("CB_M1_VN", 80, "parrot_neuron", channels=channels),))
    command = Population("command", 40, "parrot_neuron")
    cells = rubral.red_nucleus(ZONES)
    between = [*rubral.cerebello_rubral(module, cells), rubral.commanded("command", 40, cells)]
    whole: Network = network("rubral", [module, Region("M1", (command,)), cells], between)
    inputs = [brain_port(p, "rate", writes=True, per="channel") for p in (*module.populations, command)]
    counts = brain_port(cells.populations[0], "count", writes=False, per="channel")
    brain: Any = NestBrain()
    try:
        brain.prepare(whole, tuple(inputs), (counts,), 3, BrainOptions(resolution_ms=0.5))
        brain.write(inputs[0].port.name, np.array([nucleus_hz[zone] for zone in ZONES]))
        brain.write(inputs[1].port.name, np.array([command_hz]))
        brain.advance(200 * MS)
        brain.read(counts.port.name)
        total = np.zeros(len(ZONES))
        for step in range(1, 11):
            brain.advance((200 + 100 * step) * MS)
            total += brain.read(counts.port.name)
    finally:
        brain.close()
    return dict(zip(ZONES, (total / 40).tolist(), strict=True))


def test_it_fires_when_both_the_command_and_its_own_zone_ask_for_it() -> None:
    rest, learned = {"right": 45.0, "left": 45.0}, {"right": 38.0, "left": 56.0}
    still = rates_hz(rest, 0.0)
    alone = rates_hz(learned, 0.0)
    both = rates_hz(learned, 70.0)
    assert max(still.values()) < 6.0
    assert both["left"] > 30.0
    assert both["left"] > 2 * alone["left"] and both["left"] > 2 * both["right"]
