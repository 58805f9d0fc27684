"""The folder of a sweep: what lies in it, and which runs of the sweep are done.

::

    <experiment>-sweep-<name of the sweep file>/
        sweep.yaml      the sweep file as it is run
        experiment/     the experiment that all runs are made from, as it was when the sweep was started
        runs/           a run folder for each run, named by its case and values; a new one for each attempt
        output/         what each process printed
        sweep.csv       the table, a line a run
        report.html     the same for people, with a figure for each measure

Nothing else is kept of the state of a sweep: what is done is read from the run folders.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path
from typing import Any

from ..errors import NeverError, NotNowError
from ..record.folder import copy_files, experiment_digest, write_whole
from ..record.layout import EXPERIMENT_FOLDER, REPORT_FILE, RUN_FILE, SUMMARY_FILE
from .plan import Plan, Planned

SWEEP_FILE, TABLE_FILE = "sweep.yaml", "sweep.csv"
RUNS, OUTPUT = "runs", "output"
LEFT_OUT = ("*sweep*.yaml", "*sweep*.yml")
"""Beside an experiment, what is no part of it: sweep files."""
_STAMP = re.compile(r"-(\d{8}T\d{6}Z)-(\d+)$")


@dataclass(frozen=True)
class Finished:
    """A run folder whose run came to its end, report included. digest: of its experiment."""

    folder: Path
    digest: str
    summary: dict[str, Any]


class SweepFolder:
    """The folder of one sweep in ``out``; made when it is first written to."""

    def __init__(self, out: Path, plan: Plan) -> None:
        self.plan = plan
        self.folder = out / f"{plan.name}-sweep-{plan.file.path.stem}"
        self.runs, self.output = self.folder / RUNS, self.folder / OUTPUT
        self.table, self.report = self.folder / TABLE_FILE, self.folder / REPORT_FILE
        self.experiment = self.folder / EXPERIMENT_FOLDER / plan.name
        """The folder of the experiment that runs are made from."""

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Nobody else works on this sweep meanwhile. Raises NotNowError if somebody does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = (
                    f"a sweep is being run in {self.folder}; wait for it, or choose another folder with --out"
                )
                raise NotNowError(message) from None
            yield

    def prepare(self, again: bool) -> dict[str, Finished]:
        """Put the experiment as it is now into the folder, and give the runs that are done, by name.

        Raises NeverError when runs were done with another experiment, unless ``again``: then they count as not done.
        """
        part = self.folder / f".{EXPERIMENT_FOLDER}.part"
        _remove(part)
        part.mkdir()
        try:
            digests = self._copy(part / self.plan.name)
            done, changed = self._done(digests)
            if changed and not again:
                raise NeverError(self._changed(changed, part / self.plan.name))
            _remove(self.experiment.parent)
            part.rename(self.experiment.parent)
        finally:
            _remove(part)
        write_whole(self.folder / SWEEP_FILE, self.plan.file.path.read_text(encoding="utf-8-sig"))
        for folder in (self.runs, self.output):
            folder.mkdir(exist_ok=True)
        return done

    def attempts(self, run: Planned) -> list[Path]:
        """The run folders of a run, the newest first."""
        found = [(p, _STAMP.search(p.name)) for p in self.runs.glob(f"{run.name}-*")]
        mine = [(m[1], int(m[2]), p) for p, m in found if m and p.name[: m.start()] == run.name]
        return [path for _, _, path in sorted(mine, reverse=True)]

    def _copy(self, target: Path) -> dict[str, str]:
        """Copy the experiment to ``target``, and give the digest of each run's experiment, by the name of the run."""
        source = self.plan.source
        copy_files(source.parent, target, self.folder, (*LEFT_OUT, self.plan.file.path.name))
        digests = {run.name: experiment_digest(run.text, target) for run in self.plan.runs}
        shutil.copy(source, target / source.name)
        return digests

    def _done(self, digests: dict[str, str]) -> tuple[dict[str, Finished], list[Planned]]:
        """(runs done, runs done with another experiment only)."""
        done: dict[str, Finished] = {}
        changed = []
        for run in self.plan.runs:
            looked = (finished(folder) for folder in self.attempts(run))
            found = [one for one in looked if one is not None]
            same = [one for one in found if one.digest == digests[run.name]]
            if same:
                done[run.name] = same[0]
            elif found:
                changed.append(run)
        return done, changed

    def _changed(self, runs: Sequence[Planned], now: Path) -> str:
        names = "; ".join(run.name for run in runs[:3]) + (
            f" and {len(runs) - 3} more" if len(runs) > 3 else ""
        )
        files = _different(self.experiment, now)
        what = f"since then changed: {', '.join(files)}" if files else "the values that they set have changed"
        return (
            f"{len(runs)} of {len(self.plan.runs)} runs in {self.folder} were done with another experiment ({names}); "
            f"{what}; --again runs them again and keeps their folders, --out begins elsewhere"
        )


def finished(folder: Path) -> Finished | None:
    """What a run came to; None for one that did not come to its end."""
    summary = _read(folder / SUMMARY_FILE)
    # The report is the last thing that a run makes, after the verdict of a check.
    if not summary.get("completed") or "report" not in summary["phases_s"]:
        return None
    return Finished(folder, _read(folder / RUN_FILE)["experiment_digest"], summary)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _read(path: Path) -> dict[str, Any]:
    """A JSON file of a run folder, which is whole if it is there."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _different(before: Path, now: Path) -> list[str]:
    """Files that are in one of two folders only, or have other contents."""
    names = {p.relative_to(top) for top in (before, now) for p in top.rglob("*") if p.is_file()}
    pairs = ((name, before / name, now / name) for name in sorted(names))
    return [str(n) for n, a, b in pairs if not (a.is_file() and b.is_file() and cmp(a, b, shallow=False))]
