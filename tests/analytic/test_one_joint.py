"""The one-joint body against closed form, in both engines: geometry, statics, dynamics, muscle curves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from sherrington.body.closed_form import ClosedFormBody
from sherrington.body.engine import BodyEngine, BodyOptions
from sherrington.body.model import BodyModel
from sherrington.body.models.one_joint import RANGE_RAD, musculotendon_length_m, one_joint
from sherrington.body.mujoco import MujocoBody
from sherrington.errors import BodyError

MS = 1_000_000
ENGINES = {"mujoco": MujocoBody, "closed_form": ClosedFormBody}


def prepared(engine: str, model: BodyModel, angle: float = 0.0, timestep_ms: float = 0.5) -> BodyEngine:
    body: BodyEngine = ENGINES[engine]()
    body.prepare(model, BodyOptions(timestep_ms=timestep_ms, initial={"hinge": angle}))
    return body


def fact(model: BodyModel, name: str) -> float:
    value = model.facts[name]
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_lengths_over_the_whole_range(engine: str, scale: float) -> None:
    model = one_joint(scale=scale)
    arm = 1.5e-3 * scale
    for angle in np.linspace(-RANGE_RAD, RANGE_RAD, 25):
        expected = [musculotendon_length_m(angle, arm), musculotendon_length_m(-angle, arm)]
        np.testing.assert_allclose(
            prepared(engine, model, float(angle)).read("muscle_length"), expected, rtol=1e-9
        )


def test_length_against_a_construction_by_hand() -> None:
    """At q = 0: two tangents from 2.5 radii and the arc between the points where they touch."""
    arm, reach = 1.5e-3, 2.5 * 1.5e-3
    top = np.array([-math.sin(math.radians(15)), math.cos(math.radians(15))]) * reach
    tangent = math.sqrt(reach**2 - arm**2)
    to_touch = math.atan2(top[1], top[0]) - math.acos(arm / reach)
    assert musculotendon_length_m(0.0, arm) == pytest.approx(2 * tangent + 2 * to_touch * arm, rel=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_static_angle_under_a_torque(engine: str) -> None:
    """Without gravity the spring alone answers: q = torque / k."""
    body = prepared(engine, one_joint(gravity=False))
    body.write("joint_torque", np.array([6e-5]))
    body.advance(3000 * MS)
    assert body.read("joint_angle")[0] == pytest.approx(0.6, rel=1e-6)
    assert abs(body.read("joint_velocity")[0]) < 1e-6


def test_static_angle_under_gravity_and_torque() -> None:
    """k q + m g l sin q = torque, solved by bisection."""
    model = one_joint()
    weight = fact(model, "mass_kg") * 9.81 * fact(model, "centre_of_mass_m")
    expected = brentq(lambda q: 1e-4 * q + weight * math.sin(q) - 9e-5, 0.0, 1.2)
    body = prepared("mujoco", model)
    body.write("joint_torque", np.array([9e-5]))
    body.advance(3000 * MS)
    assert body.read("joint_angle")[0] == pytest.approx(expected, rel=1e-6)
    assert 0.4 < expected < 0.6


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("drive", [(0.2, 0.05), (0.1, 0.2), (0.15, 0.15)])
def test_static_angle_under_muscles(engine: str, drive: tuple[float, float]) -> None:
    """k q = r (F_flexor - F_extensor), with forces from the muscle's own closed form at that angle."""
    model = one_joint(gravity=False)
    arm = 1.5e-3

    def imbalance(q: float) -> float:
        pull = [
            level * (active_force(model, sign * q) if engine == "mujoco" else 0.5)
            for level, sign in zip(drive, (1.0, -1.0), strict=True)
        ]
        return 1e-4 * q - arm * (pull[0] - pull[1])

    expected = brentq(imbalance, -RANGE_RAD, RANGE_RAD)
    body = prepared(engine, model)
    body.write("muscle_excitation", np.array(drive))
    body.advance(3000 * MS)
    assert body.read("joint_angle")[0] == pytest.approx(expected, abs=1e-5)


def active_force(model: BodyModel, toward_muscle_rad: float) -> float:
    """Isometric force at full activation: MuJoCo's documented curve between 0.5 and 1.6 optimal lengths, in N."""
    length = musculotendon_length_m(toward_muscle_rad, fact(model, "moment_arm_m"))
    fibre = (length - fact(model, "tendon_slack_length_m")) / fact(model, "optimal_length_m")
    left, right = (0.5 + 1.0) / 2, (1.0 + 1.6) / 2
    if fibre <= 1.0:
        rise = 0.5 * ((fibre - 0.5) / (left - 0.5)) ** 2
        level = rise if fibre <= left else 1.0 - 0.5 * ((1.0 - fibre) / (1.0 - left)) ** 2
    else:
        assert fibre <= right
        level = 1.0 - 0.5 * ((fibre - 1.0) / (right - 1.0)) ** 2
    return fact(model, "max_force_n") * level


