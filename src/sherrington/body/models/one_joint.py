"""One hinge, two antagonist muscles over a pulley: everything about it can be checked in closed form. All ours.

A rod hangs from a hinge at the origin and swings in the x-z plane; the angle is 0 straight down and positive
towards +x (flexion). Each muscle runs from a fixed site round a pulley of radius r about the hinge to a site on
the rod, in one plane, and never leaves the pulley within the joint's range. Its moment arm is therefore r, and

    L(q) = 2 sqrt(d^2 - r^2) + r (pi + 2 delta - 2 acos(r / d) -+ q)       (- flexor, + extensor)

with d the distance of both sites from the hinge and delta how far each is turned to the far side of the pulley.
Passive muscle force is 1e-9 of the peak force (MuJoCo refuses 0): all passive elasticity is the joint's spring.
"""

from __future__ import annotations

import math

from ...errors import BodyError
from ..model import BodyModel
from .one_joint_osim import one_joint_osim

GRAVITY_M_PER_S2 = 9.81
RANGE_RAD = 1.2
SITE_TURN_RAD = math.radians(15.0)
SITE_RADII = 2.5
"""Distance of the muscle sites from the hinge, in pulley radii. Both muscles touch the pulley while |q| is below
2 turn + pi - 2 acos(1 / radii) = 1.35 rad and below pi / 2 - turn = 1.31 rad, where MuJoCo's side site stops
deciding; the joint's limits are soft, so RANGE_RAD keeps a distance from both."""

MUSCLES = ("flexor", "extensor")


def one_joint(
    *,
    scale: float = 1.0,
    length_m: float = 0.02,
    mass_kg: float = 1e-3,
    moment_arm_m: float = 1.5e-3,
    max_force_n: float = 0.5,
    optimal_length_m: float = 8e-3,
    stiffness_n_m_per_rad: float = 1e-4,
    damping_n_m_s_per_rad: float = 1.5e-6,
    activation_s: float = 0.01,
    deactivation_s: float = 0.04,
    max_velocity_l0_per_s: float = 10.0,
    gravity: bool = True,
) -> BodyModel:
    """One hinge, two antagonist muscles of constant moment arm: mouse-sized, checkable in closed form.

    scale: multiplies lengths; masses grow with its cube, forces with its square, and the spring and damper so that
    the angles of equilibrium without gravity and the damping ratio stay (k with s^3, b with s^4).
    Raises BodyError for a number that is not positive.
    """
    _check_positive(locals())
    length, arm, l0 = length_m * scale, moment_arm_m * scale, optimal_length_m * scale
    mass, force = mass_kg * scale**3, max_force_n * scale**2
    spring, damper = stiffness_n_m_per_rad * scale**3, damping_n_m_s_per_rad * scale**4
    rest = musculotendon_length_m(0.0, arm)
    slack = rest - l0
    shortest, longest = rest - arm * RANGE_RAD, rest + arm * RANGE_RAD
    text = _MJCF.format(
        gravity=-GRAVITY_M_PER_S2 if gravity else 0.0,
        limit=RANGE_RAD,
        spring=spring,
        damper=damper,
        length=length,
        half_length=length / 2,
        mass=mass,
        swing=mass * length**2 / 12,
        spin=mass * (0.05 * length) ** 2,
        arm=arm,
        rod=0.04 * length,
        site=0.02 * length,
        width=0.012 * length,
        top_x=-SITE_RADII * arm * math.sin(SITE_TURN_RAD),
        top_z=SITE_RADII * arm * math.cos(SITE_TURN_RAD),
        side=2 * arm,
        neg_top_x=SITE_RADII * arm * math.sin(SITE_TURN_RAD),
        camera_y=-3 * length,
        camera_z=-0.38 * length,
        extent=2 * length,
        muscle=(
            f'ctrllimited="true" ctrlrange="0 1" lengthrange="{shortest:.10g} {longest:.10g}" '
            f'range="{(shortest - slack) / l0:.10g} {(longest - slack) / l0:.10g}" force="{force:.10g}" '
            f'fpmax="1e-9" vmax="{max_velocity_l0_per_s:.10g}" timeconst="{activation_s:.10g} {deactivation_s:.10g}"'
        ),
    )
    facts = {
        "inertia_kg_m2": mass * length**2 / 3,
        "mass_kg": mass,
        "centre_of_mass_m": length / 2,
        "gravity_m_per_s2": GRAVITY_M_PER_S2 if gravity else 0.0,
        "stiffness_n_m_per_rad": spring,
        "damping_n_m_s_per_rad": damper,
        "moment_arm_m": arm,
        "rest_length_m": rest,
        "optimal_length_m": l0,
        "tendon_slack_length_m": slack,
        "max_force_n": force,
        "activation_s": activation_s,
        "deactivation_s": deactivation_s,
        "max_velocity_l0_per_s": max_velocity_l0_per_s,
        "range_rad": RANGE_RAD,
    }
    osim = one_joint_osim(facts, length, SITE_RADII, SITE_TURN_RAD)
    return BodyModel("one_joint", text, facts=facts, osim=osim)


