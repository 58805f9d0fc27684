"""Sweeps without running them: the file, its messages, combinations, names, processors, measures, table, page."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sherrington import experiment, shipped
from sherrington.errors import ExperimentError, NeverError, NotNowError
from sherrington.record.folder import new_run_folder, write_json
from sherrington.record.layout import EXPERIMENT_FOLDER
from sherrington.sweep.conduct import places
from sherrington.sweep.file import Sweep, SweepFile, load
from sherrington.sweep.measures import UnknownMeasureError, measured
from sherrington.sweep.page import write_page
from sherrington.sweep.plan import Plan, combinations, make_plan, short_names
from sherrington.sweep.store import Finished, SweepFolder
from sherrington.sweep.sweep import Request, sweep
from sherrington.sweep.table import FAILED, NOT_RUN, Results
from sherrington.yaml_file import line_of, value_of

EXPERIMENT = """
title: two engines in closed form
loop: {interval_ms: 5, duration_ms: 20}
brain: {network: "network.py:pools", engine: closed_form, params: {size: 10}}
body: {model: one_joint, engine: closed_form}
pathways:
  drive: {function: constant, outputs: {value: brain.drive.rate}, params: {value: 100.0}}
"""
NETWORK = """
from sherrington import Network, Population

def pools(size=10):
    return Network("pools", [Population("drive", 2 * size, channels={"flexor": size, "extensor": size})])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "simple"
    made.mkdir()
    (made / "experiment.yaml").write_text(EXPERIMENT, encoding="utf-8")
    (made / "network.py").write_text(NETWORK, encoding="utf-8")
    return made


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], SweepFile]:
    def write(text: str) -> SweepFile:
        (tmp_path / "many.yaml").write_text(text, encoding="utf-8")
        return load(tmp_path / "many.yaml")

    return write


def names(file: SweepFile) -> list[str]:
    return [run.name for run in combinations(file)]


def wrong(make: Callable[[], Any], top: Path) -> list[str]:
    """The lines of the message, without the folder."""
    with pytest.raises(ExperimentError) as error:
        make()
    return str(error.value).replace(f"{top}/", "").splitlines()


# --- combinations and names -------------------------------------------------------------------------------


def test_every_case_with_every_combination_of_values(file: Any) -> None:
    found = file("""
vary: {seed: {from: 3, to: 4}, brain.params.size: [5, null]}
cases: {intact: {}, slow: {pathways.drive.gain: 0.5}}
""")
    assert names(found) == [
        f"{case},seed={seed},size={size}"
        for case in ("intact", "slow")
        for seed in (3, 4)
        for size in (5, "null")
    ]
    last = list(combinations(found))[-1]
    assert last.overrides == ("pathways.drive.gain=0.5", "seed=4", "brain.params.size=null")
    assert (last.case, last.varied) == ("slow", {"seed": 4, "brain.params.size": None})


def test_cases_alone_and_values_alone(file: Any) -> None:
    assert names(file("cases: {a: {}, b: {seed: 2}}")) == ["a", "b"]
    assert names(file("vary: {seed: [7]}")) == ["seed=7"]


def test_a_name_holds_as_much_of_a_key_as_tells_it_apart() -> None:
    keys = ("pathways.ia.gain", "pathways.ii.gain", "seed", "a.seed")
    assert list(short_names(keys).values()) == ["ia.gain", "ii.gain", "seed", "a.seed"]


def test_names_are_file_names_and_differ(file: Any) -> None:
    found = file("""
vary:
  brain.params.size: [1, "1", 1.0, true, "true", -2, 1.0e-5, "a b/c", [1, 2], {x: 1}, .inf, "", "ä"]
  'brain.params.strengths.Ia->MN': [1, 2]
""")
    made = names(found)
    assert len(set(made)) == len(made) == 26
    assert {"size=1,Ia-_MN=1", "size=-2,Ia-_MN=2", "size=1e-05,Ia-_MN=1", "size=ä,Ia-_MN=2"} <= set(made)


def test_names_that_are_too_long_are_cut_and_still_differ(file: Any, tmp_path: Path) -> None:
    keys = [f"brain.params.{letter * 20}" for letter in "abcdefgh"]
    made = names(file("vary:\n" + "".join(f"  {key}: [1000000, 2000000]\n" for key in keys)))
    assert len(set(made)) == 256 and max(map(len, made)) <= 140
    assert new_run_folder(tmp_path, made[0]).is_dir()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_is_the_same_after_set(value: Any) -> None:
    assert value_of(line_of(value), Path()) == (value, [])


