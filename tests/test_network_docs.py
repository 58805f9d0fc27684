"""The worked example of docs/adding-a-network.md runs as it stands on the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import sherrington

PAGE = Path(__file__).parents[1] / "docs" / "adding-a-network.md"


def test_the_page_runs(tmp_path: Path) -> None:
    network, *scripts = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(scripts) == 3
    (tmp_path / "network.py").write_text(network, encoding="utf-8")
    where = {**os.environ, "PYTHONPATH": str(Path(sherrington.__file__).parents[1])}
    for script in scripts:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            cwd=tmp_path,
            env=where,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
