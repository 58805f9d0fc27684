"""Pathways that read or write some entries of a body's port, and delays given as a nerve."""

from __future__ import annotations

import numpy as np
import pytest
from loop_rig import MakeRig

from sherrington.errors import ExperimentError

FUNCTIONS = """
@transfer(inputs={"length": "m"}, outputs={"share": "1"})
def share(length, *, value=0.25):
    CALLS.append(length.copy())
    return np.full(1, value)
"""


def muscle(name: str, value: float, *, read: str = "extensor", **keys: object) -> dict[str, object]:
    return {
        "function": "control.py:share",
        "inputs": {"length": {"port": "body.muscle_length", "only": [read]}},
        "outputs": {"share": {"port": "body.muscle_excitation", "only": [name]}},
        "params": {"value": value},
        **keys,
    }


def test_two_pathways_write_to_two_muscles(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, {"one": muscle("extensor", 0.75), "two": muscle("flexor", 0.25)}).run()
    np.testing.assert_array_equal(made.body._held[:2], [0.25, 0.75])  # type: ignore[attr-defined]
    assert made.recorder.store is not None
    run = made.recorded()
    assert run.signal("pathway.one.share")[1].shape == (20, 1)


def test_what_is_read_is_the_entry_named(rig: MakeRig) -> None:
    made = rig(FUNCTIONS, {"one": muscle("extensor", 0.9)}).run()
    first, last = made.calls("one")[0], made.calls("one")[-1]
    assert first.shape == (1,)
    both = made.body.read("muscle_length")
    assert last[0] == pytest.approx(both[1], rel=1e-2)
    assert abs(last[0] - both[0]) > abs(last[0] - both[1])


def test_one_entry_from_two_pathways_adds_up(rig: MakeRig) -> None:
    both = {"one": muscle("flexor", 0.5), "two": muscle("flexor", 0.25)}
    made = rig(FUNCTIONS, both).run()
    np.testing.assert_array_equal(made.body._held[:2], [0.75, 0.0])  # type: ignore[attr-defined]


def test_names_that_do_not_exist_are_refused(rig: MakeRig) -> None:
    with pytest.raises(ExperimentError, match="the body has no 'biceps' among its muscles") as error:
        rig(FUNCTIONS, {"one": muscle("biceps", 0.5)})
    assert "there are: flexor, extensor" in str(error.value)


def test_a_port_of_the_brain_has_channels_instead(rig: MakeRig) -> None:
    with pytest.raises(ExperimentError, match="only has no meaning for 'rate' written"):
        twice = {
            "function": "control.py:share",
            "inputs": {"length": "body.muscle_length"},
            "outputs": {"share": {"port": "brain.drive.rate", "only": ["flexor"]}},
        }
        rig(FUNCTIONS, {"one": twice})


@pytest.mark.parametrize(("length_m", "delay_ms"), [(0.06, 1.0), (0.3, 6.0), (0.33, 7.0), (0.001, 1.0)])
def test_a_nerve_delays_by_its_length_over_its_velocity(
    rig: MakeRig, length_m: float, delay_ms: float
) -> None:
    nerve = {"length_m": length_m, "velocity_m_per_s": 50.0}
    made = rig(FUNCTIONS, {"one": muscle("flexor", 0.5, conduction=nerve)})
    assert made.resolved.pathways[0].delay_ns == round(delay_ms * 1e6)


def test_a_delay_given_twice_is_refused(rig: MakeRig) -> None:
    nerve = {"length_m": 0.1, "velocity_m_per_s": 50.0}
    with pytest.raises(ExperimentError, match="the delay is given twice"):
        rig(FUNCTIONS, {"one": muscle("flexor", 0.5, conduction=nerve, delay_ms=2.0)})
