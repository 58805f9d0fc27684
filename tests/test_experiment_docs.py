"""docs/experiment-file.md says what the classes say, and its example is valid."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from sherrington.body import engine as body_engine
from sherrington.brain import engine as brain_engine
from sherrington.resolve import open_experiment

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "experiment-file.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def keys() -> ModuleType:
    spec = importlib.util.spec_from_file_location("experiment_keys", DOCS / "experiment_keys.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_classes(keys: ModuleType) -> None:
    assert keys.tables() in PAGE, "run: python docs/experiment_keys.py"


def test_links_between_tables_lead_somewhere(keys: ModuleType) -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[`.,]", "", h).lower().replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= anchors


def test_every_quantity_is_listed() -> None:
    ports = PAGE.partition("## Ports")[2].partition("\n## ")[0]
    tables = (body_engine.INPUTS, body_engine.OUTPUTS, brain_engine.INPUTS, brain_engine.OUTPUTS)
    assert [name for table in tables for name in table if f"`{name}`" not in ports] == []


def test_the_example_is_valid(tmp_path: Path) -> None:
    text = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert text is not None
    (tmp_path / "experiment.yaml").write_text(text[1], encoding="utf-8")
    assert len(open_experiment(tmp_path).pathways) == 2