def _check_positive(arguments: dict[str, float]) -> None:
    for name, value in arguments.items():
        if name != "gravity" and not (math.isfinite(value) and value > 0):
            raise BodyError(f"one_joint: {name} = {value:g} must be a positive number")


def musculotendon_length_m(toward_muscle_rad: float, arm_m: float) -> float:
    """Length of a muscle when the joint is turned by so much towards it; the formula at the top of this file."""
    straight = 2 * arm_m * math.sqrt(SITE_RADII**2 - 1)
    turned = math.pi + 2 * SITE_TURN_RAD - 2 * math.acos(1 / SITE_RADII)
    return straight + arm_m * (turned - toward_muscle_rad)


_MJCF = """\
<mujoco model="one_joint">
  <compiler angle="radian" inertiafromgeom="false"/>
  <option gravity="0 0 {gravity:.10g}" integrator="implicitfast" timestep="0.0005">
    <flag contact="disable"/>
  </option>
  <statistic center="0 0 {top_z:.10g}" extent="{extent:.10g}"/>
  <visual>
    <global offwidth="1920" offheight="1080"/>
    <headlight ambient="0.4 0.4 0.4" diffuse="0.5 0.5 0.5" specular="0.1 0.1 0.1"/>
    <map znear="0.01" zfar="50"/>
  </visual>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1="0.97 0.97 0.98" rgb2="0.80 0.84 0.88"
             width="64" height="384"/>
  </asset>
  <worldbody>
    <light pos="0.1 -0.3 0.3" dir="-0.3 0.7 -0.6" diffuse="0.6 0.6 0.6"/>
    <camera name="side" pos="0 {camera_y:.10g} {camera_z:.10g}" xyaxes="1 0 0 0 0 1" fovy="40"/>
    <geom name="pulley" type="cylinder" size="{arm:.10g} {rod:.10g}" zaxis="0 1 0" rgba="0.75 0.72 0.65 1"/>
    <site name="flexor_origin" pos="{top_x:.10g} 0 {top_z:.10g}" size="{site:.10g}"/>
    <site name="extensor_origin" pos="{neg_top_x:.10g} 0 {top_z:.10g}" size="{site:.10g}"/>
    <site name="flexor_side" pos="{side:.10g} 0 0" size="{site:.10g}" rgba="0 0 0 0"/>
    <site name="extensor_side" pos="-{side:.10g} 0 0" size="{site:.10g}" rgba="0 0 0 0"/>
    <body name="rod">
      <joint name="hinge" type="hinge" axis="0 -1 0" limited="true" range="-{limit:.10g} {limit:.10g}"
             stiffness="{spring:.10g}" damping="{damper:.10g}"/>
      <inertial pos="0 0 -{half_length:.10g}" mass="{mass:.10g}" diaginertia="{swing:.10g} {swing:.10g} {spin:.10g}"/>
      <geom name="rod" type="capsule" fromto="0 0 0 0 0 -{length:.10g}" size="{rod:.10g}" rgba="0.93 0.89 0.80 1"/>
      <site name="flexor_insertion" pos="{top_x:.10g} 0 -{top_z:.10g}" size="{site:.10g}"/>
      <site name="extensor_insertion" pos="{neg_top_x:.10g} 0 -{top_z:.10g}" size="{site:.10g}"/>
      <site name="tip" pos="0 0 -{length:.10g}" size="{site:.10g}"/>
    </body>
  </worldbody>
  <tendon>
    <spatial name="flexor" width="{width:.10g}" rgba="0.75 0.25 0.22 1">
      <site site="flexor_origin"/><geom geom="pulley" sidesite="flexor_side"/><site site="flexor_insertion"/>
    </spatial>
    <spatial name="extensor" width="{width:.10g}" rgba="0.75 0.25 0.22 1">
      <site site="extensor_origin"/><geom geom="pulley" sidesite="extensor_side"/><site site="extensor_insertion"/>
    </spatial>
  </tendon>
  <actuator>
    <muscle name="flexor" tendon="flexor" {muscle}/>
    <muscle name="extensor" tendon="extensor" {muscle}/>
  </actuator>
</mujoco>
"""