def test_a_value_that_is_no_number_is_the_same_after_set() -> None:
    assert math.isnan(value_of(line_of(math.nan), Path())[0])


# --- messages ---------------------------------------------------------------------------------------------

WRONG = {
    "nothing": ("{}", ["1 problem in this sweep", "many.yaml: nothing is varied"]),
    "unknown key": (
        "vary: {seed: [1]}\nmeasure: [score]",
        ["many.yaml:2: measure: unknown key 'measure'", "    mend: did you mean 'measures' (keys of summary"],
    ),
    "no list": (
        "vary:\n  seed: 3",
        ["many.yaml:2: vary.seed: expected a list or the keys {from, to}, found 3"],
    ),
    "no values": ("vary: {seed: []}", ["many.yaml:1: vary.seed: is empty"]),
    "half a range": (
        "vary: {seed: {from: 1}}",
        [
            "many.yaml:1: vary.seed.to: required key 'to' is missing",
            "    mend: add 'to': the last of the whole numbers",
        ],
    ),
    "range the wrong way": (
        "vary: {seed: {from: 5, to: 4}}",
        ["many.yaml:1: vary.seed: from 5 to 4 holds no number"],
    ),
    "too many": ("vary: {seed: {from: 1, to: 20000}}", ["many.yaml:1: vary: makes 20,000 runs"]),
    "value twice": ("vary:\n  seed:\n  - 1\n  - 1", ["many.yaml:4: vary.seed.1: 1 is listed twice"]),
    "overlap in vary": (
        "vary:\n  brain.params: [{}]\n  brain.params.size: [1]",
        ["many.yaml:3: vary.brain.params.size: changes the same as 'brain.params' does"],
    ),
    "overlap of case and vary": (
        "vary: {seed: [1]}\ncases:\n  a:\n    seed: 2",
        ["many.yaml:4: cases.a.seed: changes the same as vary.seed does"],
    ),
    "case without a name": ("cases: {a b: {}}", ["many.yaml:1: cases.a b: text 'a b' is not a name"]),
    "at once none": (
        "vary: {seed: [1]}\nat_once: 0",
        ["many.yaml:2: at_once: 0 is out of range", "    mend: give a value of at least 1"],
    ),
    "no keys": (
        "- 1",
        ["many.yaml:1: expected keys at the top, found a list", "    mend: write keys such as 'vary:'"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_wrong(case: str, file: Any, tmp_path: Path) -> None:
    text, expected = WRONG[case]
    said = wrong(lambda: file(text), tmp_path)
    for start in expected:
        assert any(line.startswith(start) for line in said), said


def test_a_file_that_is_not_there(tmp_path: Path, file: Any) -> None:
    file("vary: {seed: [1]}")
    assert wrong(lambda: load(tmp_path / "man.yaml"), tmp_path)[1:] == [
        "man.yaml: no such file",
        "    mend: YAML files in that folder: many.yaml",
    ]


def test_problems_of_all_runs_are_told_at_once_at_their_place(
    file: Any, folder: Path, tmp_path: Path
) -> None:
    found = file("""
vary:
  seed: [1, 2]
  loop.interval_ms: [5, 3]
cases:
  intact: {}
  typo: {pathways.drive.gian: 0.5}
  deep: {brain.params: {sizes: 3}}
""")
    said = wrong(lambda: make_plan(found, folder), tmp_path)
    assert [line for line in said if not line.startswith("    mend: ")] == [
        "3 problems in this sweep",
        "many.yaml:7: cases.typo.pathways.drive.gian: unknown key 'gian' (in runs typo,seed=1,interval_ms=5; "
        "typo,seed=1,interval_ms=3; typo,seed=2,interval_ms=5 and 1 more)",
        "many.yaml:8: cases.deep.brain.params: brain.params.sizes: 'network.py:pools' has no parameter 'sizes' "
        "(in runs deep,seed=1,interval_ms=5; deep,seed=1,interval_ms=3; deep,seed=2,interval_ms=5 and 1 more)",
        "simple/experiment.yaml:3: loop.duration_ms: 20 ms is not a whole multiple of loop.interval_ms (3 ms) "
        "(in runs intact,seed=1,interval_ms=3; intact,seed=2,interval_ms=3; typo,seed=1,interval_ms=3 and 3 more)",
    ]


def test_an_experiment_that_is_wrong_by_itself_is_told_once(file: Any, folder: Path, tmp_path: Path) -> None:
    (folder / "experiment.yaml").write_text(EXPERIMENT.replace("one_joint", "two_joint"), encoding="utf-8")
    said = wrong(lambda: make_plan(file("vary: {seed: [1, 2]}"), folder), tmp_path)
    assert said[0] == "1 problem in this sweep"
    assert said[1].startswith("simple/experiment.yaml:5: body.model: no shipped body 'two_joint'")
    assert said[1].endswith("(in every run)")


def test_set_on_the_command_line_holds_for_all_and_must_not_meet_the_sweep(file: Any, folder: Path) -> None:
    found = file("vary: {brain.params.size: [5, 6]}")
    plan = make_plan(found, folder, ["seed=9"])
    assert [run.overrides for run in plan.runs] == [
        ("seed=9", "brain.params.size=5"),
        ("seed=9", "brain.params.size=6"),
    ]
    assert all("seed: 9" in run.text for run in plan.runs)
    with pytest.raises(NeverError, match=r"--set brain.params and 'brain.params.size' of .* change the same"):
        make_plan(found, folder, ["brain.params={}"])


def test_a_video_that_cannot_be_drawn_is_refused_before(file: Any, folder: Path) -> None:
    with pytest.raises(NeverError, match="--video: body engine 'closed_form' has no shape"):
        make_plan(file("vary: {seed: [1]}"), folder, video=True)


def test_which_experiment(file: Any, folder: Path, tmp_path: Path) -> None:
    console: Any = None
    file("vary: {seed: [1]}")
    many = tmp_path / "many.yaml"
    said = wrong(lambda: sweep(Request(many, out=tmp_path / "runs"), console), tmp_path)
    assert said[1] == "many.yaml: experiment: no experiment is named"
    file("experiment: simple\nvary: {seed: [1]}")
    with pytest.raises(NeverError, match=r"is a sweep of .*simple, the command line names other"):
        sweep(Request(many, Path("other"), out=tmp_path / "runs"), console)
    file("experiment: simpel\nvary: {seed: [1]}")
    said = wrong(lambda: sweep(Request(many, out=tmp_path / "runs"), console), tmp_path)
    assert "simple" in said[2] and not (tmp_path / "runs").exists()


# --- processors -------------------------------------------------------------------------------------------


def test_each_run_gets_processors_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 3, 5, 7, 11})
    assert places(None, 2) == [{2, 3}, {5, 7}]
    assert places(1, 2) == [{2, 3}]
    assert places(None, 1) == [{2}, {3}, {5}, {7}, {11}]
    everything = {2, 3, 5, 7, 11}
    assert places(None, 8) == [everything], "one run that wants more than there are gets all"
    assert places(3, 2) == [everything] * 3, "more at once than fit was asked for: nobody is confined"


def test_a_run_keeps_its_threads_and_the_body_busy(file: Any, folder: Path) -> None:
    text = EXPERIMENT.replace("engine: closed_form, params", "virtual_processes: 3, params")
    (folder / "experiment.yaml").write_text(text, encoding="utf-8")
    plan = make_plan(file("vary: {loop.mode: [lockstep, pipelined]}"), folder)
    assert [run.processors for run in plan.runs] == [3, 4] and plan.processors == 4
    (folder / "experiment.yaml").write_text(EXPERIMENT, encoding="utf-8")
    plan = make_plan(file("vary: {brain.virtual_processes: [1, 3]}"), folder)
    assert plan.processors == 1, "the engine in closed form has one thread"


# --- measures ---------------------------------------------------------------------------------------------

SUMMARY = {
    "score": 0.5,
    "completed": True,
    "task": None,
    "rates_hz": {"MN": 12.0, "a.b": 3.0},
    "checks": [{"name": "lag", "value": 2.0, "holds": True}, {"name": "rms", "value": None, "holds": False}],
}


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("score", 0.5),
        ("completed", True),
        ("checks", 0.5),
        ("rates_hz.MN", 12.0),
        ("rates_hz.a.b", 3.0),
        ("task.success_share", None),
        ("checks.lag.value", 2.0),
        ("checks.rms.value", None),
    ],
)
def test_measure(measure: str, value: Any) -> None:
    assert measured(SUMMARY, measure) == value
    assert measured({**SUMMARY, "checks": []}, "checks") is None


