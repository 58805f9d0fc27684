"""The worked example of docs/adding-a-transfer-function.md, with the files as they stand on the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sherrington
from sherrington.errors import ExperimentError
from sherrington.experiment import load
from sherrington.resolve import resolve

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-transfer-function.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    blocks = re.findall(
        r"```(?:python|yaml)\n# file: (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S
    )
    there = tmp_path / "late_stretch"
    there.mkdir()
    for name, text in blocks:
        (there / name).write_text(text, encoding="utf-8")
    assert len(blocks) == 6
    return there


def test_the_function_on_the_page_works(folder: Path) -> None:
    in_folder([sys.executable, "try_it.py"], folder)


def test_the_class_on_the_page_adapts_the_same_at_any_interval(folder: Path) -> None:
    code = (
        "import numpy as np; from adapting import AdaptingStretch\n"
        "one, l0 = np.array([0.01]), np.array([0.01])\n"
        "for n in 1, 4, 50:\n"
        "    receptor = AdaptingStretch(); receptor(one, l0, dt_s=0.2 / n)\n"
        "    rates = [receptor(one + 0.0005, l0, dt_s=0.2 / n)[0] for _ in range(n)]\n"
        "    assert abs(rates[-1] - 100.0 * np.exp(-1.0)) < 1e-6, rates\n"
    )
    in_folder([sys.executable, "-c", code], folder)


def test_the_experiment_on_the_page_is_valid(folder: Path) -> None:
    pathway = resolve(load(folder)).pathways[0]
    assert pathway.transfer.name == "late_stretch"
    assert pathway.params == {"threshold_l0": 0.03}


def test_a_port_of_another_unit_is_refused(folder: Path) -> None:
    change = "pathways.late.inputs.length=body.muscle_velocity"
    with pytest.raises(ExperimentError, match=r"the function declares m but body.muscle_velocity is in m/s"):
        resolve(load(folder, [change]))


def test_the_check_on_the_page_holds(folder: Path, tmp_path: Path) -> None:
    """In a process of its own: NEST's kernel is one per process."""
    code = (
        "import sys; from pathlib import Path; "
        "from sherrington.request import Request; from sherrington.run import run; "
        "done = run(Request(Path(sys.argv[1]), out=Path(sys.argv[2]))); checks = done.summary['checks']; "
        "assert len(checks) == 3 and all(c['holds'] for c in checks), checks"
    )
    in_folder([sys.executable, "-c", code, str(folder), str(tmp_path / "runs")], folder)


def in_folder(command: list[str], folder: Path) -> None:
    """Run in the experiment's folder, with the package that is being tested."""
    source = str(Path(sherrington.__file__).parents[1])
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": source}, check=True)