@pytest.mark.parametrize("angle", [-1.0, -0.4, 0.0, 0.7, 1.2])
def test_isometric_force_is_the_documented_curve(angle: float) -> None:
    model = one_joint(damping_n_m_s_per_rad=1e6)
    body = prepared("mujoco", model, angle)
    body.write("muscle_excitation", np.array([1.0, 1.0]))
    body.advance(400 * MS)
    expected = [active_force(model, angle), active_force(model, -angle)]
    np.testing.assert_allclose(body.read("muscle_force"), expected, rtol=2e-4)


# ClosedFormBody has no gravity: m g l sin q is not linear.
@pytest.mark.parametrize(("engine", "gravity"), [("mujoco", False), ("mujoco", True), ("closed_form", False)])
def test_period_and_decay_of_small_oscillations(engine: str, gravity: bool) -> None:
    """I q'' + b q' + (k + m g l) q = 0: q = q0 e^(-g t) (cos wt + g/w sin wt), g = b / 2I, w^2 = (k + mgl)/I - g^2."""
    model = one_joint(gravity=gravity)
    inertia = fact(model, "inertia_kg_m2")
    weight = fact(model, "mass_kg") * fact(model, "gravity_m_per_s2") * fact(model, "centre_of_mass_m")
    rate = fact(model, "damping_n_m_s_per_rad") / (2 * inertia)
    omega = math.sqrt((fact(model, "stiffness_n_m_per_rad") + weight) / inertia - rate**2)
    period_ms = 2000 * math.pi / omega
    assert 50 < period_ms < 300

    body = prepared(engine, model, 0.02, timestep_ms=0.05)
    times_ms = np.arange(1, int(2 * period_ms))
    angles = []
    for ms in times_ms:
        body.advance(int(ms) * MS)
        angles.append(body.read("joint_angle")[0])
    t = times_ms / 1000
    expected = 0.02 * np.exp(-rate * t) * (np.cos(omega * t) + rate / omega * np.sin(omega * t))
    tolerance = 1e-12 if engine == "closed_form" else 0.02 * 5e-3
    np.testing.assert_allclose(angles, expected, atol=tolerance)


def test_closed_form_does_not_depend_on_the_step() -> None:
    ends = []
    for timestep_ms in (0.1, 5.0):
        body = prepared("closed_form", one_joint(), 0.3, timestep_ms)
        body.write("muscle_excitation", np.array([0.8, 0.1]))
        body.advance(200 * MS)
        ends.append(body.read("joint_angle")[0])
    assert ends[0] == pytest.approx(ends[1], rel=1e-12)


def test_the_two_engines_meet_as_the_muscles_let_go() -> None:
    """Same joint, no drive: MuJoCo's implicit step tends to the exact solution as its step shrinks."""
    errors = []
    exact = prepared("closed_form", one_joint(gravity=False), 0.5)
    exact.advance(100 * MS)
    for timestep_ms in (0.5, 0.125):
        body = prepared("mujoco", one_joint(gravity=False), 0.5, timestep_ms)
        body.advance(100 * MS)
        errors.append(abs(body.read("joint_angle")[0] - exact.read("joint_angle")[0]))
    assert errors[0] < 5e-3
    assert errors[1] == pytest.approx(errors[0] / 4, rel=0.1)


def test_scale_keeps_equilibria_and_damping_ratio() -> None:
    small, large = one_joint(), one_joint(scale=2.0)

    def ratio(model: BodyModel) -> float:
        return fact(model, "damping_n_m_s_per_rad") / math.sqrt(
            fact(model, "stiffness_n_m_per_rad") * fact(model, "inertia_kg_m2")
        )

    assert ratio(large) == pytest.approx(ratio(small))
    angles = []
    for model in (one_joint(gravity=False), one_joint(scale=2.0, gravity=False)):
        body = prepared("mujoco", model)
        body.write("muscle_excitation", np.array([0.2, 0.05]))
        body.advance(4000 * MS)
        angles.append(body.read("joint_angle")[0])
    assert angles[0] == pytest.approx(angles[1], abs=1e-6)
    assert abs(angles[0]) > 0.3


def test_the_muscles_stay_on_the_pulley_beyond_the_limits() -> None:
    """The limits are soft; the tendon must not slip within what they let through."""
    body = prepared("mujoco", one_joint())
    body.write("muscle_excitation", np.array([1.0, 0.0]))
    body.write("joint_torque", np.array([5e-4]))
    body.advance(500 * MS)
    angle = body.read("joint_angle")[0]
    assert angle > RANGE_RAD
    expected = [musculotendon_length_m(angle, 1.5e-3), musculotendon_length_m(-angle, 1.5e-3)]
    np.testing.assert_allclose(body.read("muscle_length"), expected, rtol=1e-9)


@pytest.mark.parametrize("name", ["scale", "mass_kg", "moment_arm_m", "activation_s"])
def test_numbers_must_be_positive(name: str) -> None:
    with pytest.raises(BodyError, match=f"one_joint: {name} = -1 must be a positive number"):
        one_joint(**{name: -1.0})  # type: ignore[arg-type]