@pytest.mark.parametrize(
    ("measure", "there"),
    [
        ("scores", list(SUMMARY)),
        ("rates_hz.NM", ["rates_hz.MN", "rates_hz.a.b"]),
        ("rates_hz", ["rates_hz.MN", "rates_hz.a.b"]),
        ("score.mean", ["score"]),
        ("checks.lag", ["checks.lag.name", "checks.lag.value", "checks.lag.holds"]),
    ],
)
def test_measure_that_is_not_there(measure: str, there: list[str]) -> None:
    with pytest.raises(UnknownMeasureError) as error:
        measured(SUMMARY, measure)
    assert error.value.there == there


# --- table and page ---------------------------------------------------------------------------------------


@pytest.fixture
def plan(file: Any, folder: Path) -> Plan:
    return make_plan(
        file(
            """
vary: {seed: [1, 2, 3], brain.params.size: [5, null]}
cases: {"intact": {}, "half": {pathways.drive.gain: 0.5}}
measures: [score, completed, rates_hz.MN]
""".replace("null", "6")
        ),
        folder,
    )


def filled(plan: Plan, top: Path) -> Results:
    """Scores 1, 2, 4 of the first case; one run failed; the others not run."""
    results = Results(plan)
    mine = [run for run in plan.runs if run.case == "intact" and run.varied["brain.params.size"] == 5]
    for run, score in zip(mine, (1.0, 2.0, 4.0), strict=True):
        summary = {**SUMMARY, "score": score}
        results.done(run, Finished(top / "runs" / f"{run.name}-1", "", summary))
    results.missed(plan.runs[-1], FAILED, "it <broke>")
    return results


