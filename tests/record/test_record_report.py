"""The report: one file, complete, honest about what it leaves out, and about runs that went wrong."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sherrington.ports import Kind, Port, SpikeBatch
from sherrington.record import report_brain_portrait
from sherrington.record.report import write_report
from sherrington.record.store import PopulationInfo, Run, RunStore, open_run, write_json

VOID = {"meta", "link", "img", "br", "hr"}


class Page(HTMLParser):
    """Reads the page strictly enough to see that every element is closed, and keeps words and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.titles: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.addresses += [
            v or "" for k, v in attrs if k in {"src", "href", "xlink:href", "srcset", "action"}
        ]
        self.ids += [v or "" for k, v in attrs if k == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [v or "" for k, v in attrs if k in {"src", "href", "xlink:href"}]
        self.ids += [v or "" for k, v in attrs if k == "id"]

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"} and data.strip():
            self.words.append(data.strip())
            if self.open[-1] in {"h1", "h2", "h3"}:
                self.titles.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(self.words)


def rendered(run: Run) -> Page:
    write_report(run, run.folder / "report.html")
    return Page((run.folder / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("n_muscles", "n_joints"), [(2, 1), (20, 4)])
def test_everything_is_on_the_page(recorder: Callable[..., Any], n_muscles: int, n_joints: int) -> None:
    played = recorder(n_muscles=n_muscles, n_joints=n_joints)
    played.play(300)
    page = rendered(played.finish())
    lengths = "Muscle lengths" if n_muscles == 2 else "Muscle lengths, change from the start"
    wanted = ["swinging_limb", "Checks", "Brain", "Spikes", "Population rates", "Body", "Joint angles",
              "Muscle excitation", lengths, "Muscle forces", "Contact forces", "Pathways", "ia.rate",
              "Where the time went", "Phases of the run"]  # fmt: skip
    assert [title for title in page.titles if title in wanted] == wanted
    for word in ("0.934", "faster than real time", "123\u202f456", "push", "cut Ia", "time (ms)", "rad", "Hz",
                 "spikes/s", "muscle_01", f"joint_{n_joints - 1}", "ventral horn", "0.4100", "build brain",
                 "posture held, largest error", "< 0.1 rad", "Every check holds.", "h5py"):  # fmt: skip
        assert word in page.text, word
    assert "<by itself>" in page.text  # escaped, so the parser saw words and no element


def test_the_page_needs_nothing_else(recorder: Callable[..., Any]) -> None:
    played = recorder(n_muscles=20)
    played.play(100)
    run = played.finish()
    page = rendered(run)
    outside = [
        address for address in page.addresses if not address.startswith(("#", "data:image/png;base64,"))
    ]
    assert outside == []
    text = (run.folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"url\((?!#)|@import|<script|<link", text)
    assert len(page.ids) == len(set(page.ids))
    referred = [address[1:] for address in page.addresses if address.startswith("#")]
    referred += re.findall(r"url\(#([^)]+)\)", text)
    assert set(referred) <= set(page.ids)


def test_every_marker_colour_became_a_variable(recorder: Callable[..., Any]) -> None:
    played = recorder(n_muscles=10)
    played.play(100)
    run = played.finish()
    write_report(run, run.folder / "report.html")
    text = (run.folder / "report.html").read_text(encoding="utf-8")
    used = set(re.findall(r"var\((--[\w-]+)\)", text))
    light, dark = (set(re.findall(r"(--[\w-]+):", block)) for block in re.findall(r":root \{([^}]*)\}", text))
    assert used == light == dark
    assert not re.search(r"#f[de]01", text)


def one_population(folder: Path, n_spikes: int) -> Run:
    store = RunStore(folder, spikes={"p": PopulationInfo(500, {"p": 500}, "cortex")}, signals={})
    random = np.random.default_rng(3)
    times = np.sort(random.integers(1, 1_000_000_000, n_spikes))
    store.append_spikes("p", SpikeBatch(times, random.integers(0, 500, n_spikes)))
    store.close()
    return open_run(folder)


def test_thinning_is_stated_and_true(tmp_path: Path) -> None:
    run = one_population(tmp_path, 3 * report_brain_portrait.MAX_SPIKES)
    page = rendered(run)
    found = re.search(r"Thinned: ([\d,]+) of 60,000 spikes are drawn", page.text)
    assert found, page.text
    stated = int(found[1].replace(",", ""))
    assert abs(stated - report_brain_portrait.MAX_SPIKES) < 600
    assert "p 1/3" in " ".join(page.text.split())
    svg = (run.folder / "report.html").read_text(encoding="utf-8")
    raster = svg[svg.index('aria-label="spike raster"') : svg.index("Population rates")]
    longest = max(re.findall(r' d="([^"]*)"', raster), key=len)
    assert longest.count("M") == stated


def test_a_small_raster_is_whole(tmp_path: Path) -> None:
    page = rendered(one_population(tmp_path, 1234))
    assert "All 1,234 spikes" in page.text
    assert "Thinned" not in page.text


def test_a_killed_run_has_a_report(tmp_path: Path) -> None:
    page = rendered(one_population(tmp_path, 100))
    assert "This run never came to its end" in page.text
    assert "Spikes" in page.titles


@pytest.mark.parametrize(
    ("summary", "sentence"),
    [
        ({"completed": False, "stopped_because": "transfer function 'ia' returned NaN"},
         "Stopped before its end: transfer function 'ia' returned NaN"),
        ({"completed": True, "checks": [{"name": "latency", "value": 30.0, "bound": "< 20 ms", "holds": False}]},
         "Completed, but not every check holds."),
        ({"completed": True, "checks": []}, "Completed."),
    ],
)  # fmt: skip
def test_how_a_run_ended_is_said(tmp_path: Path, summary: dict[str, Any], sentence: str) -> None:
    one_population(tmp_path, 10)
    write_json(tmp_path / "summary.json", summary)
    assert sentence in rendered(open_run(tmp_path)).words


def test_a_run_without_any_data_has_a_report(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {"seed": 1})
    assert rendered(open_run(tmp_path)).titles[0] == tmp_path.name


def test_many_signals_are_cut_off_with_a_count(tmp_path: Path) -> None:
    ports = {f"pathway.p{i:03d}": Port(f"p{i}", Kind.SIGNAL, (1,), "Hz", ("all",)) for i in range(40)}
    store = RunStore(tmp_path, spikes={}, signals=ports)
    for step in range(1, 4):
        store.append_signals(step, dict.fromkeys(ports, np.ones(1)))
    store.close()
    page = rendered(open_run(tmp_path))
    assert len([title for title in page.titles if title.startswith("p0")]) == 12
    assert "28 more signals like these are in data.h5." in page.text


def test_many_channels_are_thinned_with_a_count(tmp_path: Path) -> None:
    order = tuple(f"n{i}" for i in range(1000))
    store = RunStore(
        tmp_path, spikes={}, signals={"brain.p.V_m:neuron": Port("V_m", Kind.SIGNAL, (1000,), "mV", order)}
    )
    for step in range(1, 4):
        store.append_signals(step, {"brain.p.V_m:neuron": np.linspace(-70, -50, 1000)})
    store.close()
    assert "One in 3 of 1,000 channels." in rendered(open_run(tmp_path)).text


def test_three_dimensional_and_constant_signals_are_drawn(tmp_path: Path) -> None:
    ports = {
        "body.contact_force": Port("f", Kind.SIGNAL, (2,), "N", ("hand", "floor")),
        "pathway.sites": Port("s", Kind.SIGNAL, (4, 3), "m", tuple("abcd")),
    }
    store = RunStore(tmp_path, spikes={}, signals=ports)
    for step in range(1, 2500):
        store.append_signals(
            step * 1_000_000,
            {"body.contact_force": np.zeros(2), "pathway.sites": np.full((4, 3), np.sin(step / 50))},
        )
    store.close()
    page = rendered(open_run(tmp_path))
    assert {"a x", "d z", "time (s)"} <= set(page.words)


def test_a_run_that_took_no_step_has_a_report_without_pictures(tmp_path: Path) -> None:
    RunStore(tmp_path, spikes={"p": PopulationInfo(5, {"p": 5}, "")}, signals={}).close()
    write_json(tmp_path / "summary.json", {"completed": False, "stopped_because": "NaN\nat 0 ms", "steps": 0})
    page = rendered(open_run(tmp_path))
    assert page.titles == [tmp_path.name]
    assert "Stopped before its end: NaN\nat 0 ms" in page.words


def test_the_picture_is_inside(recorder: Callable[..., Any]) -> None:
    run = recorder().finish()
    picture = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    (run.folder / "picture.png").write_bytes(picture)
    inside = [a.split(",", 1)[1] for a in rendered(run).addresses if a.startswith("data:image/png")]
    assert picture in [base64.b64decode(address) for address in inside]


def test_more_marks_than_labels_fit_are_numbered(recorder: Callable[..., Any]) -> None:
    played = recorder()
    played.play(100)
    run = played.finish()
    marks = [{"name": f"push {i}", "start_ms": 10.0 * i, "end_ms": 10.0 * i + 5} for i in range(6)]
    write_json(run.folder / "summary.json", run.summary | {"perturbations": marks, "interventions": []})
    page = rendered(open_run(run.folder))
    assert any(word.startswith("3 push 2, 20 to 25 ms") for word in page.words)
