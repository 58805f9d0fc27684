"""Every way to get an experiment wrong that we thought of, each with the exact message that it must give.

One folder each in ``broken/``: an ``experiment.yaml``, files beside it, ``arguments.txt`` with one ``--set`` a line
where the mistake is made on the command line, and ``expected.txt`` with the whole message, in which FOLDER stands for
the folder. All but the mistake is the same in all of them, so what is wrong is what differs.

Where shipped names or messages change, ``python tests/test_broken_experiments.py`` writes every ``expected.txt`` anew;
read each difference as the person would who gets the message.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sherrington.errors import ExperimentError
from sherrington.resolve import open_experiment

BROKEN = Path(__file__).parent / "broken"
CASES = sorted(path.parent.name for path in BROKEN.glob("*/expected.txt"))
HEAVY = ("nest", "mujoco", "h5py", "matplotlib", "pynwb")

PROGRAM = f"""
import sys
from sherrington.cli import main
try:
    main()
finally:
    print(*(name for name in {HEAVY!r} if name in sys.modules))
"""


def overrides(case: str) -> list[str]:
    file = BROKEN / case / "arguments.txt"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def expected(case: str) -> str:
    text = (BROKEN / case / "expected.txt").read_text(encoding="utf-8")
    return text.replace("FOLDER", str(BROKEN / case)).rstrip("\n")


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_there_are_many() -> None:
    assert len(CASES) >= 40
    assert {path.name for path in BROKEN.iterdir()} == set(CASES), "a folder without an expected.txt"


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    before = files(BROKEN / case)
    with pytest.raises(ExperimentError) as error:
        open_experiment(BROKEN / case, overrides(case))
    assert str(error.value) == expected(case)
    assert error.value.exit_status == 2
    assert files(BROKEN / case) == before, "something was written"
    for problem in error.value.problems:
        assert problem.file == BROKEN / case / "experiment.yaml"
        assert problem.message.strip()
        assert problem.remedy.strip()


@pytest.mark.parametrize("command", ["run", "validate", "info"])
@pytest.mark.parametrize("case", ["everything_at_once", "file_that_raises", "set_bad_value"])
def test_command_line(command: str, case: str, tmp_path: Path) -> None:
    """Status 2, the message and nothing else, nothing written, nothing heavy imported."""
    sets = [word for text in overrides(case) for word in ("--set", text)]
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, command, str(BROKEN / case), *sets],
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == f"error: {expected(case)}\n"
    assert answer.stdout.split() == []
    assert answer.returncode == 2
    assert files(tmp_path) == set()


# --- a folder that is not there ---------------------------------------------------------------------------


def message(folder: Path) -> str:
    with pytest.raises(ExperimentError) as error:
        open_experiment(folder)
    return str(error.value).partition("\n")[2]


def test_missing_folder_with_a_near_one(tmp_path: Path) -> None:
    for name in ("reflex", "posture"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "experiment.yaml").write_text("title: x\n", encoding="utf-8")
    assert message(tmp_path / "reflexe") == (
        f"{tmp_path}/reflexe/experiment.yaml: no folder '{tmp_path}/reflexe'\n"
        f"    mend: did you mean '{tmp_path}/reflex'? experiments in '{tmp_path}': posture, reflex; "
        "'sherrington new NAME' makes one"
    )


def test_folder_whose_file_has_another_name(tmp_path: Path) -> None:
    (tmp_path / "experiment.yml").write_text("title: x\n", encoding="utf-8")
    assert message(tmp_path) == (
        f"{tmp_path}/experiment.yaml: no such file\n"
        "    mend: name the file experiment.yaml; YAML files in that folder: experiment.yml"
    )


def test_empty_folder(tmp_path: Path) -> None:
    assert message(tmp_path) == (
        f"{tmp_path}/experiment.yaml: no such file\n"
        "    mend: name the file experiment.yaml; YAML files in that folder: none"
    )


def test_yaml_file_that_is_not_there(tmp_path: Path) -> None:
    assert "no such file" in message(tmp_path / "other.yaml")


def write_expected() -> None:
    for folder in sorted(BROKEN.iterdir()):
        with pytest.raises(ExperimentError) as error:
            open_experiment(folder, overrides(folder.name))
        text = str(error.value).replace(str(folder), "FOLDER")
        (folder / "expected.txt").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write_expected()
