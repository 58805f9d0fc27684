"""Trials in the loop: cues reach a pathway, forces the body, the body is put back, and the run ends after the last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loop_rig import MakeRig, Rig, build_rig, write_experiment

from sherrington.errors import ExperimentError, RunError
from sherrington.loop.schedule import describe
from sherrington.resolve import open_experiment

TASK = """
import math
import numpy as np
from sherrington.task import Cue, Ended, Step


class Beat:
    # Ends after `cycles` steps; cue and torque tell trial and cycle; the condition is drawn from the trial's stream.
    def __init__(self, *, cycles=4, torque=0.0):
        self.cycles, self.torque = cycles, torque
        self.cues = {"beat": Cue("1", ("trial", "cycle"))}
        self.reads = ("joint_angle",)
        self.forces = ("joint_torque",)
        self.seen = []

    def check(self, body):
        pass

    def begin(self, rng, trial):
        self.trial, self.cycle = trial, 0
        return {"drawn": float(rng.random())}

    def step(self, time_s, body):
        angle = float(body["joint_angle"].of("hinge"))
        self.cycle += 1
        cues = {"beat": np.array([float(self.trial + 1), float(self.cycle)])}
        forces = {"joint_torque": {"hinge": self.torque * self.cycle}}
        if self.cycle < self.cycles:
            return Step(cues, forces)
        done = Ended("done", self.trial % 2 == 0, 0.25 * self.trial, {"angle_rad": angle, "time_s": time_s})
        return Step(cues, forces, reward=2.0, ended=done)
"""
FUNCTIONS = """
@transfer(inputs={"beat": "1", "reward": "1"}, outputs={"rate": "Hz"})
def listen(beat, reward):
    CALLS.append((beat.tolist(), reward.tolist()))
    return np.array([beat[0], 10 * reward[0]])

@transfer(inputs={"beat": "1"}, outputs={"torque": "N*m"})
def straight(beat):
    return np.array([1e-6 * beat[0]])

@transfer(inputs={"counts": "1", "beat": "1"}, outputs={"torque": "N*m"})
def twist(counts, beat):
    CALLS.append(beat.tolist())
    return np.array([1e-6])
