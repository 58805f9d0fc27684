"""The other side is gone, slow or hostile: the run goes on as if nobody watched, and says what it could not tell."""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from service_rig import DATA, SESSION, TOKEN, LinkedRig, Service, converse, greet, wait_for
from websockets.sync.server import ServerConnection

from sherrington.errors import NeverError
from sherrington.service import messages
from sherrington.service.frames import Cargo
from sherrington.service.messages import Log, Poses, Spikes, SpikeTrain
from sherrington.telemetry import dial
from sherrington.telemetry.actions import Actions
from sherrington.telemetry.address import check_url
from sherrington.telemetry.outbox import Outbox, Parcel

MakeLinked = Any
LONG = {"loop": {"duration_ms": 600_000.0}}


def _goes_on(rig: LinkedRig, cycles: int = 200) -> None:
    """So many cycles more."""
    until = rig.rig.loop.cycle_count + cycles
    wait_for(lambda: rig.rig.loop.cycle_count > until, "cycles")


# --- gone ---


def _gone_and_back(service: Service, rig: LinkedRig, seconds: float) -> None:
    with rig.running():
        wait_for(lambda: service.of("spikes"))
        service.stop()
        time.sleep(seconds)
        _goes_on(rig)
        told = len(service.messages)
        service.start()
        wait_for(lambda: len(service.hellos) == 2, "the second call")
        wait_for(lambda: len(service.messages) > told + 20)


