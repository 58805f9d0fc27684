"""``sherrington run --connect``, in a process of its own: from the first state to the last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from service_rig import TOKEN, Service, wait_for, write_pools

SOURCE = Path(__file__).parents[2] / "src"


def _started(folder: Path, url: str, *options: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    environment = os.environ | {"PYTHONPATH": path, "SHERRINGTON_TOKEN": TOKEN}
    command = [sys.executable, "-m", "sherrington.cli", "run", str(folder), "--connect", url, *options]
    return subprocess.Popen(
        command,
        cwd=folder.parent,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _states(service: Service) -> list[str]:
    return [m.state for m in service.of("state")]


def _run_folder(folder: Path) -> Path:
    (found,) = (folder.parent / "runs").iterdir()
    return found


def _holds_no_token(folder: Path) -> bool:
    files = [f for f in _run_folder(folder).rglob("*") if f.is_file()]
    return bool(files) and not any(TOKEN.encode() in f.read_bytes() for f in files)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_pools(tmp_path / "pools", loop={"duration_ms": 300.0})
    return tmp_path / "pools"


def test_a_run_tells_its_states_from_the_first_to_the_last(folder: Path, service: Service) -> None:
    process = _started(folder, service.url)
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output
    wait_for(lambda: _states(service)[-1:] == ["done"], "the last state")
    assert _states(service) == ["building", "running", "done"]
    assert service.hellos[0]["token"] == TOKEN and TOKEN not in output and _holds_no_token(folder)
    summary: dict[str, Any] = json.loads((_run_folder(folder) / "summary.json").read_text(encoding="utf-8"))
    assert summary["link"]["connections"] == 1 and summary["link"]["dropped"] == {}


def test_a_run_that_fails_says_why(folder: Path, service: Service) -> None:
    control = folder / "control.py"
    text = control.read_text(encoding="utf-8")
    fails = "    CALLS.append(1)\n    if len(CALLS) > 50: raise ValueError('enough')\n    return np.clip(0.05"
    control.write_text(text.replace("    return np.clip(0.05", fails), encoding="utf-8")
    process = _started(folder, service.url)
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 1, output
    wait_for(lambda: _states(service)[-1:] == ["failed"], "the last state")
    assert "enough" in service.of("state")[-1].cause


def test_a_run_that_is_stopped_from_outside(folder: Path, service: Service) -> None:
    process = _started(folder, service.url, "--duration-ms", "600000")
    wait_for(lambda: service.of("spikes"), "spikes")
    service.done("stop", who="Ada")
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 130, output
    wait_for(lambda: _states(service)[-1:] == ["cancelled"], "the last state")
    assert service.of("state")[-1].cause == "stopped by Ada"


def test_without_a_token_nothing_is_begun(folder: Path, service: Service) -> None:
    command = [sys.executable, "-m", "sherrington.cli", "run", str(folder), "--connect", service.url]
    environment = {k: v for k, v in os.environ.items() if k != "SHERRINGTON_TOKEN"} | {
        "PYTHONPATH": str(SOURCE)
    }
    done = subprocess.run(
        command, cwd=folder.parent, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2 and "SHERRINGTON_TOKEN" in done.stderr and service.dialled == 0