def test_groups_are_over_seeds(plan: Plan, tmp_path: Path) -> None:
    groups = {group.label: group for group in filled(plan, tmp_path).groups()}
    assert list(groups) == ["intact, size = 5", "intact, size = 6", "half, size = 5", "half, size = 6"]
    spread = groups["intact, size = 5"].spread("score")
    assert (spread.n, spread.mean) == (3, pytest.approx(7 / 3))
    assert spread.sd == pytest.approx(math.sqrt(((4 / 3) ** 2 + (1 / 3) ** 2 + (5 / 3) ** 2) / 2))
    assert groups["half, size = 6"].spread("completed").mean == 0.0
    assert groups["half, size = 5"].spread("completed").n == 0


def test_the_table_has_a_line_a_run(plan: Plan, tmp_path: Path) -> None:
    results = filled(plan, tmp_path)
    results.write(tmp_path / "sweep.csv")
    with (tmp_path / "sweep.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert list(rows[0]) == [
        *("run", "case", "seed", "brain.params.size", "score", "completed", "rates_hz.MN"),
        *("status", "message", "folder"),
    ]
    assert [row["run"] for row in rows] == [run.name for run in plan.runs]
    assert list(rows[0].values()) == [
        *("intact,seed=1,size=5", "intact", "1", "5", "1.0", "true", "12.0", "completed", ""),
        "runs/intact,seed=1,size=5-1",
    ]
    assert (rows[1]["status"], rows[1]["score"], rows[1]["completed"]) == (NOT_RUN, "", "")
    last = rows[-1]
    assert (last["status"], last["completed"], last["message"]) == (FAILED, "false", "it <broke>")
    assert {p.name for p in tmp_path.iterdir() if p.is_file()} == {"many.yaml", "sweep.csv"}


def test_a_measure_that_no_run_has_is_known_from_the_first(plan: Plan, tmp_path: Path) -> None:
    results = Results(plan)
    assert results.unknown == {}
    without = {**SUMMARY, "rates_hz": {"NM": 1.0}}
    results.done(plan.runs[0], Finished(tmp_path, "", without))
    assert results.unknown == {"rates_hz.MN": ["rates_hz.NM"]}
    results.done(plan.runs[1], Finished(tmp_path, "", SUMMARY))
    assert results.unknown == {}


def test_the_page(plan: Plan, tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path, plan)
    results = filled(plan, folder.folder)
    run = folder.runs / "intact,seed=1,size=5-1"
    run.mkdir(parents=True)
    (run / "report.html").touch()
    write_page(folder, results)
    page = folder.report.read_text(encoding="utf-8")
    assert '<a href="runs/intact%2Cseed%3D1%2Csize%3D5-1/report.html">intact,seed=1,size=5</a>' in page
    assert page.count("<a href=") == 1, "a run without a report has no link"
    assert "2.333 ± 1.5 (3)" in page and "it &lt;broke&gt;" in page
    assert "3 of 12 runs came to their end" in page
    assert page.count("<svg") == 3 and 'aria-label="score by case"' in page
    assert "http" not in page.replace("http://www.w3.org", ""), "needs no network"


# --- what is done -----------------------------------------------------------------------------------------


def finish(folder: SweepFolder, number: int, *, summary: dict[str, Any] | None = None) -> Path:
    """A run folder as a run leaves it, made of what lies in the folder of the sweep."""
    from sherrington.record.folder import copy_experiment, experiment_digest

    run = folder.plan.runs[number]
    made = new_run_folder(folder.runs, run.name)
    digest = experiment_digest(run.text, copy_experiment(folder.experiment, made))
    write_json(made / "run.json", {"experiment_digest": digest})
    write_json(made / "summary.json", {"completed": True, "phases_s": {"report": 0.1}, **(summary or {})})
    return made


