"""The experiment file: schema, round trip, overrides, lines, files beside it, and the commands that read it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sherrington import shipped
from sherrington.errors import ExperimentError
from sherrington.experiment import dump, json_schema, load
from sherrington.resolve import open_experiment
from sherrington.sections import Experiment
from sherrington.yaml_file import read

BROKEN = Path(__file__).parent / "broken"
SCHEMA = jsonschema.Draft202012Validator(json_schema())

SMALL = """\
title: A small experiment
loop: {interval_ms: 1, duration_ms: 100}
brain:
  network: spinal_cord
  params: {antagonists: {flexor: [extensor], extensor: [flexor]}}
body: {model: one_joint}
pathways:
  motor:
    function: scale
    inputs: {signal: brain.MN.rate}
    outputs: {scaled: body.muscle_excitation}
    params: {gain: 0.01}
interventions:
  - {name: cut, at_ms: 20, populations: [Ia], action: silence}
  - {name: back, at_ms: 40, populations: [Ia], action: restore}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid experiment to change."""
    return make(tmp_path / "small")


def make(folder: Path, text: str = SMALL, **files: str) -> Path:
    folder.mkdir()
    (folder / "experiment.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content, encoding="utf-8")
    return folder


# --- schema -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped.examples())
def test_shipped_examples_are_valid_and_fit_the_schema(name: str) -> None:
    example = shipped.examples()[name]
    open_experiment(example)
    assert list(SCHEMA.iter_errors(read(example / "experiment.yaml").values)) == []


# Where a JSON Schema can know: keys, types, ranges, choices. Names, clocks and files are beyond it.
KNOWN_TO_SCHEMA = (
    *("unknown_key_at_top", "unknown_key_in_each_section", "key_of_another_section", "missing_keys"),
    *(
        "missing_sections",
        "number_with_unit",
        "number_in_quotes",
        "fraction_for_whole_number",
        "negative_values",
    ),
    *("too_large", "wrong_types", "yes_for_true", "choices", "empty_sections", "pathway_name_with_dot"),
    *("name_with_space", "force_of_two_numbers", "port_is_a_number", "port_with_wrong_options", "no_outputs"),
    *("record_neither_word_nor_list", "interval_too_short", "interval_too_long"),
)


@pytest.mark.parametrize("case", KNOWN_TO_SCHEMA)
def test_schema_refuses_what_loading_refuses(case: str) -> None:
    values = read(BROKEN / case / "experiment.yaml").values
    places = {".".join(map(str, error.absolute_path)) for error in SCHEMA.iter_errors(values)}
    assert places
    with pytest.raises(ExperimentError):
        load(BROKEN / case)


def test_schema_explains_every_key() -> None:
    schema = json_schema()
    sections = [schema, *schema["$defs"].values()]
    keys = [(s["title"], name, key) for s in sections for name, key in s.get("properties", {}).items()]
    assert len(keys) > 40
    assert [(section, name) for section, name, key in keys if not key.get("description")] == []


# --- round trip -------------------------------------------------------------------------------------------

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_\-]{0,8}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=1e-6, max_value=1e6)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
params = st.dictionaries(texts, plain, max_size=3)
ports = texts | st.fixed_dictionaries(
    {"port": texts},
    optional={"per": st.sampled_from(["channel", "neuron"]), "tau_ms": positive, "weight": numbers},
)
pathways = st.fixed_dictionaries(
    {"function": texts, "outputs": st.dictionaries(texts, ports, min_size=1, max_size=2)},
    optional={
        "inputs": st.dictionaries(texts, ports, max_size=2),
        "params": params,
        "delay_ms": positive,
        "gain": numbers,
        "noise": st.none() | st.fixed_dictionaries({"std": positive}),
    },
)
perturbations = st.fixed_dictionaries(
    {"name": names, "at_ms": positive, "duration_ms": positive},
    optional={
        "joint_torque_Nm": st.dictionaries(texts, numbers, max_size=2),
        "body_force_N": st.dictionaries(texts, st.lists(numbers, min_size=3, max_size=3), max_size=2),
    },
)
experiments = st.fixed_dictionaries(
    {
        "title": texts,
        "loop": st.fixed_dictionaries(
            {"interval_ms": st.floats(0.1, 200.0) | st.integers(1, 200), "duration_ms": positive},
            optional={"mode": st.sampled_from(["lockstep", "pipelined"]), "realtime": st.booleans()},
        ),
        "brain": st.fixed_dictionaries({"network": texts}, optional={"params": params, "scale": positive}),
        "body": st.fixed_dictionaries(
            {"model": texts}, optional={"initial_rad": st.dictionaries(texts, numbers, max_size=2)}
        ),
        "pathways": st.dictionaries(names, pathways, max_size=2),
    },
    optional={
        "description": texts,
        "seed": st.integers(0, 2**31 - 1),
        "perturbations": st.lists(perturbations, max_size=2),
        "record": st.fixed_dictionaries(
            {}, optional={"spikes": st.sampled_from(["all", "none"]) | st.lists(texts, max_size=2)}
        ),
        "check": st.none() | texts,
    },
)


@given(experiments)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_dumped_loads_as_the_same(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    experiment = Experiment.model_validate(values)
    assert list(SCHEMA.iter_errors(values)) == []
    folder = tmp_path_factory.mktemp("dumped")
    (folder / "experiment.yaml").write_text(dump(experiment), encoding="utf-8", newline="")
    assert load(folder).experiment == experiment


wrong = st.sampled_from(
    [None, 5, -1.5, math.nan, math.inf, True, "", "5 ms", "a.b:c", [], [1], {}, {"a": 1}, 10**400]
)


@given(path=st.data(), value=wrong)
@settings(max_examples=200, deadline=None)
def test_any_value_anywhere_gives_problems_or_an_experiment(
    tmp_path_factory: pytest.TempPathFactory, path: st.DataObject, value: Any
) -> None:
    """Never anything but an ExperimentError, however wrong the file is."""
    folder = make(tmp_path_factory.mktemp("fuzzed") / "small")
    values: Any = read(folder / "experiment.yaml").values
    node = values
    while True:
        key = path.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], dict | list) or not node[key] or path.draw(st.booleans()):
            break
        node = node[key]
    node[key] = value
    (folder / "experiment.yaml").write_text(
        json.dumps(values).replace("NaN", ".nan").replace("Infinity", ".inf")
    )
    try:
        open_experiment(folder)
    except ExperimentError as error:
        assert error.problems


# --- overrides and lines ----------------------------------------------------------------------------------


def test_overrides_reach_sections_lists_and_keys_that_were_not_there(folder: Path) -> None:
    source = load(
        folder, ["loop.interval_ms=0.5", "interventions.1.at_ms=60", "brain.scale=0.5", "record.spikes=[MN]"]
    )
    assert source.experiment.loop.interval_ms == 0.5
    assert source.experiment.interventions[1].at_ms == 60
    assert source.experiment.brain.scale == 0.5
    assert source.experiment.record.spikes == ["MN"]


def test_an_override_can_replace_a_whole_list_or_section(folder: Path) -> None:
    port = "{port: brain.MN.count, per: population}"
    source = load(folder, ["interventions=[]", f"pathways.motor.inputs.signal={port}"])
    assert source.experiment.interventions == []
    assert open_experiment(folder, [f"pathways.motor.inputs.signal={port}"]).pathways[0].inputs[0].port == (
        "MN.count:population"
    )


def test_a_value_is_read_as_in_the_file(folder: Path) -> None:
    assert load(folder, ["title=5 ms"]).experiment.title == "5 ms"
    assert load(folder, ["title='5'"]).experiment.title == "5"
    assert load(folder, ["title=a=b"]).experiment.title == "a=b"
    assert load(folder, ["title=2020-01-01"]).experiment.title == "2020-01-01"


def test_the_order_of_overrides_does_not_matter_as_none_is_given_twice(folder: Path) -> None:
    with pytest.raises(ExperimentError, match="'seed' is set twice"):
        load(folder, ["seed=1", "seed=1"])


def test_problems_know_their_line(folder: Path) -> None:
    with pytest.raises(ExperimentError) as error:
        open_experiment(folder, ["pathways.motor.params.gain=x"])
    assert error.value.problems[0].line == 0, "from the command line, so in no line of the file"
    text = SMALL.replace("[Ia], action: restore", "[Ix], action: restore").replace("gain: 0.01", "gain: x")
    (folder / "experiment.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ExperimentError) as error:
        open_experiment(folder)
    assert [(p.line, p.key) for p in error.value.problems] == [
        (12, "pathways.motor.params.gain"),
        (15, "interventions.1.populations.0"),
    ]


def test_a_run_cut_short_from_the_command_line_leaves_out_what_comes_later(folder: Path) -> None:
    assert [c.name for c in open_experiment(folder).changes] == ["cut", "back"]
    assert [c.name for c in open_experiment(folder, ["loop.duration_ms=30"]).changes] == ["cut"]


def test_anchors_and_merged_sections(folder: Path) -> None:
    text = SMALL.replace("[flexor]}}\n", "[flexor]}}\n", 1).replace("  motor:\n", "  motor: &motor\n")
    text = text.replace("interventions:", "  slower: {<<: *motor, interval_ms: 2}\ninterventions:")
    (folder / "experiment.yaml").write_text(text, encoding="utf-8")
    pathways = open_experiment(folder).pathways
    assert [(p.name, p.interval_ns, dict(p.params)) for p in pathways] == [
        ("motor", 1_000_000, {"gain": 0.01}),
        ("slower", 2_000_000, {"gain": 0.01}),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_key(folder: Path) -> None:
    (folder / "experiment.yaml").write_text(SMALL, encoding="utf-8-sig")
    assert load(folder).experiment.title == "A small experiment"


# --- ports ------------------------------------------------------------------------------------------------


def test_one_quantity_with_two_weights_is_two_ports(folder: Path) -> None:
    text = SMALL.replace(
        "interventions:",
        "  weak: {function: constant, params: {value: 5}, outputs: {value: brain.DC.rate}}\n"
        "  strong:\n"
        "    function: constant\n"
        "    params: {value: 5}\n"
        "    outputs: {value: {port: brain.DC.rate, weight: 2.5, receptor: 1}}\n"
        "interventions:",
    )
    (folder / "experiment.yaml").write_text(text, encoding="utf-8")
    written = open_experiment(folder).brain_ports(writes=True)
    assert [(p.port.name, p.weight, p.receptor) for p in written] == [
        ("DC.rate", 1.0, 0),
        ("DC.rate:weight=2.5:receptor=1", 2.5, 1),
    ]


def test_a_recordable_takes_any_unit(folder: Path) -> None:
    for quantity in ("V_m", "I_syn_ex", "something_of_a_nestml_model"):
        open_experiment(folder, [f"pathways.motor.inputs.signal=brain.MN.{quantity}"])


def test_the_smallest_scale_keeps_a_neuron_in_every_population(folder: Path) -> None:
    sizes = [p.size for p in open_experiment(folder, ["brain.scale=1e-9"]).network.populations.values()]
    assert min(sizes) == 2, "one for each of two muscles"


# --- files beside the experiment --------------------------------------------------------------------------

OWN = (
    SMALL.replace("function: scale", "function: control.py:act")
    .replace("gain: 0.01", "{}")
    .replace("{{}}", "{}")
)
CONTROL = """\
from sherrington import transfer
from helper import FACTOR


