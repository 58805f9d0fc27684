#!/bin/sh
# The steps that make a container of Sherrington from a bare Debian 12, from the lock files. The Containerfile and the
# Apptainer definition call them one after the other, and containers/check runs them in a fresh Debian:
#
#     containers/install.sh STEP...       of: system environment nest user check; as root, with the checkout in $SOURCE
#
# What it leaves: /opt/sherrington, an environment of Python with NEST with MPI in it, readable for everybody and
# written by nobody afterwards. It starts nothing, listens nowhere, and keeps no cache.
set -eu

SOURCE=${SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
PREFIX=/opt/sherrington
PYTHON=${PYTHON:-python3}
export DEBIAN_FRONTEND=noninteractive PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
export PYTHONDONTWRITEBYTECODE=1

# Python; what NEST with MPI is built with and runs with; what MuJoCo draws with where there is no screen.
system() {
  apt-get update -q
  apt-get install -y -q --no-install-recommends \
    ca-certificates python3 python3-venv python3-dev \
    gcc g++ libgsl-dev libltdl-dev libboost-dev \
    libegl1 libgl1 libgl1-mesa-dri
  apt-get clean
  rm -rf /var/lib/apt/lists/*
}

# Every package in the version that was tested, and Sherrington itself.
environment() {
  "$PYTHON" -m venv "$PREFIX"
  for lock in build run mpi; do
    "$PREFIX/bin/python" -m pip install --quiet --no-deps --requirement "$SOURCE/requirements/$lock.txt"
  done
  "$PREFIX/bin/python" -m pip install --quiet --no-deps --no-build-isolation "$SOURCE"
  "$PREFIX/bin/python" "$SOURCE/tools/check-packages"
}

# NEST with MPI, beside the environment, where every user of the image finds it. Slow: 15 to 30 minutes on two cores.
nest() {
  SHERRINGTON_CACHE=$PREFIX "$PREFIX/bin/sherrington" install-mpi
  chmod -R a+rX "$PREFIX"
}

# Somebody to run as who is not root, for engines that ask the image; Apptainer runs as whoever starts it.
user() {
  id sherrington >/dev/null 2>&1 || useradd --create-home --uid 1000 sherrington
  install --directory --owner sherrington /work
}

# As the ordinary user who starts it: what works, and a closed loop on two ranks that holds what it checks.
check() {
  cd "$(mktemp -d)"
  "$PREFIX/bin/sherrington" doctor
  "$PREFIX/bin/sherrington" new reflex
  "$PREFIX/bin/mpiexec" -n 2 "$PREFIX/bin/sherrington" run reflex --set brain.virtual_processes=2
}

for step in "$@"; do
  case $step in
    system | environment | nest | user | check) echo "containers/install.sh: $step" && "$step" ;;
    *) echo "containers/install.sh: no step '$step'; there are: system environment nest user check" >&2 && exit 2 ;;
  esac
done
