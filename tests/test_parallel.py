"""A process alone, processes that cannot meet, and one that waits too long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sherrington.errors import RunError
from sherrington.parallel import Ranks, peak_memory_mib

WAITS = """
import sys, time
from pathlib import Path
from sherrington.parallel import Patience
patience = Patience(0.5)
patience.write_to(Path(sys.argv[1]))
patience.wait()
patience.done()
time.sleep(1.0)
patience.close()
print("still here", Path(sys.argv[1]).exists(), flush=True)
patience = Patience(0.5)
patience.write_to(Path(sys.argv[1]))
patience.wait()
def the_other_never_comes():
    time.sleep(60)
the_other_never_comes()
"""


def test_alone_everything_is_as_given() -> None:
    ranks, buffer, rows = Ranks(), np.array([1.5, 2.5]), np.array([[1, 2], [3, 4]])
    ranks.broadcast(buffer)
    ranks.total(buffer)
    assert buffer.tolist() == [1.5, 2.5]
    assert ranks.gather(rows).tolist() == rows.tolist()
    assert (ranks.broadcast_object("x"), ranks.gather_object("x")) == ("x", ["x"])


def test_alone_an_error_is_the_own_one() -> None:
    with pytest.raises(RunError, match="mine"), Ranks().together():
        raise RunError("mine")


def test_tasks_of_srun_that_cannot_meet_are_refused() -> None:
    code = "from sherrington.parallel import world; world()"
    environment = os.environ | {"SLURM_STEP_NUM_TASKS": "3"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "srun started 3 processes that cannot meet" in done.stderr
    assert "--mpi=pmi2" in done.stderr


@pytest.mark.parametrize("environment", [{}, {"PMI_RANK": "0", "PMI_SIZE": "1"}, {"SLURM_NTASKS": "4"}])
def test_one_process_needs_no_mpi(environment: dict[str, str]) -> None:
    code = "import sys; from sherrington.parallel import world; print(world().size, 'mpi4py' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "False"]


def test_patience_ends_a_process_that_waits_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "stacks.txt"
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", WAITS, str(file)], capture_output=True, text=True, timeout=60
    )
    assert time.monotonic() - began < 30
    assert done.stdout == "still here False\n"
    assert done.returncode == -signal.SIGALRM
    assert "the_other_never_comes" in file.read_text(encoding="utf-8")


def test_memory_has_been_held() -> None:
    held = np.ones(8 * 2**20)
    assert peak_memory_mib() > held.nbytes / 2**20
