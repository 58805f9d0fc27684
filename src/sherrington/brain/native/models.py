"""The neuron models that there are, by NEST's names. Each has a header of the same name in ``src/native/models``."""

from __future__ import annotations

import numpy as np

from ..distributions import Floats
from .core import core
from .model import (
    FAR,
    Model,
    Parameters,
    fault_of,
    mean_alpha,
    mean_exp,
    propagator_alpha,
    propagator_exp,
    refractory_steps,
)

_COMMON = {
    "C_m": 250.0,
    "E_L": -70.0,
    "I_e": 0.0,
    "V_m": -70.0,
    "V_reset": -70.0,
    "V_th": -55.0,
    "t_ref": 2.0,
    "tau_minus": 20.0,  # of plastic synapses alone
}
_MEMBRANE = {**_COMMON, "tau_m": 10.0}
_REVERSED = {
    "V_reset": -60.0,
    "g_L": 16.6667,
    "E_ex": 0.0,
    "E_in": -85.0,
    "tau_syn_ex": 0.2,
    "tau_syn_in": 2.0,
}
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


def _decays(p: Parameters, h: float) -> dict[str, Floats]:
    return {"p_ex": np.exp(-h / p["tau_syn_ex"]), "p_in": np.exp(-h / p["tau_syn_in"])}


def _cond(p: Parameters, h: float) -> dict[str, Floats]:
    return {
        "h_over_c": h / p["C_m"],
        "g_L": p["g_L"],
        "e_ex": p["E_ex"] - p["E_L"],
        "e_in": p["E_in"] - p["E_L"],
    }


def _cond_exp(p: Parameters, h: float) -> dict[str, Floats]:
    return {
        **_cond(p, h),
        **_decays(p, h),
        "mean_ex": mean_exp(h, p["tau_syn_ex"]),
        "mean_in": mean_exp(h, p["tau_syn_in"]),
        **_firing(p),
        **_waiting(p, h),
        "I_e": p["I_e"],
    }


def _cond_alpha(p: Parameters, h: float) -> dict[str, Floats]:
    p_ex, p_in = _decays(p, h).values()
    return {
        **_cond(p, h),
        "p_ex": p_ex,
        "p_ex_dg": h * p_ex,
        "p_in": p_in,
        "p_in_dg": h * p_in,
        "mean_ex": mean_exp(h, p["tau_syn_ex"]),
        "mean_ex_dg": mean_alpha(h, p["tau_syn_ex"]),
        "mean_in": mean_exp(h, p["tau_syn_in"]),
        "mean_in_dg": mean_alpha(h, p["tau_syn_in"]),
        "initial_ex": np.e / p["tau_syn_ex"],
        "initial_in": np.e / p["tau_syn_in"],
        **_firing(p),
        **_waiting(p, h),
        "I_e": p["I_e"],
    }


def _potential(p: Parameters) -> dict[str, Floats]:
    return {"V_m": p["V_m"] - p["E_L"]}


def _taken(p: Parameters, *names: str) -> dict[str, Floats]:
    return {name: p[name] for name in names}


def _with(*names: str) -> dict[str, Floats]:
    return dict.fromkeys(names, _ZERO)


_V_M = {"V_m": (("V_m",), "E_L")}
_CURRENTS = {**_V_M, "I_syn_ex": (("i_ex",), ""), "I_syn_in": (("i_in",), "")}
_CONDUCTANCES = {**_V_M, "g_ex": (("g_ex",), ""), "g_in": (("g_in",), "")}

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
        _V_M,
        fault_of,
    ),
    "iaf_cond_exp": Model(
        core.Model.cond_exp,
        {**_COMMON, **_REVERSED, "g_ex": 0.0, "g_in": 0.0},
        2,
        _cond_exp,
        lambda p: {**_potential(p), **_taken(p, "g_ex", "g_in"), **_with("refractory")},
        _CONDUCTANCES,
        fault_of,
    ),
    "iaf_cond_alpha": Model(
        core.Model.cond_alpha,
        {**_COMMON, **_REVERSED, **dict.fromkeys(("g_ex", "dg_ex", "g_in", "dg_in"), 0.0)},
        2,
        _cond_alpha,
        lambda p: {**_potential(p), **_taken(p, "dg_ex", "g_ex", "dg_in", "g_in"), **_with("refractory")},
        _CONDUCTANCES,
        fault_of,
    ),
}
"""Models whose channels are the same for all populations; for the others see ``multisynapse``."""
