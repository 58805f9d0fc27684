"""What the doctor finds on a cluster, and NEST with MPI whose ranks Slurm starts, on two nodes."""

from __future__ import annotations

import json
import subprocess
import sys

from slurm_cluster import Cluster

from sherrington.install import doctor_cluster
from sherrington.install.mpi import Build


def test_the_doctor_finds_partitions_and_the_way_to_start_ranks(slurm: Cluster) -> None:
    partitions = list(doctor_cluster.slurm())
    launchers = partitions.pop()
    assert {finding.subject.rstrip("*") for finding in partitions} == {"Slurm main", "Slurm small"}
    assert all(finding.state == "ok" and " nodes " in finding.text for finding in partitions)
    assert launchers.state == "ok" and launchers.text.endswith("for MPICH: --mpi=pmi2")


def test_ranks_on_two_nodes_meet_through_pmi2(slurm: Cluster, mpi_nest: Build) -> None:
    command = ["srun", "--mpi=pmi2", "--nodes=2", "--ntasks=2", sys.executable, "-m"]
    command += ["sherrington.install.mpi_probe"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    facts = json.loads(answer.stdout)
    assert facts["works"] and facts["ranks"] == 2, facts
