"""Models with several receptors: as many channels as ``tau_syn`` has time constants."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..distributions import Floats
from .core import core
from .model import FAR, Model, Parameters, fault_of, propagator_alpha, propagator_exp, refractory_steps

DEFAULTS = {
    "C_m": 250.0,
    "E_L": -70.0,
    "I_e": 0.0,
    "V_m": -70.0,
    "V_reset": -70.0,
    "V_th": -55.0,
    "t_ref": 2.0,
    "tau_m": 10.0,
    "tau_minus": 20.0,  # of plastic synapses alone
}
TAU_SYN = (2.0,)
NAMES = ("iaf_psc_exp_multisynapse", "iaf_psc_alpha_multisynapse")


def multisynapse(name: str, receptors: int) -> Model:
    """The model of that name with so many receptors, whose time constants are the parameters tau_syn_1 and so on."""
    is_alpha = name == "iaf_psc_alpha_multisynapse"
    numbers = range(1, receptors + 1)
    currents = {f"I_syn_{i}": ((f"i_{i}",), "") for i in numbers}
    return Model(
        core.Model.psc_alpha_multi if is_alpha else core.Model.psc_exp_multi,
        {
            **DEFAULTS,
            **({"V_min": -FAR} if is_alpha else {}),
            **{f"tau_syn_{i}": TAU_SYN[0] for i in numbers},
        },
        receptors,
        partial(_alpha if is_alpha else _exp, receptors),
        partial(_states, receptors, is_alpha),
        {"V_m": (("V_m",), "E_L"), "I_syn": (tuple(f"i_{i}" for i in numbers), ""), **currents},
        fault_of,
        has_receptors=True,
    )


def _neuron(p: Parameters, h: float) -> dict[str, Floats]:
    p_v = np.exp(-h / p["tau_m"])
    lowest = {"v_min": np.maximum(p["V_min"], -FAR) - p["E_L"]} if "V_min" in p else {}
    return {
        "p_v": p_v,
        "p_v_current": p["tau_m"] / p["C_m"] * (1.0 - p_v),
        "theta": p["V_th"] - p["E_L"],
        "v_reset": p["V_reset"] - p["E_L"],
        **lowest,
        "refractory_steps": refractory_steps(p["t_ref"], h),
        "I_e": p["I_e"],
    }


def _exp(receptors: int, p: Parameters, h: float) -> dict[str, Floats]:
    found = _neuron(p, h)
    for i in range(1, receptors + 1):
        tau = p[f"tau_syn_{i}"]
        found[f"p_v_{i}"] = propagator_exp(h, tau, p["tau_m"], p["C_m"])
        found[f"p_{i}"] = np.exp(-h / tau)
    return found


def _alpha(receptors: int, p: Parameters, h: float) -> dict[str, Floats]:
    found = _neuron(p, h)
    for i in range(1, receptors + 1):
        tau = p[f"tau_syn_{i}"]
        decay = np.exp(-h / tau)
        found[f"p_v_di_{i}"] = propagator_alpha(h, tau, p["tau_m"], p["C_m"])
        found[f"p_v_{i}"] = propagator_exp(h, tau, p["tau_m"], p["C_m"])
        found[f"p_{i}"] = decay
        found[f"p_di_{i}"] = h * decay
        found[f"initial_{i}"] = np.e / tau
    return found


def _states(receptors: int, is_alpha: bool, p: Parameters) -> dict[str, Floats]:
    found = {"V_m": p["V_m"] - p["E_L"], "refractory": np.zeros(1)}
    for i in range(1, receptors + 1):
        found |= {f"di_{i}": np.zeros(1)} if is_alpha else {}
        found[f"i_{i}"] = np.zeros(1)
    return found
