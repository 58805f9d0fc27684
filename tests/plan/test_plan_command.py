"""``sherrington plan``, end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sherrington.cli import app
from sherrington.errors import NeverError
from sherrington.plan.home import HOME_VARIABLE
from sherrington.shipped import examples

TARGETS = """
targets:
  cluster: {executor: slurm, nodes: 8, cores_per_node: 36, memory_gib_per_node: 64, price_per_node_hour: 1.5}
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    targets = tmp_path / "targets.yaml"
    targets.write_text(TARGETS)
    monkeypatch.setenv("SHERRINGTON_TARGETS", str(targets))
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))


def plan(*words: str) -> str:
    done = CliRunner().invoke(app, ["plan", *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_a_plan_in_words() -> None:
    text = plan(str(examples()["reach"]))
    assert text.startswith("reach on 'local': 1 node of ")
    for word in (
        "memory",
        "construction",
        "real-time factor",
        "time to result",
        "node-hours",
        "fastest",
        "knee",
        "cheapest",
    ):
        assert word in text
    assert "constants shipped, not measured here" in text
    assert "rates of" in text


def test_a_plan_of_a_cluster_in_json_and_in_a_picture(tmp_path: Path) -> None:
    figure = tmp_path / "plan.svg"
    asked = ("--target", "cluster", "--nodes", "4", "--ranks-per-node", "2", "--threads", "18")
    told: dict[str, Any] = json.loads(
        plan(str(examples()["reach"]), *asked, "--json", "--figure", str(figure))
    )
    assert told["asked"]["shape"] == {"nodes": 4, "ranks_per_node": 2, "threads": 18}
    assert told["asked"]["processes"] == 144
    assert told["asked"]["price"] == pytest.approx(1.5 * told["asked"]["node_hours"]["value"])
    assert (
        told["fastest"]["total_s"]["value"]
        <= told["knee"]["total_s"]["value"]
        <= told["cheapest"]["total_s"]["value"]
    )
    assert {s["shape"]["nodes"] for s in told["shapes"]} == {1, 2, 4, 8}
    drawn = figure.read_text(encoding="utf-8")
    assert "<svg" in drawn


def test_the_whole_mouse_fits_a_cluster_and_no_small_target() -> None:
    whole = ("--set", "brain.scale=1", "--set", "brain.params={}")
    told = json.loads(plan(str(examples()["mouse_pull"]), "--target", "cluster", "--json", *whole))
    assert told["shapes"]
    with pytest.raises(
        NeverError, match=r"'mouse_pull' does not fit on target 'cluster' as 1 x 1 x 1 .* fits, with"
    ):
        plan(str(examples()["mouse_pull"]), "--target", "cluster", "--threads", "1", *whole)


def test_virtual_processes_of_the_file_do_not_matter() -> None:
    texts = [
        json.loads(plan(str(examples()["reach"]), "--json", "--set", f"brain.virtual_processes={n}"))[
            "shapes"
        ]
        for n in (1, 2)
    ]
    assert texts[0] == texts[1]


def test_a_picture_of_another_kind_is_refused_before_anything_else() -> None:
    with pytest.raises(
        NeverError, match=r"cannot draw to 'plan.doc'; the name must end in .png, .svg or .pdf"
    ):
        plan("nowhere", "--figure", "plan.doc")


def test_a_target_that_nobody_described() -> None:
    with pytest.raises(NeverError, match="no target 'moon'"):
        plan(str(examples()["reach"]), "--target", "moon")
