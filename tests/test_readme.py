"""What the README shows must work as written."""

import re
from pathlib import Path

import numpy as np

from sherrington.resolve import open_experiment

TEXT = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def block(language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return next(b for b in blocks if containing in b)


def test_the_experiment_is_valid(tmp_path):
    (tmp_path / "experiment.yaml").write_text(block("yaml", "title:"), encoding="utf-8")
    resolved = open_experiment(tmp_path, ())
    assert [p.name for p in resolved.pathways] == ["ia", "motoneurons"]
    assert resolved.network.population("MN").size == 2 * 60


def test_the_transfer_function_works():
    names: dict = {}
    exec(block("python", "@transfer"), names)
    rate = names["joint_to_rate"](np.array([0.5, -0.2]))
    assert rate.tolist() == [25.0, 0.0, 0.0, 10.0]
    assert names["joint_to_rate"].__transfer__.outputs == {"rate": "Hz"}


def test_links_lead_somewhere():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", TEXT)
    assert len(links) >= 4
    assert [link for link in links if not (Path(__file__).parents[1] / link).exists()] == []
