"""Fixtures of the loop's tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from loop_rig import MakeRig, Rig, build_rig, write_experiment


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[MakeRig]:
    """``rig(functions, pathways, loop={...}, **sections)``: an experiment with closed-form engines, ready to run.

    functions: the text of ``control.py``. sections: other sections of the experiment file.
    """
    made: list[Rig] = []

    def make(functions: str, pathways: Mapping[str, Any], **sections: Any) -> Rig:
        folder = tmp_path / f"experiment{len(made)}"
        write_experiment(folder, functions, pathways, **sections)
        made.append(build_rig(folder))
        return made[-1]

    yield make
    for rig in made:
        rig.recorder.close()
        rig.loop.close()
