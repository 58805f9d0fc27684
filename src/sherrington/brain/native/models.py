"""The neuron models that there are, by NEST's names. Each has a header of the same name in ``src/native/models``."""

from __future__ import annotations

import numpy as np

from ..distributions import Floats
from .core import core
from .model import FAR, Model, Parameters, fault_of, propagator_alpha, propagator_exp, refractory_steps

_COMMON = {
    "C_m": 250.0,
    "E_L": -70.0,
    "I_e": 0.0,
    "V_m": -70.0,
    "V_reset": -70.0,
    "V_th": -55.0,
    "t_ref": 2.0,
}
_MEMBRANE = {**_COMMON, "tau_m": 10.0}
_SYNAPSES = {"tau_syn_ex": 2.0, "tau_syn_in": 2.0}
_ZERO = np.zeros(1)


def _firing(p: Parameters) -> dict[str, Floats]:
    return {"theta": p["V_th"] - p["E_L"], "v_reset": p["V_reset"] - p["E_L"]}


def _lowest(p: Parameters) -> dict[str, Floats]:
    return {"v_min": np.maximum(p["V_min"], -FAR) - p["E_L"]}


def _waiting(p: Parameters, h: float) -> dict[str, Floats]:
    return {"refractory_steps": refractory_steps(p["t_ref"], h)}


def _psc_exp(p: Parameters, h: float) -> dict[str, Floats]:
    p_v = np.exp(-h / p["tau_m"])
    return {
        "p_v": p_v,
        "p_v_ex": propagator_exp(h, p["tau_syn_ex"], p["tau_m"], p["C_m"]),
        "p_v_in": propagator_exp(h, p["tau_syn_in"], p["tau_m"], p["C_m"]),
        "p_v_current": p["tau_m"] / p["C_m"] * (1.0 - p_v),
        "p_ex": np.exp(-h / p["tau_syn_ex"]),
        "p_in": np.exp(-h / p["tau_syn_in"]),
        **_firing(p),
        **_waiting(p, h),
        "I_e": p["I_e"],
    }


def _psc_alpha(p: Parameters, h: float) -> dict[str, Floats]:
    p_v_minus_1 = np.expm1(-h / p["tau_m"])
    p_ex, p_in = np.exp(-h / p["tau_syn_ex"]), np.exp(-h / p["tau_syn_in"])
    return {
        "p_v_minus_1": p_v_minus_1,
        "p_v_current": -p["tau_m"] / p["C_m"] * p_v_minus_1,
        "p_v_di_ex": propagator_alpha(h, p["tau_syn_ex"], p["tau_m"], p["C_m"]),
        "p_v_ex": propagator_exp(h, p["tau_syn_ex"], p["tau_m"], p["C_m"]),
        "p_v_di_in": propagator_alpha(h, p["tau_syn_in"], p["tau_m"], p["C_m"]),
        "p_v_in": propagator_exp(h, p["tau_syn_in"], p["tau_m"], p["C_m"]),
        "p_ex": p_ex,
        "p_ex_di": h * p_ex,
        "p_in": p_in,
        "p_in_di": h * p_in,
        "initial_ex": np.e / p["tau_syn_ex"],
        "initial_in": np.e / p["tau_syn_in"],
        **_firing(p),
        **_lowest(p),
        **_waiting(p, h),
        "I_e": p["I_e"],
    }


def _psc_delta(p: Parameters, h: float) -> dict[str, Floats]:
    p_v = np.exp(-h / p["tau_m"])
    return {
        "p_v": p_v,
        "p_v_current": 1.0 / p["C_m"] * (1.0 - p_v) * p["tau_m"],
        **_firing(p),
        **_lowest(p),
        **_waiting(p, h),
        "refractory_input": p["refractory_input"],
        "I_e": p["I_e"],
    }


def _potential(p: Parameters) -> dict[str, Floats]:
    return {"V_m": p["V_m"] - p["E_L"]}


def _with(*names: str) -> dict[str, Floats]:
    return dict.fromkeys(names, _ZERO)


_CURRENTS = {"V_m": ("V_m", "E_L"), "I_syn_ex": ("i_ex", ""), "I_syn_in": ("i_in", "")}

MODELS = {
    "parrot_neuron": Model(
        core.Model.parrot,
        {},
        1,
        lambda p, h: {"theta": np.array([0.5])},
        lambda p: {},
        {},
        lambda p: "",
    ),
    "iaf_psc_exp": Model(
        core.Model.psc_exp,
        {**_MEMBRANE, **_SYNAPSES},
        2,
        _psc_exp,
        lambda p: {**_potential(p), **_with("i_ex", "i_in", "refractory")},
        _CURRENTS,
        fault_of,
    ),
    "iaf_psc_alpha": Model(
        core.Model.psc_alpha,
        {**_MEMBRANE, **_SYNAPSES, "V_min": -FAR},
        2,
        _psc_alpha,
        lambda p: {**_potential(p), **_with("di_ex", "i_ex", "di_in", "i_in", "refractory")},
        _CURRENTS,
        fault_of,
    ),
    "iaf_psc_delta": Model(
        core.Model.psc_delta,
        {**_MEMBRANE, "V_min": -FAR, "refractory_input": 0.0},
        1,
        _psc_delta,
        lambda p: {**_potential(p), **_with("kept", "refractory")},
        {"V_m": ("V_m", "E_L")},
        fault_of,
    ),
}