def test_a_server_that_comes_back_gets_what_it_missed(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(**LONG)
    _gone_and_back(service, rig, 2.0)
    summary = rig.finish()
    assert service.hellos[1]["session"] == SESSION and service.hellos[1]["token"] is None
    assert summary["connections"] == 2 and summary["dropped"] == {}
    numbers = [m.seq for m in service.messages if m.kind in DATA]
    assert numbers == list(range(1, len(numbers) + 1)), "not one is missing, twice or out of order"
    spikes = service.of("spikes")
    assert all(a.time_ns == b.from_ns for a, b in itertools.pairwise(spikes))
    assert len(service.of("experiment")) == len(service.of("ports")) == 2


@pytest.mark.slow
def test_a_server_that_is_gone_for_a_minute(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(**LONG)
    _gone_and_back(service, rig, 60.0)
    summary = rig.finish()
    spikes = service.of("spikes")
    gaps = sum(b.seq - a.seq - 1 for a, b in itertools.pairwise(spikes))
    assert gaps == summary["dropped"].get("spikes", 0)
    assert summary["connections"] == 2


def test_what_found_no_room_is_counted_and_told(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(**LONG)
    rig.link._outbox._data._limit = 20_000
    with rig.running():
        wait_for(lambda: service.of("spikes"))
        service.stop()
        time.sleep(1.5)
        service.start()
        wait_for(lambda: len(service.hellos) == 2)
        wait_for(lambda: any(p.dropped.get("spikes") for p in service.of("progress")), "the number dropped")
    summary = rig.finish()
    numbers = [m.seq for m in service.messages if m.kind in DATA]
    missing = numbers[-1] - len(numbers)
    assert numbers == sorted(set(numbers)) and missing == summary["dropped"]["spikes"] > 0


def test_a_run_whose_server_never_comes(linked: MakeLinked) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{taken.getsockname()[1]}/"
        rig: LinkedRig = linked(url=url, loop={"duration_ms": 300.0})
        rig.watched().begin().join()
        began = time.monotonic()
        summary = rig.finish(timeout_s=0.5)
    assert time.monotonic() - began < 20.0  # not a measure of speed: it must not hang
    assert summary["connections"] == 0 and summary["connected_s"] == 0.0 and "Refused" in summary["error"]
    assert len(rig.rig.recorded().spikes("drive")) > 100


# --- slow ---


def stalled(connection: ServerConnection, service: Service) -> None:
    """Accepts, then reads no more: its library's thread stops when its queue is full."""
    greet(connection, service)
    connection.recv_flow_control.acquire()
    try:
        wait_for(lambda: service.stopping)
    finally:
        connection.recv_flow_control.release()


def test_a_server_that_never_reads(service: Service, linked: MakeLinked) -> None:
    service.behaviour = stalled
    rig: LinkedRig = linked(**LONG)
    rig.link._outbox._data._limit = 200_000
    with rig.running():
        wait_for(lambda: service.hellos)
        for _ in range(600):  # more than the sockets between hold
            rig.link.log("x" * 16_000)
        _goes_on(rig, 2000)
        wait_for(lambda: rig.link.summary()["dropped"], "something dropped")
        assert rig.link._outbox.size < 3_000_000
    began = time.monotonic()
    summary = rig.finish(timeout_s=0.5)
    assert time.monotonic() - began < 20.0
    assert summary["failure"] == ""


# --- hostile ---


def _closes(connection: ServerConnection, service: Service) -> None:
    connection.close()


def _never_answers(connection: ServerConnection, service: Service) -> None:
    connection.recv()
    connection.recv()


def _answers(answer: str | bytes) -> Callable[[ServerConnection, Service], None]:
    def behave(connection: ServerConnection, service: Service) -> None:
        connection.recv()
        connection.send(answer)
        connection.recv(5)

    return behave


def _sends(*data: str | bytes) -> Callable[[ServerConnection, Service], None]:
    def behave(connection: ServerConnection, service: Service) -> None:
        greet(connection, service)
        for each in data:
            connection.send(each)
        for _ in connection:
            pass

    return behave


def _sends_no_text(connection: ServerConnection, service: Service) -> None:
    greet(connection, service)
    connection.send(b'{"kind": "pause", "id": "\xff"}', text=True)
    for _ in connection:
        pass


ACCEPTED = {"kind": "accepted", "session": SESSION}
HOSTILE = {
    "closes at once": _closes,
    "garbage": _answers(b"\x00\xff" * 500),
    "no JSON": _answers("}{"),
    "another message": _answers('{"kind": "pause", "id": "1"}'),
    "session too short": _answers('{"kind": "accepted", "session": "x"}'),
    "numbers that are none": _answers(json.dumps({**ACCEPTED, "data": -1})),
    "huge answer": _answers("x" * (2 << 20)),
    "deep answer": _answers("[" * 100_000),
    "huge message": _sends("x" * (2 << 20)),
    "wrong utf-8": _sends_no_text,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_server_is_left_and_dialled_again(what: str, service: Service, linked: MakeLinked) -> None:
    service.behaviour = HOSTILE[what]
    rig: LinkedRig = linked(**LONG)
    with rig.running():
        wait_for(lambda: service.dialled >= 2, "another call")
        service.behaviour = converse
        wait_for(lambda: len(service.of("spikes")) > 3, "a stream")
        service.done("stop")
        rig.join()
    assert rig.rig.loop.stopped_because == "stopped on request"
    assert rig.finish()["gave_up"] == ""


NONSENSE = [
    "", "null", "[]", "1e999", '{"kind": "pause"}', '{"kind": "eval", "id": "1", "code": "1"}', '{"id": "1"}',
    '{"kind": "__class__", "id": "1"}', '{"kind": "do", "id": "1"}', '{"kind": "hello", "id": "1"}',
    json.dumps(ACCEPTED), '{"kind": "refused", "reason": "no", "final": true}',
    json.dumps({"kind": "pause", "id": "x" * 1000}), json.dumps({"kind": "pause", "id": 1}),
    json.dumps({"kind": "subscribe", "id": "1", "signals": [{"name": "a", "interval_ms": 1}] * 100}),
    json.dumps({"kind": "swap", "id": "1", "pathway": "a", "function": "f", "code": "x" * 300_000}),
    b"\x00" * 100, b"\xff\xfe", "[" * 5000, '{"a":' * 5000,
]  # fmt: skip


def test_nonsense_is_refused_and_the_connection_stays(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(**LONG)
    with rig.running():
        wait_for(lambda: service.connection)
        assert service.connection is not None
        for data in NONSENSE:
            service.connection.send(data)
        service.done("stop")
        rig.join()
    answers = service.of("answer")
    assert len(answers) == len(NONSENSE) + 1 and not any(a.ok for a in answers[:-1])
    summary = rig.finish()
    assert summary["commands"] == {"done": 1, "refused": len(NONSENSE), "unread": len(NONSENSE)}
    assert summary["connections"] == 1


def test_a_flood_of_commands_is_taken_in_slowly(service: Service, linked: MakeLinked) -> None:
    rig: LinkedRig = linked(**LONG)
    with rig.running():
        wait_for(lambda: service.connection)

        def flood() -> None:
            connection = service.connection
            assert connection is not None
            try:
                for i in range(10**7):
                    connection.send(json.dumps({"kind": "resume", "id": str(i), "who": "x" * 200}))
            except OSError:
                return
            except Exception as error:  # noqa: BLE001
                assert "Connection" in type(error).__name__

        thread = threading.Thread(target=flood, daemon=True)
        began = time.monotonic()
        thread.start()
        _goes_on(rig, 1000)
        time.sleep(1.0)
        lasted_s = time.monotonic() - began
        done = rig.link.summary()["commands"].get("done", 0)
        assert 0 < done <= 60 + 110 * lasted_s
        assert rig.link._outbox.size < 20_000_000
        service.stop()
        thread.join(30)
    assert rig.rig.loop.stopped_because == "stopped on request"


def test_a_flood_of_pings_ends_the_connection(service: Service, linked: MakeLinked) -> None:
    def pings(connection: ServerConnection, service: Service) -> None:
        greet(connection, service)
        while True:
            with connection.send_context():
                connection.protocol.send_ping(struct.pack("!I", service.dialled))

    service.behaviour = pings
    rig: LinkedRig = linked(**LONG)
    with rig.running():
        wait_for(lambda: service.dialled >= 2, "another call")
        _goes_on(rig)


def test_a_final_refusal_is_final(service: Service, linked: MakeLinked) -> None:
    service.behaviour = _answers(json.dumps({"kind": "refused", "reason": "token is used up", "final": True}))
    rig: LinkedRig = linked(**LONG)
    with rig.running():
        wait_for(lambda: rig.link.summary()["gave_up"], "giving up")
        _goes_on(rig)
    assert rig.finish()["gave_up"] == "refused: token is used up" and service.dialled == 1


@pytest.mark.parametrize("subprotocol", ["chat", ""])
def test_another_protocol_is_told_nothing(subprotocol: str, linked: MakeLinked) -> None:
    said: list[str | bytes] = []

    def listen(connection: ServerConnection, service: Service) -> None:
        said.append(connection.recv())

    with Service(subprotocol=subprotocol, behaviour=listen) as other:
        rig: LinkedRig = linked(url=other.url, **LONG)
        with rig.running():
            error = wait_for(lambda: rig.link.summary()["error"], "an error")
            _goes_on(rig)
        rig.finish(0.2)
    assert said == [] and ("400" in error or "does not speak" in error)


@contextmanager
def _raw(behave: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that speaks no WebSocket; its address, and what it was sent."""
    got: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with client:
                got.append(client.recv(65536))
                try:
                    behave(client)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/", got
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def test_a_redirect_is_not_followed(service: Service, linked: MakeLinked) -> None:
    def redirect(client: socket.socket) -> None:
        client.sendall(f"HTTP/1.1 302 Found\r\nLocation: {service.url}\r\nContent-Length: 0\r\n\r\n".encode())

    with _raw(redirect) as (url, got):
        rig: LinkedRig = linked(url=url, **LONG)
        with rig.running():
            wait_for(lambda: len(got) >= 2, "another call")
        rig.finish(0.2)
    assert service.dialled == 0 and "302" in rig.link.summary()["error"]
    assert TOKEN.encode() not in b"".join(got)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\n\r\n", b"\x16\x03\x01" * 100, b"A" * 200_000, b""])
def test_what_is_no_websocket_server(answer: bytes, linked: MakeLinked) -> None:
    with _raw(lambda client: client.sendall(answer)) as (url, got):
        rig: LinkedRig = linked(url=url, **LONG)
        with rig.running():
            wait_for(lambda: len(got) >= 2, "another call")
            _goes_on(rig)
        rig.finish(0.2)
    assert TOKEN.encode() not in b"".join(got)


def test_a_handshake_that_never_ends(linked: MakeLinked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "OPEN_S", 1.0)

    def trickle(client: socket.socket) -> None:
        for byte in b"HTTP/1.1 101 Switching Protocols\r\n" * 3:
            client.sendall(bytes([byte]))
            time.sleep(0.05)

    with _raw(trickle) as (url, got):
        rig: LinkedRig = linked(url=url, **LONG)
        with rig.running():
            wait_for(lambda: len(got) >= 2, "another call")
            _goes_on(rig)
        rig.finish(0.2)


# --- addresses and the token ---


@pytest.mark.parametrize(
    "url",
    ["ws://example.org/", "ws://10.0.0.5:80/", "http://localhost/", "wss://", "ws://localhost:x/", "nonsense",
     "wss://u:p@example.org/", "wss://example.org/?token=1", "wss://example.org/#a", "ws://localhost.example.org/"],
)  # fmt: skip
def test_addresses_that_are_not_allowed(url: str) -> None:
    with pytest.raises(NeverError, match=r"--connect|ws://"):
        check_url(url)


def test_addresses_that_are_allowed() -> None:
    for url in ("ws://localhost:1/a", "ws://127.0.0.1/", "ws://[::1]:80/", "wss://example.org/runs"):
        check_url(url)
    check_url("ws://10.0.0.5:80/", allow_plain=True)


def test_every_command_has_its_action() -> None:
    kinds = {c.model_fields["kind"].default for c in messages.Command.__subclasses__()}
    assert kinds == {name for name in vars(Actions) if not name.startswith("_")} - {"do"}


def test_memory_is_bounded_with_nobody_there() -> None:
    box, largest = Outbox(event_bytes=100_000, data_bytes=1_000_000), 0
    for i in range(20_000):
        cargo = Cargo()
        spikes = cargo.counts(np.arange(500))
        train = SpikeTrain(population="a", count=500, one_in=1, shown=500)
        message = Spikes(from_ns=i, time_ns=i + 1, trains=[train], times=spikes, neurons=spikes)
        box.put(Parcel(message, cargo))
        box.put(Parcel(Log(text="y" * 100), text_bytes=100))
        pose = Cargo()
        places = dict.fromkeys(("positions", "quaternions", "activations"), pose.floats(np.zeros((9, 3))))
        box.put(Parcel(Poses(time_ns=i, **places), pose))
        largest = max(largest, box.size)
    assert 1_000_000 < largest < 1_110_000
    counts = box.counts()
    assert counts["replaced"] == {"poses": 19_999}
    left: Counter[str] = Counter()
    while (parcel := box.take(0.0)) is not None:
        left[parcel.kind] += 1
    assert left["poses"] == 1 and left["spikes"] > 100 and left["log"] > 50
    assert counts["dropped"] == {kind: 20_000 - left[kind] for kind in ("spikes", "log")}


def test_what_was_sent_is_sent_again_while_there_is_room() -> None:
    box = Outbox(event_bytes=10_500)
    for i in range(6):
        box.put(Parcel(Log(text=str(i))))
    assert [box.take(0.0).message.text for _ in range(4)] == ["0", "1", "2", "3"]  # type: ignore[union-attr]
    box.resume(events=2, data=0)
    assert [box.take(0.0).message.seq for _ in range(4)] == [3, 4, 5, 6]  # type: ignore[union-attr]
    assert box.take(0.0) is None and box.counts()["lost"] == {"events": 0, "data": 0}
    for i in range(10):  # pushes all out that was sent
        box.put(Parcel(Log(text=str(i))))
    assert box.counts()["dropped"] == {}
    box.resume(events=4, data=0)
    assert box.counts()["lost"]["events"] == 2, "5 and 6 were sent, did not arrive and are no longer there"
    box.resume(events=10**9, data=10**9)
    assert box.take(0.0).message.seq == 7  # type: ignore[union-attr]