@transfer(inputs={"signal": "Hz"}, outputs={"scaled": "1"})
def act(signal):
    from late import OFFSET

    return FACTOR * signal + OFFSET
"""


def test_two_experiments_may_have_files_of_the_same_name(tmp_path: Path) -> None:
    made = [
        make(tmp_path / f"e{i}", OWN, control=CONTROL, helper=f"FACTOR = {i}", late=f"OFFSET = {i / 10}")
        for i in (1, 2)
    ]
    for number, folder in ((1, made[0]), (2, made[1]), (1, made[0])):
        act = open_experiment(folder).pathways[0].transfer.call
        assert act(10.0) == 10 * number + number / 10


def test_a_file_that_was_changed_is_read_again(tmp_path: Path) -> None:
    text = CONTROL.replace("from helper import FACTOR\n", "FACTOR = 1\n").replace(
        "    from late import OFFSET\n", ""
    )
    text = text.replace(" + OFFSET", "")
    folder = make(tmp_path / "changing", OWN, control=text)
    assert open_experiment(folder).pathways[0].transfer.call(10.0) == 10.0
    (folder / "control.py").write_text(text.replace("FACTOR = 1", "FACTOR = 3"), encoding="utf-8")
    assert open_experiment(folder).pathways[0].transfer.call(10.0) == 30.0


def test_a_file_beside_the_experiment_takes_the_place_of_no_library(tmp_path: Path) -> None:
    text = CONTROL.replace("helper", "colorsys").replace("FACTOR", "hls_to_rgb")
    folder = make(tmp_path / "shadow", OWN, control=text, colorsys="raise RuntimeError('not the library')")
    assert open_experiment(folder).pathways[0].name == "motor"


def test_a_file_in_a_folder_below(tmp_path: Path) -> None:
    folder = make(tmp_path / "deeper", OWN.replace("control.py", "code/control.py"))
    (folder / "code").mkdir()
    (folder / "code" / "control.py").write_text(CONTROL, encoding="utf-8")
    (folder / "code" / "helper.py").write_text("FACTOR = 7", encoding="utf-8")
    assert open_experiment(folder).pathways[0].transfer.name == "act"
    assert not list(folder.rglob("__pycache__")), "looking at an experiment writes nothing"


# --- commands ---------------------------------------------------------------------------------------------


def sherrington(*words: str | Path, status: int = 0) -> str:
    command = [sys.executable, "-m", "sherrington.cli", *map(str, words)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == status, answer.stderr
    return answer.stdout if status == 0 else answer.stderr


def test_validate(folder: Path) -> None:
    neurons = open_experiment(folder, ["brain.scale=0.1"]).network.n_neurons
    assert sherrington("validate", folder, "--set", "brain.scale=0.1") == (
        f"{folder}/experiment.yaml: valid; 9 populations, {neurons} neurons, 2 muscles, 1 pathways\n"
    )


def test_info_and_schedule(folder: Path) -> None:
    told = sherrington("info", folder)
    assert "A small experiment" in told
    assert "iaf_psc_exp" in told
    schedule = sherrington("info", folder, "--schedule")
    assert "One cycle every 1 ms, lockstep, 100 cycles in 100 ms." in schedule
    assert "brain.MN.rate -> motor (scale every 1 ms) -> delay 0 ms -> body.muscle_excitation" in schedule


def test_list_names_everything_that_ships() -> None:
    told = sherrington("list")
    for table in (shipped.NETWORKS, shipped.BODIES, shipped.FUNCTIONS, shipped.examples()):
        for name in table:
            assert f"\n  {name} " in told


def test_schema_is_printed() -> None:
    assert json.loads(sherrington("schema")) == json_schema()


def test_new_makes_a_valid_experiment_and_never_overwrites(tmp_path: Path) -> None:
    sherrington("new", tmp_path / "mine")
    assert "valid" in sherrington("validate", tmp_path / "mine")
    assert "exists already" in sherrington("new", tmp_path / "mine", status=2)
    unknown = sherrington("new", tmp_path / "other", "--like", "one_join_reflex", status=2)
    assert "no shipped example 'one_join_reflex'; there are: " in unknown
    assert not (tmp_path / "other").exists()