def test_what_is_done_is_read_from_the_run_folders(plan: Plan, tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path / "out", plan)
    assert folder.folder.name == "simple-sweep-many"
    with folder.taken():
        assert folder.prepare(again=False) == {}
        first = finish(folder, 0)
        finish(folder, 1, summary={"completed": False})
        finish(folder, 2, summary={"phases_s": {"loop": 1.0}})  # ended before its report: in its check, say
        new_run_folder(folder.runs, plan.runs[3].name)  # killed while building
        done = folder.prepare(again=False)
        assert {name: one.folder for name, one in done.items()} == {plan.runs[0].name: first}
        second = finish(folder, 0)
        assert folder.attempts(plan.runs[0]) == [second, first]
        assert folder.prepare(again=False)[plan.runs[0].name].folder == second


def test_a_changed_experiment_is_refused_unless_again(plan: Plan, folder: Path, tmp_path: Path) -> None:
    made = SweepFolder(tmp_path / "out", plan)
    with made.taken():
        made.prepare(again=False)
        finish(made, 0)
        (folder / "network.py").write_text(NETWORK + "# new\n", encoding="utf-8")
        (folder / "my_sweep_2.yaml").write_text("vary: {}", encoding="utf-8")
        with pytest.raises(NeverError) as error:
            made.prepare(again=False)
        assert f"1 of 12 runs in {made.folder} were done with another experiment" in str(error.value)
        assert f"({plan.runs[0].name}); since then changed: network.py; --again" in str(error.value)
        kept = made.experiment / "network.py"
        assert kept.read_text(encoding="utf-8") == NETWORK, "what the runs were made from is still there"
        assert made.prepare(again=True) == {}
        assert kept.read_text(encoding="utf-8").endswith("# new\n")
        assert made.prepare(again=True) == {}, "it is remembered which runs are old"
        finish(made, 0)
        assert list(made.prepare(again=False)) == [plan.runs[0].name]


def test_values_that_changed_under_the_same_name(file: Any, folder: Path, tmp_path: Path) -> None:
    text = "cases: {a: {brain.params.size: 5}, b: {}}"
    made = SweepFolder(tmp_path / "out", make_plan(file(text), folder))
    with made.taken():
        made.prepare(again=False)
        finish(made, 0)
        finish(made, 1)
    made = SweepFolder(tmp_path / "out", make_plan(file(text.replace("5", "6")), folder))
    with made.taken():
        with pytest.raises(NeverError, match=r"1 of 2 runs .* \(a\); the values that they set have changed"):
            made.prepare(again=False)
        assert list(made.prepare(again=True)) == ["b"]


def test_sweep_files_and_earlier_runs_are_no_part_of_an_experiment(file: Any, folder: Path) -> None:
    (folder / "many.yaml").write_text("vary: {seed: [1]}", encoding="utf-8")
    (folder / "sweep-of-seeds.yaml").write_text("", encoding="utf-8")
    found = load(folder / "many.yaml")
    made = SweepFolder(folder / "here", make_plan(found, folder))
    with made.taken():
        made.prepare(again=False)
        assert {p.name for p in made.experiment.iterdir()} == {"experiment.yaml", "network.py"}
        assert made.experiment.parent.name == EXPERIMENT_FOLDER
        assert experiment.load(made.experiment).name == "simple"


def test_two_at_the_same_sweep(plan: Plan, tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path, plan)
    with folder.taken(), pytest.raises(NotNowError, match="a sweep is being run in"), folder.taken():
        pass


# --- the page of the documentation ------------------------------------------------------------------------

DOCS = Path(__file__).parents[1] / "docs" / "sweeps.md"


def test_the_documented_sweep_is_valid_and_every_key_explained(tmp_path: Path) -> None:
    page = DOCS.read_text(encoding="utf-8")
    text = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert text is not None
    (tmp_path / "gains.yaml").write_text(text[1], encoding="utf-8")
    found = load(tmp_path / "gains.yaml")
    assert len(list(combinations(found))) == 60 and "3 × 10 × 2 runs" in page
    plan = make_plan(found, shipped.examples()["one_joint_reflex"], ["record.spikes=none"])
    assert plan.runs[-1].name == "no_afferents,seed=10,scale=2.0"
    assert set(Sweep.model_fields) == set(
        re.findall(r"^\| `(\w+)` \|", page.split("## What comes out")[0], re.M)
    )
