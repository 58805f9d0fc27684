"""The worked example of docs/tasks.md, with the files as they stand on the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sherrington
from sherrington.experiment import load
from sherrington.resolve import resolve

PAGE = Path(__file__).parents[2] / "docs" / "tasks.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    blocks = re.findall(
        r"```(?:python|yaml)\n# file: (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S
    )
    there = tmp_path / "sides"
    there.mkdir()
    for name, text in blocks:
        (there / name).write_text(text, encoding="utf-8")
    assert len(blocks) == 6
    return there


def test_the_task_on_the_page_can_be_tried_by_hand(folder: Path) -> None:
    in_folder([sys.executable, "try_it.py"], folder)


def test_the_experiment_on_the_page_is_valid(folder: Path) -> None:
    task = resolve(load(folder)).task
    assert task is not None and task.trials == 6 and list(task.cues) == ["side"]


def test_the_check_on_the_page_holds(folder: Path, tmp_path: Path) -> None:
    """In a process of its own: NEST's kernel is one per process."""
    code = (
        "import sys; from pathlib import Path; "
        "from sherrington.request import Request; from sherrington.run import run; "
        "done = run(Request(Path(sys.argv[1]), out=Path(sys.argv[2]))); checks = done.summary['checks']; "
        "assert len(checks) == 2 and all(c['holds'] for c in checks), checks; "
        "assert len(done.trials) == 6 and done.summary['completed'] and done.summary['score'] == 1.0; "
        "assert 'right' in (done.folder / 'report.html').read_text(encoding='utf-8')"
    )
    in_folder([sys.executable, "-c", code, str(folder), str(tmp_path / "runs")], folder)


def test_every_number_of_the_page_is_the_default() -> None:
    """``name`` (number): the defaults that the page tells."""
    from sherrington.task.joystick import Joystick
    from sherrington.task.joystick_field import JoystickField
    from sherrington.task.locomotion_wheel import LocomotionWheel
    from sherrington.task.posture import Posture
    from sherrington.task.reach import Reach

    sections = re.split(r"\n### `(\w+)`", PAGE.read_text(encoding="utf-8").split("## A task of one's own")[0])
    shipped = dict(zip(sections[1::2], sections[2::2], strict=True))
    made = {
        "reach": Reach(),
        "joystick": Joystick(),
        "joystick_field": JoystickField(),
        "posture": Posture(),
        "locomotion_wheel": LocomotionWheel(),
    }
    assert shipped.keys() == made.keys()
    told = [
        (task, name, float(number) * (0.001 if unit else 1.0))
        for task, text in shipped.items()
        for name, number, unit in re.findall(r"`(\w+)` \(([\d.]+)( mm)?[,)]", text)
    ]
    assert len(told) >= 15
    for task, name, number in told:
        assert getattr(made[task], name) == pytest.approx(number), (task, name)


def in_folder(command: list[str], folder: Path) -> None:
    """Run in the experiment's folder, with the package that is being tested."""
    source = str(Path(sherrington.__file__).parents[1])
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": source}, check=True)