"""
LISTEN = {
    "listen": {
        "function": "control.py:listen",
        "inputs": {"beat": "task.beat", "reward": "task.reward"},
        "outputs": {"rate": "brain.sense.rate"},
    }
}
TWIST = {
    "twist": {
        "function": "control.py:twist",
        "inputs": {"counts": "brain.drive.count", "beat": "task.beat"},
        "outputs": {"torque": "body.joint_torque"},
        "delay_ms": 1.0,
    }
}
MODES = ["lockstep", "pipelined"]


def make(
    folder: Path, pathways: dict[str, Any], task: dict[str, Any], text: str = TASK, **sections: Any
) -> Rig:
    write_experiment(folder, FUNCTIONS, pathways, task={"name": "own.py:Beat", **task}, **sections)
    (folder / "own.py").write_text(text, encoding="utf-8")
    return build_rig(folder)


def torques(made: Rig) -> np.ndarray[Any, Any]:
    return np.array(list(made.body.torques.values()))  # type: ignore[attr-defined]


def test_cues_and_reward_reach_a_pathway_in_their_cycle(tmp_path: Path) -> None:
    made = make(tmp_path / "a", LISTEN, {"trials": 2, "pause_ms": 3.0, "params": {"cycles": 3}}).run()
    first = [([1.0, 1.0], [0.0]), ([1.0, 2.0], [0.0]), ([1.0, 3.0], [2.0])]
    pause = [([0.0, 0.0], [0.0])] * 2
    second = [([2.0, 1.0], [0.0]), ([2.0, 2.0], [0.0]), ([2.0, 3.0], [2.0])]
    assert made.calls("listen") == [*first, *pause, *second]
    made.loop.close()


def test_the_run_ends_with_its_last_trial(tmp_path: Path) -> None:
    made = make(tmp_path / "a", LISTEN, {"trials": 3, "params": {"cycles": 2}}).run()
    assert made.loop.now_ns == 6_000_000 and made.loop.trials_done and not made.loop.stopped_because
    made.loop.run()
    assert made.loop.now_ns == 6_000_000, "a finished run goes no further"


def test_without_a_number_trials_fill_the_run(tmp_path: Path) -> None:
    made = make(tmp_path / "a", LISTEN, {"params": {"cycles": 6}}).run()
    rows = made.loop.wiring.trials.rows  # type: ignore[union-attr]
    assert made.loop.now_ns == 20_000_000 and not made.loop.trials_done
    assert [(row["trial"], row["start_ms"], row["end_ms"]) for row in rows] == [
        (0, 0, 5),
        (1, 6, 11),
        (2, 12, 17),
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pathways", [LISTEN, LISTEN | TWIST], ids=["alone", "with a pathway"])
def test_forces_of_task_and_perturbation_add_up(tmp_path: Path, mode: str, pathways: dict[str, Any]) -> None:
    push = {"name": "p", "at_ms": 2, "duration_ms": 4, "joint_torque_Nm": {"hinge": 1e-4}}
    task = {"trials": 2, "pause_ms": 4.0, "params": {"cycles": 3, "torque": 1e-5}}
    made = make(tmp_path / "a", pathways, task, loop={"mode": mode}, perturbations=[push]).run()
    expected = np.array([1e-5, 2e-5, 3e-5, 0, 0, 0, 1e-5, 2e-5, 3e-5])
    expected[2:6] += 1e-4
    expected[1:] += 1e-6 if "twist" in pathways else 0.0
    np.testing.assert_allclose(torques(made), expected, atol=1e-18)
    made.loop.close()


def test_a_perturbation_outlives_the_reset_of_the_body(tmp_path: Path) -> None:
    push = {"name": "p", "at_ms": 0, "duration_ms": 10, "joint_torque_Nm": {"hinge": 1e-4}}
    made = make(tmp_path / "a", LISTEN, {"params": {"cycles": 2}}, perturbations=[push]).run()
    np.testing.assert_allclose(torques(made), [1e-4] * 10 + [0.0] * 10)


@pytest.mark.parametrize("reset, starts", [("each_trial", True), ("never", False)])
def test_the_body_is_put_back_before_each_trial(tmp_path: Path, reset: str, starts: bool) -> None:
    task = {"trials": 3, "reset": reset, "params": {"cycles": 5, "torque": 1e-5}}
    made = make(tmp_path / "a", LISTEN, task)
    angles: list[float] = []
    made.loop.observers = (lambda loop: angles.append(float(made.body.read("joint_angle")[0])),)
    made.run()
    assert made.body.now_ns == made.loop.now_ns == 15_000_000
    assert (angles[0:5] == angles[5:10] == angles[10:15]) == starts
    assert angles[4] != 0.0


@pytest.mark.parametrize("mode", MODES)
def test_same_seed_same_run(tmp_path: Path, mode: str) -> None:
    """Twice, and without a recorder: the same; another seed: other conditions."""
    rows = []
    for name, seed, recorded in (("a", 3, True), ("b", 3, True), ("c", 3, False), ("d", 4, True)):
        task = {"trials": 3, "pause_ms": 1.0, "params": {"torque": 1e-5}}
        made = make(tmp_path / name, LISTEN | TWIST, task, seed=seed, loop={"mode": mode})
        made.loop.observers = made.loop.observers if recorded else ()
        made.run()
        rows.append(list(made.loop.wiring.trials.rows))  # type: ignore[union-attr]
        made.loop.close()
    assert rows[0] == rows[1] == rows[2]
    assert len({row["drawn"] for row in rows[0]}) == 3
    assert all(a["drawn"] != b["drawn"] for a, b in zip(rows[0], rows[3], strict=True))


def test_pipelined_is_lockstep(tmp_path: Path) -> None:
    found = []
    for mode in MODES:
        task = {"trials": 4, "params": {"torque": 1e-5}}
        made = make(tmp_path / mode, LISTEN | TWIST, task, loop={"mode": mode}).run()
        run = made.recorded()
        found.append(
            (run.trials, run.signal("body.joint_angle")[1], run.signal("task.beat")[1], made.calls("twist"))
        )
        made.loop.close()
    (rows, angles, beats, calls), (rows2, angles2, beats2, calls2) = found
    assert rows == rows2 and calls == calls2
    np.testing.assert_array_equal(angles, angles2)
    np.testing.assert_array_equal(beats, beats2)


def test_cues_are_recorded_and_trials_are_read_back(tmp_path: Path) -> None:
    made = make(tmp_path / "a", LISTEN, {"trials": 3, "params": {"cycles": 2}}).run()
    run = made.recorded()
    assert run.unit("task.beat") == "1" and run.order("task.beat") == ("trial", "cycle")
    np.testing.assert_array_equal(run.signal("task.beat", "cycle")[1], [1, 2, 1, 2, 1, 2])
    np.testing.assert_array_equal(run.signal("task.reward")[1][:, 0], [0, 2, 0, 2, 0, 2])
    assert run.trials == made.loop.wiring.trials.rows  # type: ignore[union-attr]
    assert [row["success"] for row in run.trials] == [True, False, True]


def test_rows_are_on_disk_as_soon_as_the_trial_has_ended(tmp_path: Path) -> None:
    made = make(tmp_path / "a", LISTEN, {"params": {"cycles": 3}}).run(until_ns=4_000_000)
    assert len((made.folder / "trials.csv").read_text(encoding="utf-8").splitlines()) == 2


def test_only_the_signals_asked_for(tmp_path: Path) -> None:
    record = {"signals": ["task.reward"]}
    made = make(tmp_path / "a", LISTEN, {"trials": 1}, record=record).run()
    assert list(made.recorded().signals) == ["task.reward"]


def test_a_slow_pathway_gets_every_reward(tmp_path: Path) -> None:
    slow = {"listen": {**LISTEN["listen"], "interval_ms": 5.0}}
    made = make(tmp_path / "a", slow, {"params": {"cycles": 2}}).run()
    assert [reward for _, reward in made.calls("listen")] == [[0.0], [6.0], [4.0], [6.0]]


def test_entries_of_a_cue(tmp_path: Path) -> None:
    inputs = {"beat": {"port": "task.beat", "only": ["trial"]}}
    some = {
        "s": {"function": "control.py:straight", "inputs": inputs, "outputs": {"torque": "body.joint_torque"}}
    }
    made = make(tmp_path / "a", some, {"trials": 2, "params": {"cycles": 2}}).run()
    np.testing.assert_allclose(torques(made), [1e-6, 1e-6, 2e-6, 2e-6])


def test_the_schedule_names_the_task(tmp_path: Path) -> None:
    made = make(tmp_path / "a", LISTEN, {})
    assert "body.joint_angle -> task own.py:Beat -> task.beat, task.reward, body.joint_torque" in describe(
        made.resolved
    )


# --- tasks that do something wrong ------------------------------------------------------------------------

FAULTS = {
    "return Step(cues, forces)": {
        "return None": "returned NoneType from step",
        "return Step({'beep': np.ones(1)})": "gave a cue 'beep' that it does not declare; there are: beat",
        "return Step({'beat': np.ones(3)})": "the cue 'beat' an impossible value: expected shape (2,)",
        "return Step({'beat': np.array([1.0, np.nan])})": "not a finite number in channel 'cycle'",
        "return Step(reward=math.nan)": "a reward or a score that is not a finite number",
        "return Step(forces={'body_force': {}})": "pushes 'body_force', which is not among its forces",
        "return Step(forces={'joint_torque': {'knee': 1.0}})": "pushes 'knee' by joint_torque; there are: hinge",
        "return Step(forces={'joint_torque': {'hinge': [1.0, 2.0]}})": "give a number in N*m",
        "return 1 / 0": "raised ZeroDivisionError in step: division by zero",
    },
    'return {"drawn": float(rng.random())}': {
        "return 3": "returned int from begin",
        "return {'score': 1.0}": "names score twice",
        "return {str(trial): 1.0}": "for trial 0; give the same names in every trial",
    },
    '{"angle_rad": angle, "time_s": time_s}': {
        "{'word': 'x'}": "gave the measure 'word' = 'x'; give a number"
    },
}


@pytest.mark.parametrize(
    "right, wrong, words", [(r, w, words) for r, cases in FAULTS.items() for w, words in cases.items()]
)
def test_faults_stop_the_run_and_are_named(tmp_path: Path, right: str, wrong: str, words: str) -> None:
    assert right in TASK
    made = make(tmp_path / "a", LISTEN, {}, TASK.replace(right, wrong))
    with pytest.raises(RunError, match=re.escape(words)) as error:
        made.run()
    assert re.search(r"task 'own.py:Beat' .*\n    at \d+ ms, in trial \d", str(error.value))


def problems(tmp_path: Path, task: dict[str, Any], text: str = TASK, **sections: Any) -> str:
    folder = tmp_path / "wrong"
    write_experiment(folder, FUNCTIONS, LISTEN, task={"name": "own.py:Beat", **task}, **sections)
    (folder / "own.py").write_text(text, encoding="utf-8")
    with pytest.raises(ExperimentError) as error:
        open_experiment(folder)
    return str(error.value)


@pytest.mark.parametrize(
    "right, wrong, words",
    [
        ("def step", "def walk", "makes a Beat, which is no task: it lacks step"),
        ('{"beat": Cue("1", ("trial", "cycle"))}', "{'beat': 1}", "declares the cue 'beat' as 1"),
        ('self.reads = ("joint_angle",)', "self.reads = ('joint_angel',)", "did you mean 'joint_angle'?"),
        ('self.reads = ("joint_angle",)', "self.reads = ('muscle_lenght',)", "reads 'muscle_lenght'"),
        ('self.forces = ("joint_torque",)', "self.forces = ('motor_control',)", "pushes 'motor_control'"),
    ],
)
def test_classes_that_are_no_task(tmp_path: Path, right: str, wrong: str, words: str) -> None:
    assert right in TASK
    assert words in problems(tmp_path, {}, TASK.replace(right, wrong))


def test_an_engine_without_what_the_task_reads(rig: MakeRig) -> None:
    from sherrington.errors import PortError

    with pytest.raises(PortError, match="which this body does not have; there are: muscle_length"):
        rig(FUNCTIONS, {}, task={"name": "reach", "params": {"site": "tip"}})
