"""The worked example of docs/analysis.md runs as it stands on the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sherrington

PAGE = Path(__file__).parents[2] / "docs" / "analysis.md"
RUN = "import sys; from sherrington.cli import main; sys.argv = ['sherrington', 'run', 'm1', '--out', 'runs']; main()"


@pytest.mark.slow
def test_the_page_runs(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (experiment,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    (script,) = re.findall(r"```python\n(.*?)```", text, re.S)
    (tmp_path / "m1").mkdir()
    (tmp_path / "m1" / "experiment.yaml").write_text(experiment, encoding="utf-8")
    where = {**os.environ, "PYTHONPATH": str(Path(sherrington.__file__).parents[1])}
    for program in (RUN, script):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=where,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    (report,) = tmp_path.glob("runs/m1-*/report.html")
    assert "17 with a range at rest" in report.read_text(encoding="utf-8")
