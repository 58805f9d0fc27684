"""docs/connection.md says what the classes say, and every message can be written and read again."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

from sherrington.service import messages

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "connection.md").read_text(encoding="utf-8")
KINDS = [model for union in (messages.Said, messages.Asked) for model in get_args(get_args(union)[0])]


def test_the_tables_are_those_of_the_classes() -> None:
    spec = importlib.util.spec_from_file_location("connection_messages", DOCS / "connection_messages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.tables() in PAGE, "run: python docs/connection_messages.py"


def test_every_kind_is_on_the_page_once_and_every_field_has_a_meaning() -> None:
    assert len({model.model_fields["kind"].default for model in KINDS}) == len(KINDS) >= 20
    for model in KINDS:
        assert PAGE.count(f"**`{model.model_fields['kind'].default}`**") == 1
        for name, info in model.model_fields.items():
            assert name == "kind" or info.description, f"{model.__name__}.{name}"


def test_the_numbers_on_the_page_are_those_of_the_code() -> None:
    from sherrington.telemetry import caller, commands, dial, observer, outbox, signals

    text = " ".join(PAGE.split())
    for said in (
        f"Events: {outbox.EVENT_BYTES >> 20} MiB. Spikes and signals: {outbox.DATA_BYTES >> 20} MiB",
        f"more than {observer.BUSY_SHARE:.0%}".replace("%", " %"),
        f"above {signals.VALUES_PER_S:,} values a second",
        f"after {caller.FIRST_WAIT_S:g} s, twice as long each time up to {caller.LONGEST_WAIT_S:g} s",
        f"a ping every {dial.PING_S:g} s and drops a connection that does not answer within {dial.PONG_S:g} s",
        f"takes a message for longer than {dial.SEND_S:g} s",
        f"more than {dial.MOST_BYTES >> 20} MiB ends",
        f"more than {dial.CONTROL_FRAMES_PER_S} pings a second",
        f"{caller.MESSAGES_PER_S:g} messages a second are taken in, after a burst of {caller.BURST:g}",
        f"{commands.MOST_WAITING} commands may wait",
        messages.SUBPROTOCOL,
    ):
        assert said in text, said


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (DOCS / target).exists(), target


def test_the_messages_import_nothing_heavy() -> None:
    program = (
        "import sys, sherrington.service.messages\n"
        "print(*sorted({'websockets', 'numpy', 'nest', 'mujoco', 'h5py'} & sys.modules.keys()))"
    )
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert answer.stdout.split() in ([], ["numpy"])  # the package itself imports numpy for its public names
