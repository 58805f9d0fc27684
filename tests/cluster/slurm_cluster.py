"""A Slurm cluster of two virtual nodes on this machine, started in seconds and stopped without a trace.

One ``munged``, one ``slurmctld`` and two ``slurmd -N``, all in the foreground as children of this process, with ports
of their own and everything they write in one temporary folder. No systemd, no cgroups, root or an ordinary user. Each
node claims more processors than it may have, so that runs of several ranks fit; they share those of the machine.

From a shell: ``python tests/cluster/slurm_cluster.py FOLDER`` starts one and stops it at Ctrl-C.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

NODES = ("n1", "n2")
CPUS_PER_NODE, MEMORY_MB = 4, 8000
STARTED_WITHIN_S, STOPPED_WITHIN_S = 30.0, 20.0
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "squeue", "sinfo", "scontrol")
_SBIN = "/usr/sbin:/usr/local/sbin:/sbin"

# SlurmdTimeout: a dead slurmd is noticed within as many seconds. cred_expire: a job that is queued again may start
# after that time. KillWait: from SIGTERM to SIGKILL. OverMemoryKill: a limit of memory without cgroups.
_CONFIGURATION = """
ClusterName=sherrington
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=pmi2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU={memory_per_cpu_mb}
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdTimeout=4
SlurmctldTimeout=5
MessageTimeout=3
KillWait=5
MinJobAge=300
ReturnToService=2
MaxArraySize=1001
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=01:00:00 State=UP
PartitionName=small Nodes=n1 MaxTime=00:10:00 State=UP
"""


class NoClusterError(Exception):
    """There can be no cluster here; the message says why."""


class Cluster:
    """A running cluster. folder: all that it writes; short, as a socket lies in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to talk to this cluster."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self) -> None:
        """Raises NoClusterError where a program is missing or none of the nodes answers in time."""
        _need_programs()
        for name in ("state", *(f"spool.{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "slurm.conf").write_text(_configuration(self.folder), encoding="utf-8")
        self._start_munge()
        self._run("slurmctld", "slurmctld", "-D", "-i", "-f", str(self.folder / "slurm.conf"))
        for node in NODES:
            self.start_node(node)
        self.wait_for_nodes()

    def start_node(self, node: str) -> None:
        """Start the ``slurmd`` of a node, also one that was killed."""
        self._run(node, "slurmd", "-D", "-N", node, "-f", str(self.folder / "slurm.conf"))

    def wait_for_nodes(self) -> None:
        """Until every node can work. Raises NoClusterError where that takes too long."""
        self._wait_until(lambda: self.node_states() == dict.fromkeys(NODES, "up"), "slurmctld and slurmd")

    def cut_off(self, node: str) -> None:
        """SIGKILL for the ``slurmd`` of a node; what it started goes on, as in a failure of the network."""
        process = self._processes.pop(node)
        process.kill()
        process.wait()

    def kill_node(self, node: str) -> None:
        """SIGKILL for the ``slurmd`` of a node and for all that runs there, as when its power fails."""
        self.cut_off(node)
        there = [p for p in self.processes() if self._node_of(p) == node]
        for process in there:
            with _gone_is_well():
                process.kill()
        psutil.wait_procs(there, timeout=STOPPED_WITHIN_S)

    def stop(self) -> None:
        """Cancel every job, end every process and wait for them."""
        with ExitStack() as last:
            last.callback(self._end_rest)
            if self._processes and self._processes.keys() > {"munged"}:
                self.ask("scancel", "--user", getpass.getuser(), check=False)
            for name in reversed(tuple(self._processes)):
                self._end(self._processes.pop(name))

    def ask(self, *words: str, check: bool = True) -> str:
        """What a command of Slurm prints."""
        answer = subprocess.run(
            words, env=self._environment(), capture_output=True, text=True, check=check, timeout=30
        )
        return answer.stdout

    def node_states(self) -> Mapping[str, str]:
        """What slurmctld says of each node, ``"up"`` where it can work: ``{"n1": "up", "n2": "down*"}``."""
        words = self.ask("sinfo", "-h", "-N", "-p", "main", "-o", "%N %t", check=False).split()
        pairs = zip(words[::2], words[1::2], strict=True)
        return {name: "up" if state in ("idle", "mix", "alloc") else state for name, state in pairs}

    def processes(self) -> list[psutil.Process]:
        """Every process, of this cluster or started by it, that lives."""
        return [p for p in psutil.process_iter() if p.pid != os.getpid() and self._owns(p)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            # Its environment is gone; it holds the log of its node open.
            if process.name() == "slurmstepd":
                return self._node_of(process) != ""
            return process.environ().get("SLURM_CONF") == self.environment["SLURM_CONF"]
        except psutil.Error:
            return False  # gone meanwhile, or another user's

    def _node_of(self, process: psutil.Process) -> str:
        """A step is known by the log that it writes, what it started by its environment."""
        try:
            if process.name() == "slurmstepd":
                logs = [Path(file.path) for file in process.open_files()]
                return next((p.suffixes[0][1:] for p in logs if p.parent == self.folder), "")
            return process.environ().get("SLURMD_NODENAME", "")
        except psutil.Error:
            return ""  # gone meanwhile

    def _start_munge(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        names = {
            "key-file": "key",
            "socket": "socket",
            "pid-file": "pid",
            "log-file": "log",
            "seed-file": "seed",
        }
        options = [f"--{option}={self.folder}/munge.{name}" for option, name in names.items()]
        self._run("munged", "munged", "--foreground", "--force", "--num-threads=2", *options)
        self._wait_until(lambda: (self.folder / "munge.socket").exists(), "munged")

    def _run(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as output:
            self._processes[name] = subprocess.Popen(
                words,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C at the terminal is for us alone
            )

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "PATH": f"{os.environ['PATH']}:{_SBIN}"}

    def _wait_until(self, condition: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + STARTED_WITHIN_S
        while not condition():
            ended = [name for name, process in self._processes.items() if process.poll() is not None]
            if ended or time.monotonic() > until:
                raise NoClusterError(
                    f"{what} did not start: {' and '.join(ended)} ended; {self._last_words()}"
                )
            time.sleep(0.05)

    def _last_words(self) -> str:
        logs = sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")])
        lines = (f"{log.name}: {line}" for log in logs for line in log.read_text().splitlines()[-3:])
        return " | ".join(lines)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _end_rest(self) -> None:
        """What a killed slurmd left behind: nobody else ends it."""
        rest = self.processes()
        for process in rest:
            with _gone_is_well():
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(rest, timeout=STOPPED_WITHIN_S)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster that lives as long as the block. Raises NoClusterError where there can be none."""
    made = Cluster(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@contextmanager
def _gone_is_well() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return


def _need_programs() -> None:
    path = f"{os.environ['PATH']}:{_SBIN}"
    missing = [name for name in _PROGRAMS if shutil.which(name, path=path) is None]
    if missing:
        raise NoClusterError(f"no {', '.join(missing)} here; on Debian: apt-get install slurm-wlm munge")


def _configuration(folder: Path) -> str:
    host = socket.gethostname().partition(".")[0]
    controller_port, *ports = _free_ports(1 + len(NODES))
    nodes = "\n".join(
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={CPUS_PER_NODE} "
        f"RealMemory={MEMORY_MB} State=UNKNOWN"
        for node, port in zip(NODES, ports, strict=True)
    )
    return _CONFIGURATION.format(
        folder=folder,
        host=host,
        user=getpass.getuser(),
        controller_port=controller_port,
        memory_per_cpu_mb=MEMORY_MB // CPUS_PER_NODE,
        nodes=nodes,
    )


def _free_ports(count: int) -> list[int]:
    with ExitStack() as closing:
        sockets = [closing.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    with cluster(folder) as made:
        print(
            f"two nodes, {', '.join(NODES)}; in another shell: export SLURM_CONF={made.environment['SLURM_CONF']}"
        )
        print("Ctrl-C stops them", flush=True)
        # Only now: what is started with signals blocked keeps them blocked.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
