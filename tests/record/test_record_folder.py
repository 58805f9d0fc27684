"""The folder around the data: names never taken twice, JSON written whole, an origin that can be checked."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sherrington.errors import NeverError
from sherrington.record import folder
from sherrington.record.folder import copy_experiment, new_run_folder, provenance, write_json


def test_no_folder_is_given_twice(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_run_folder(tmp_path / "runs", "reflex"), range(64)))
    assert len(set(made)) == 64
    assert all(path.is_dir() and not list(path.iterdir()) for path in made)
    assert all(path.name.startswith("reflex-2") for path in made)


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "with space", "-v"])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NeverError, match="cannot name a run folder"):
        new_run_folder(tmp_path, name)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(data=st.dictionaries(st.text(), PLAIN, max_size=4))
def test_json_comes_back(tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]) -> None:
    path = tmp_path_factory.mktemp("json") / "summary.json"
    write_json(path, data)
    assert json.loads(path.read_text(encoding="utf-8")) == data


def test_json_takes_numpy_paths_and_what_is_not_finite(tmp_path: Path) -> None:
    data = {
        "n": np.int64(3),
        "rates": np.array([1.5, np.nan]),
        "rtf": float("inf"),
        "out": Path("a/b"),
        "t": (1, 2),
    }
    write_json(tmp_path / "x.json", data)
    expected = {"n": 3, "rates": [1.5, None], "rtf": None, "out": "a/b", "t": [1, 2]}
    assert json.loads((tmp_path / "x.json").read_text()) == expected


def test_json_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    write_json(path, {"score": 1})
    with pytest.raises(TypeError):
        write_json(path, {"score": 2, "engine": object()})
    assert json.loads(path.read_text()) == {"score": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["summary.json"]


HAMMER = """
import sys
from pathlib import Path
from sherrington.record.folder import write_json
print("ready", flush=True)
for i in range(10**9):
    write_json(Path(sys.argv[1]), {"i": i, "filler": "x" * 200_000})
"""


def test_a_reader_never_sees_half_a_json(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    writer = subprocess.Popen([sys.executable, "-c", HAMMER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    try:
        while not path.exists():
            assert writer.poll() is None
        seen = {json.loads(path.read_text())["i"] for _ in range(300)}
    finally:
        writer.kill()
        writer.communicate()
    assert len(seen) > 1
    assert json.loads(path.read_text())["i"] >= max(seen)


def test_files_beside_the_yaml_are_copied(tmp_path: Path) -> None:
    source = tmp_path / "reflex"
    (source / "meshes").mkdir(parents=True)
    (source / "meshes" / "bone.obj").write_text("v 0 0 0")
    (source / "transfer.py").write_text("x = 1")
    (source / "experiment.yaml").write_text("a: 1")
    for cache in ("__pycache__", ".cache", "runs"):
        (source / cache).mkdir()
        (source / cache / "file").write_text("left out")
    run = new_run_folder(source / "results", "reflex")  # a run folder inside the experiment itself
    target = copy_experiment(source, run)
    copied = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert copied == {"meshes/bone.obj", "transfer.py"}
    assert target == run / "experiment"


def test_the_origin_of_a_run_is_complete() -> None:
    origin = provenance()
    assert datetime.fromisoformat(origin["started"]).tzinfo is not None
    assert origin["command_line"] == sys.argv
    assert origin["versions"]["h5py"] == h5py.__version__
    assert origin["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert origin["machine"]["cores"] >= 1
    assert origin["machine"]["memory_gib"] > 0
    assert origin["machine"]["cpu"]
    json.dumps(origin)


def git(where: Path, *words: str) -> str:
    settings = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(where), *settings, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_is_that_of_the_package_and_of_no_other_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's file stands in a checkout of its own here: untracked, then committed, then changed."""
    here = tmp_path / Path(folder.__file__).name
    here.write_text("# as installed into somebody's project\n")
    git(tmp_path, "init", "-q")
    monkeypatch.setattr(folder, "__file__", str(here))
    assert provenance()["git"] == {"commit": None, "dirty": None}
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    assert provenance()["git"] == {"commit": git(tmp_path, "rev-parse", "HEAD"), "dirty": False}
    here.write_text("# changed\n")
    assert provenance()["git"]["dirty"] is True
