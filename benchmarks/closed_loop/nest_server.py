"""The same loop with NEST behind NEST Server, driven over HTTP device by device as Feldotto et al. 2022 did.

One call for every device that is written, one for the step, one for every device that is read. Where there is a
choice the faster way is taken: ``Run`` between one ``Prepare`` and the end (``Simulate`` prepares and cleans up at
every step), only the number of events of a recorder (not its events), and only devices whose value changed.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from typing import Any

import numpy as np

from sherrington.brain.engine import BrainOptions, BrainPort, Excitability
from sherrington.brain.network import Network, Population, Projection
from sherrington.clock import NS_PER_MS, ns_to_ms
from sherrington.errors import RunError, UnsupportedError
from sherrington.ports import Signal, SpikeBatch, Value

MODULES = "import nest; import numpy; import json"
CONNECT = """
for c in json.loads({text!r}):
    nest.Connect(numpy.array(c[0]), numpy.array(c[1]), 'one_to_one', {{
        'synapse_model': c[2], 'weight': numpy.array(c[3]), 'delay': numpy.array(c[4])}})
"""
ATTACH = """
made = []
for group in json.loads({text!r}):
    nodes, device = nest.NodeCollection(group), nest.Create({model!r})
    ends = (nodes, device) if {model!r} == 'spike_recorder' else (device, nodes)
    nest.Connect(ends[0], ends[1], 'all_to_all', {synapse})
    made.append(device.global_id)
