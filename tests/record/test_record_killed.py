"""A run that is killed, that is still going, or whose disk is full, can be read up to its last flush."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sherrington.errors import RunError
from sherrington.ports import Kind, Port
from sherrington.record import store
from sherrington.record.store import Run, open_run

WRITER = """
import sys, numpy as np
from pathlib import Path
from sherrington.body.engine import Pose
from sherrington.ports import Kind, Port, SpikeBatch
from sherrington.record.store import PopulationInfo, RunStore

ports = {f"body.s{i}": Port("s", Kind.SIGNAL, (20,), "m", tuple(map(str, range(20)))) for i in range(8)}
store = RunStore(Path(sys.argv[1]), spikes={"p": PopulationInfo(50, {"p": 50}, "")}, signals=ports)
print("ready", flush=True)
for step in range(10_000_000):
    store.append_spikes("p", SpikeBatch(step * 100 + np.arange(10), (step + np.arange(10)) % 50))
    store.append_signals(step, {name: np.full(20, step + i / 8) for i, name in enumerate(ports)})
    store.append_poses(step, Pose(("a", "b"), np.full((2, 3), step), np.full((2, 4), step)), np.full(4, step))
    if step % 37 == 36:
        store.flush()
        print(step, flush=True)
"""


def start(folder: Path, program: str = WRITER) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def check_prefix(run: Run, last_flushed: int) -> None:
    """Everything up to the last flush is there, and all that is there is what was written."""
    spikes = run.spikes("p")
    n = np.arange(len(spikes))
    assert len(spikes) >= 10 * (last_flushed + 1)
    assert np.array_equal(spikes.times_ns, n // 10 * 100 + n % 10)
    assert np.array_equal(spikes.channels, (n // 10 + n % 10) % 50)
    for i in range(8):
        time_ns, values = run.signal(f"body.s{i}")
        assert len(time_ns) > last_flushed
        assert np.array_equal(time_ns, np.arange(len(time_ns)))
        assert np.array_equal(values, np.repeat(time_ns[:, None] + i / 8, 20, axis=1))
    poses = run.poses()
    assert len(poses.time_ns) > last_flushed
    assert np.array_equal(poses.positions[:, 1, 2], np.float32(poses.time_ns))
    assert np.array_equal(poses.activations[:, 3], np.float32(poses.time_ns))


@pytest.mark.parametrize("wait_ms", [30, 101, 217, 390])
def test_a_killed_run_opens_up_to_its_last_flush(tmp_path: Path, wait_ms: int) -> None:
    process = start(tmp_path)
    time.sleep(wait_ms / 1000)
    process.send_signal(signal.SIGKILL)
    printed, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    flushed = [int(line) for line in printed.splitlines() if line.isdigit()]
    run = open_run(tmp_path)
    assert run.summary == {}
    assert "not completed" in repr(run)
    check_prefix(run, flushed[-1] if flushed else -1)


def test_a_run_that_is_still_going_can_be_read(tmp_path: Path) -> None:
    process = start(tmp_path)
    try:
        assert process.stdout is not None
        seen = 0
        for _ in range(5):
            flushed = int(process.stdout.readline())
            run = open_run(tmp_path)
            check_prefix(run, flushed)
            assert run.duration_ns >= seen
            seen = run.duration_ns
        assert seen > 0
    finally:
        process.kill()
        process.communicate()


def test_a_nearly_full_disk_ends_the_run_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above all room this disk has: the run stops, the last samples still go in, and the file is closed."""
    port = Port("s", Kind.SIGNAL, (1,), "m", ("a",))
    recording = store.RunStore(tmp_path, spikes={}, signals={"body.s": port})
    recording.append_signals(1, {"body.s": np.ones(1)})
    recording.flush()
    monkeypatch.setattr(store, "RESERVE_BYTES", 2**62)
    recording.append_signals(2, {"body.s": np.ones(1)})
    with pytest.raises(
        RunError, match=r"is nearly full: \d+ MiB are free, .* choose another folder with --out"
    ):
        recording.flush()
    recording.close()
    assert open_run(tmp_path).signal("body.s")[0].tolist() == [1, 2]


FULL_QUOTA = (
    """
import resource, signal
from sherrington.errors import RunError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, -1))
"""
    + WRITER.split("for step")[0]
    + "try:\n    for step"
    + WRITER.split("for step")[1].replace("\n", "\n    ")
    + "\nexcept RunError as error:\n    print('error:', error, flush=True)\n"
    # The limit holds for the file in memory too, unlike a full quota.
    + "    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))\n    store.close()\n"
    + "    sys.exit(1)\n"
)


def test_a_disk_that_refuses_stops_with_a_sentence_and_keeps_what_was_written(tmp_path: Path) -> None:
    """The process may write no file beyond 3 MB, which is what a full quota looks like to HDF5."""
    process = start(tmp_path, FULL_QUOTA)
    printed, complaint = process.communicate()
    assert process.returncode == 1, complaint
    *lines, last = printed.splitlines()
    assert last == f"error: cannot write {tmp_path / 'data.h5'}: File too large"
    flushed = [int(line) for line in lines if line.isdigit()]
    assert flushed
    assert (tmp_path / "data.h5").stat().st_size <= 3_000_000
    check_prefix(open_run(tmp_path), flushed[-1])
