"""The pages about bodies: their example runs, and their table is that of the code."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from sherrington.body.model import BodyModel
from sherrington.body.models import mouse_forelimb_muscles as muscle_table
from sherrington.body.models import mouse_forelimb_skeleton as skeleton

DOCS = Path(__file__).parents[2] / "docs"


def test_the_worked_example_runs(tmp_path: Path) -> None:
    page = (DOCS / "adding-a-body.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(xml|python)\n(.*?)```", page, re.DOTALL)
    assert [kind for kind, _ in blocks] == ["xml", "python", "python"]
    (tmp_path / "finger.xml").write_text(blocks[0][1], encoding="utf-8")
    assert BodyModel.from_file(tmp_path / "finger.xml").muscles == ("flexor",)
    space = {"__file__": str(tmp_path / "finger.py")}
    for _, code in blocks[1:]:
        exec(compile(code, "adding-a-body.md", "exec"), space)


@pytest.mark.parametrize("muscle", muscle_table.muscles(), ids=lambda muscle: muscle.name)
def test_the_table_of_muscles_is_that_of_the_code(muscle: muscle_table.Muscle) -> None:
    page = (DOCS / "science" / "mouse_forelimb.md").read_text(encoding="utf-8")
    published = {m["name"]: m for m in skeleton.facts()["muscles"]}[muscle.published_name]
    force = muscle.pcsa_cm2 * 22.5 * math.cos(muscle.pennation_rad) * 1.6**2
    cells = (
        f"`{muscle.name}`",
        muscle.published_name,
        f"{published['max_isometric_force_N']:.4f}",
        f"{muscle.pcsa_cm2:.5f}",
        f"{force:.3f}",
        f"{muscle.optimal_length_m * 1e3:.1f}",
        f"{muscle.slack_length_m * 1e3:.3f}",
        f"{muscle.pennation_rad:.2f}",
    )
    assert "| " + " | ".join(cells) + " |" in page