"""


class NestServer:
    """``gunicorn nest.server:app`` with one worker on a free port of this machine, and one client of it.

    The worker is gunicorn's default: it closes the connection after each request. A worker that keeps it open
    answers from another thread, where NEST 3.10 crashes.
    """

    def __init__(self) -> None:
        self._token = secrets.token_hex(24)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        variables = {
            "NEST_SERVER_ACCESS_TOKEN": self._token,
            "NEST_SERVER_ENABLE_EXEC_CALL": "true",
            "NEST_SERVER_MODULES": MODULES,
            "PYNEST_QUIET": "1",
        }
        command = [sys.executable, "-m", "gunicorn", "nest.server:app", "--bind", f"127.0.0.1:{port}"]
        options = ["--workers", "1", "--timeout", "600", "--log-level", "warning", "--no-control-socket"]
        self._process = subprocess.Popen(
            [*command, *options],
            env={**os.environ, **variables},
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )
        self._client = HTTPConnection("127.0.0.1", port, timeout=600)
        self._wait()

    def _wait(self) -> None:
        give_up = time.monotonic() + 60.0
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                self._request("GET", "/", b"")
            except ConnectionError:
                self._client.close()
                time.sleep(0.1)
            else:
                return
        self.close()
        raise RunError("NEST Server did not start; its packages are in requirements/bench.txt")

    def api(self, function: str, **arguments: Any) -> Any:
        """A function of PyNEST."""
        return self._request("POST", f"/api/{function}", json.dumps(arguments).encode())

    def execute(self, source: str, answer: str | None = None) -> Any:
        """Python code in the server; ``answer`` names the variable to return."""
        arguments = {"source": source, **({"return": answer} if answer else {})}
        reply = self._request("POST", "/exec", json.dumps(arguments).encode())
        return reply["data"] if answer else None

    def _request(self, method: str, path: str, body: bytes) -> Any:
        headers = {"Content-Type": "application/json", "NESTServerAuth": self._token}
        self._client.request(method, path, body, headers)
        response = self._client.getresponse()
        text = response.read()
        if response.status != 200:
            raise RunError(
                f"NEST Server answers {response.status} to {path}: {text.decode(errors='replace')}"
            )
        return json.loads(text)

    def close(self) -> None:
        """End the server; safe to call twice."""
        self._client.close()
        self._process.terminate()
        try:
            self._process.wait(10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class NestServerBrain:
    """A ``BrainEngine`` for inputs that are rates and outputs that are counts.

    Everything is made in the order in which ``NestBrain`` makes it and with its seeds, so both give the same spikes.
    ``kernel_s`` stays 0 while running: what NEST itself took is asked for between steps with ``simulated_s``.
    """

    def __init__(self, server: NestServer) -> None:
        self.now_ns = 0
        self.resolution_ns = 0
        self.kernel_s = 0.0
        self.calls = 0
        self._server = server

    def prepare(
        self,
        network: Network,
        inputs: Sequence[BrainPort],
        outputs: Sequence[BrainPort],
        seed: int,
        options: BrainOptions,
    ) -> None:
        """Build the network through the server's interface; nothing is timed here."""
        from sherrington.brain.nest_build import kernel_seed

        server = self._server
        self.resolution_ns = round(options.resolution_ms * NS_PER_MS)
        server.api("ResetKernel")
        kernel = {"resolution": options.resolution_ms, "local_num_threads": options.virtual_processes}
        server.api("SetKernelStatus", params=kernel)
        self._nodes = {p.name: self._create(p) for p in network.populations.values()}
        self._connect(network, seed)
        self._delay_ms = min(server.api("GetKernelStatus", keys="min_delay"), 1.0)
        self._stimulators = {p.port.name: self._devices("inhomogeneous_poisson_generator", p) for p in inputs}
        self._recorders = {p.port.name: self._devices("spike_recorder", p) for p in outputs}
        self._written = {p.port.name: np.zeros(p.port.size) for p in inputs}
        self._events = {p.port.name: np.zeros(p.port.size) for p in outputs}
        self._counts = {p.port.name: np.zeros(p.port.size) for p in outputs}
        server.api("SetKernelStatus", params={"rng_seed": kernel_seed(seed, "runtime")})
        server.api("Prepare")

    def _create(self, population: Population) -> list[int]:
        made = self._server.api(
            "Create", model=population.model, n=population.size, params=dict(population.params)
        )
        return [int(node) for node in made]

    def _connect(self, network: Network, seed: int) -> None:
        drawn = [self._drawn(network, p, seed) for p in network.projections]
        self._server.execute(CONNECT.format(text=json.dumps(drawn)))

    def _drawn(self, network: Network, p: Projection, seed: int) -> list[Any]:
        c = network.draw(p, seed)
        source, target = (self._nodes[network.resolve(r)[0].name][0] for r in (p.source, p.target))
        ends = [(c.sources + source).tolist(), (c.targets + target).tolist()]
        return [*ends, p.synapse, c.weights.tolist(), c.delays_ms.tolist()]

    def _devices(self, model: str, described: BrainPort) -> list[int]:
        """One device for every channel of a port, connected to (or from, a recorder) the channel's neurons."""
        nodes = self._nodes[described.population]
        groups = [nodes[group.start : group.stop] for group in described.groups]
        synapse = {"weight": described.weight, "delay": self._delay_ms}
        source = ATTACH.format(model=model, text=json.dumps(groups), synapse=synapse)
        return [int(device) for device in self._server.execute(source, "made")]

    def write(self, port: str, value: Value) -> None:
        """One call for every stimulation device whose rate changed."""
        assert not isinstance(value, SpikeBatch)
        at_ms = ns_to_ms(self.now_ns + self.resolution_ns)
        changed = np.flatnonzero(value != self._written[port])
        for i in changed.tolist():
            setting = {"rate_times": [at_ms], "rate_values": [float(value[i])]}
            self._server.execute(f"nest.NodeCollection([{self._stimulators[port][i]}]).set({setting!r})")
        self.calls += changed.size
        self._written[port][:] = value

    def advance(self, until_ns: int) -> None:
        """One call to run, then one call for every recording device."""
        self._server.api("Run", t=ns_to_ms(until_ns - self.now_ns))
        self.calls += 1
        for port, recorders in self._recorders.items():
            now = np.array([self._n_events(recorder) for recorder in recorders], np.float64)
            self._counts[port], self._events[port] = now - self._events[port], now
        self.now_ns = until_ns

    def _n_events(self, recorder: int) -> int:
        self.calls += 1
        return int(self._server.execute(f"n = nest.NodeCollection([{recorder}]).get('n_events')", "n"))

    def read(self, port: str) -> Signal:
        """Counts of the last step, as they were fetched."""
        return self._counts[port]

    def simulated_s(self) -> float:
        """Wall time in s that NEST itself has spent simulating so far, by its own clock."""
        return float(self._server.api("GetKernelStatus", keys="time_simulate"))

    def set_excitability(self, population: str, change: Excitability) -> None:
        raise UnsupportedError(f"this benchmark changes no population, neither '{population}' ({change})")

    def save(self) -> bytes:
        raise UnsupportedError("NEST cannot save its state")

    def restore(self, state: bytes) -> None:
        raise UnsupportedError(f"NEST cannot restore its state ({len(state)} bytes given)")

    def statistics(self) -> Mapping[str, Any]:
        return {"engine": "nest server"}

    def close(self) -> None:
        self._server.close()
