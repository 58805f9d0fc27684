"""Targets: the file and its messages, what they have, and requests that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from cluster_rig import sherrington

from sherrington.errors import ExperimentError, NeverError, NotNowError
from sherrington.launch import limits
from sherrington.launch.submit import Request, submit
from sherrington.launch.target import Target, find_target, load_targets, machine_of
from sherrington.launch.times import seconds_of, time_text
from sherrington.plan.shape import Shape
from sherrington.request import Dial
from sherrington.resolve import open_experiment


def lines(file: Path, text: str) -> list[str]:
    """What is said of a targets file, without its folder."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ExperimentError) as error:
        load_targets()
    return str(error.value).replace(f"{file.parent}/", "").splitlines()


def test_this_machine_needs_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SHERRINGTON_TARGETS")
    monkeypatch.setenv("HOME", str(tmp_path))
    local = load_targets()["local"]
    assert (local.executor, local.nodes) == ("local", 1)
    assert machine_of("local", local).cores == local.cores_per_node


def test_a_file_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHERRINGTON_TARGETS", "/nowhere.yaml")
    with pytest.raises(
        NeverError, match=r"\$SHERRINGTON_TARGETS names /nowhere.yaml, and there is no such file"
    ):
        load_targets()


def test_a_target_and_what_it_has(targets: Path) -> None:
    targets.write_text(
        "targets:\n  big: {executor: pbs, nodes: 8, cores_per_node: 64, memory_gib_per_node: 128, "
        "price_per_node_hour: 0.5, currency: CHF}\n",
        encoding="utf-8",
    )
    machine = machine_of("big", find_target("big"))
    assert (machine.nodes, machine.cores, machine.memory_mib) == (8, 64, 128 * 1024)
    assert (machine.price, machine.currency, machine.local) == (0.5, "CHF", False)
    listed = sherrington("targets")
    assert "0.5 CHF" in listed.stdout, listed.stderr


def test_what_the_plan_needs_is_named(targets: Path) -> None:
    targets.write_text("targets:\n  big: {executor: lsf, nodes: 8}\n", encoding="utf-8")
    with pytest.raises(
        NeverError, match="target 'big' does not say its cores_per_node, memory_gib_per_node; add"
    ):
        machine_of("big", find_target("big"))


def test_every_problem_with_its_line(targets: Path) -> None:
    found = lines(
        targets,
        """targets:
  here:
    executor: local
    queue: long
  there:
    executor: slurn
    node: 3
  far:
    executor: pbs
    launcher: srun
    longest: 24h
""",
    )
    assert found[0] == "2 problems in this targets file"
    assert found[1].startswith("targets.yaml:6: targets.there.executor: text 'slurn' is not allowed")
    assert found[3].startswith("targets.yaml:7: targets.there.node: unknown key 'node'")
    found = lines(targets, targets.read_text().replace("slurn", "slurm").replace("    node: 3\n", ""))
    assert [line.partition(": ")[2] for line in found[1::2]] == [
        "targets.here.queue: this machine has no scheduler, and so no queue",
        "targets.far.launcher: srun belongs to Slurm, and the executor is pbs",
        "targets.far.longest: text '24h' is no time",
    ]


def test_a_target_that_there_is_not() -> None:
    with pytest.raises(
        NeverError, match=r"no target 'clutser'; did you mean 'cluster'\? there are: local, cluster"
    ):
        find_target("clutser")


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:30:00", 1800), ("1-12:00:00", 129600), ("100:00:01", 360001)]
)
def test_times(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds
    assert seconds_of(time_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["30", "00:60:00", "1h", "", "-1:00:00"])
def test_no_times(text: str) -> None:
    with pytest.raises(NeverError, match="is no time; write hours, minutes and seconds: 00:30:00"):
        seconds_of(text)


def refused(target: Target, shape: Shape, limit_s: int = 60) -> list[str]:
    with pytest.raises(NeverError) as error:
        limits.check("big", target, shape, limit_s)
    return str(error.value).splitlines()


def test_requests_that_a_target_cannot_serve(targets: Path) -> None:
    big = Target(executor="pbs", nodes=2, cores_per_node=8, longest="01:00:00")
    assert refused(big, Shape(3, 3, 3), 7200) == [
        "target 'big' cannot run this:",
        f"  --nodes 3: there are 2 nodes ({targets})",
        f"  --ranks-per-node 3 x --threads 3 take 9 cores of a node: it has 8 ({targets})",
        f"  --time 02:00:00: the longest is 01:00:00 ({targets})",
    ]
    limits.check("big", big, Shape(2, 4, 2), 3600)
    assert (
        refused(load_targets()["local"], Shape(nodes=2))[1] == "  --nodes 2: there is 1 node (this machine)"
    )


def test_a_run_that_dials_out_needs_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    local = load_targets()["local"]
    with pytest.raises(NeverError, match="--connect is no WebSocket address"):
        limits.check("local", local, Shape(), 60, Dial("http://example.org"))
    with pytest.raises(NeverError, match="--connect needs a one-time token; put it into the environment as"):
        limits.check("local", local, Shape(), 60, Dial("wss://example.org/runs"))
    monkeypatch.setenv("SHERRINGTON_TOKEN", "once")
    limits.check("local", local, Shape(), 60, Dial("wss://example.org/runs"))


def test_one_rank_for_an_engine_that_knows_no_more(experiment: Path) -> None:
    with pytest.raises(
        NeverError, match=r"brain.engine: closed_form runs on one rank with one thread, asked were"
    ):
        limits.check_split(open_experiment(experiment), Shape(ranks_per_node=2))


def test_virtual_processes_must_be_ranks_times_threads() -> None:
    resolved = open_experiment(Path(__file__).parents[2] / "examples" / "one_joint_reflex")
    with pytest.raises(NeverError) as error:
        limits.check_split(resolved, Shape(2, 1, 2))
    assert str(error.value) == (
        "--nodes 2 x --ranks-per-node 1 x --threads 2 make 4 virtual processes, and the experiment has "
        "brain.virtual_processes: 1; choose a shape with 1, or --set brain.virtual_processes=4, which draws other "
        "random numbers"
    )


def test_nothing_is_written_for_a_wrong_experiment(experiment: Path, tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match=r"loop\.interval_ms"):
        submit(Request(experiment, "local", Shape(), 60, ("loop.interval_ms=-1",), tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()


def test_slurm_without_its_programs(
    experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        NotNowError, match="target 'cluster': there is no program sinfo here; ask on a login node"
    ):
        submit(Request(experiment, "cluster", Shape(), 60, (), tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()
