"""A joystick for the paw of a head-fixed mouse.

Mice pull, push and steer such sticks in many laboratories: Belsey et al. 2020, doi:10.1523/ENEURO.0523-19.2020;
Linares-Garcia et al. 2025, doi:10.1523/ENEURO.0038-25.2025. The numbers here are ours: a stick that a paw reaches from
below, and springs that push back with a few mN at the tip, about the weight of the limb that moves it.
"""

from __future__ import annotations

from ..scene import Part, check_positive, numbers
from .contact import OBJECT, SEEN_ONLY, touch


def joystick(
    *,
    height_m: float = 0.018,
    knob_radius_m: float = 0.001,
    mass_kg: float = 1e-4,
    stiffness_n_m_per_rad: float = 4e-4,
    damping_n_m_s_per_rad: float = 3e-6,
    stop_rad: float = 0.35,
    friction: float = 1.0,
) -> Part:
    """A joystick: two hinges with springs and stops; ``pull`` moves its tip to -x, ``sideways`` to +y.

    Its place is the pivot; the handle stands along z. A torque T turns it by T / stiffness_n_m_per_rad. The tip is thus
    pushed back with stiffness_n_m_per_rad / height_m: by default 22 mN per rad, or 1.2 mN per mm. The stop holds it at
    stop_rad to each side. The handle is balanced about its pivot: its weight does not turn it. In the scene: joints
    NAME_pull and NAME_sideways (rad), body NAME_handle, site NAME_tip. Raises BodyError.
    """
    check_positive(
        "joystick",
        height_m=height_m,
        knob_radius_m=knob_radius_m,
        mass_kg=mass_kg,
        stiffness_n_m_per_rad=stiffness_n_m_per_rad,
        damping_n_m_s_per_rad=damping_n_m_s_per_rad,
        stop_rad=stop_rad,
        friction=friction,
    )
    return Part(
        _MJCF.format(
            base=numbers(2.6 * knob_radius_m, 0.25 * knob_radius_m),
            base_at=numbers(0, 0, -1.25 * knob_radius_m),
            knob=numbers(knob_radius_m),
            shaft=numbers(SHAFT * knob_radius_m),
            shaft_from_to=numbers(0, 0, 1.5 * knob_radius_m, 0, 0, height_m),
            middle=numbers(0, 0, height_m / 2),
            tip=numbers(0, 0, height_m),
            site=numbers(0.3 * knob_radius_m),
            mass=numbers(mass_kg),
            inertia=_rod_inertia(mass_kg, height_m, SHAFT * knob_radius_m),
            hinge=_hinge(stiffness_n_m_per_rad, damping_n_m_s_per_rad, stop_rad),
            touch=touch(friction, OBJECT),
            seen_only=SEEN_ONLY,
        )
    )


def _rod_inertia(mass_kg: float, length_m: float, radius_m: float) -> str:
    """About the middle of a thin rod along z, kg m^2."""
    across = mass_kg * length_m**2 / 12
    return numbers(across, across, mass_kg * radius_m**2 / 2)


def _hinge(stiffness: float, damping: float, stop: float) -> str:
    spring = f'stiffness="{numbers(stiffness)}" damping="{numbers(damping)}"'
    limit = (
        f'limited="true" range="{numbers(-stop, stop)}" solreflimit="0.002 1" solimplimit="0.95 0.99 0.001"'
    )
    return f'type="hinge" {spring} {limit}'


SHAFT = 0.4
"""Radius of the shaft in knob radii."""

_MJCF = """
<mujoco>
  <asset>
    <material name="steel" rgba="0.66 0.69 0.73 1" specular="0.5" shininess="0.6"/>
    <material name="knob" rgba="0.22 0.25 0.30 1" specular="0.2" shininess="0.3"/>
  </asset>
  <worldbody>
    <geom type="cylinder" size="{base}" pos="{base_at}" material="knob" {seen_only}/>
    <geom type="sphere" size="{knob}" material="steel" {seen_only}/>
    <body name="handle" gravcomp="1">
      <joint name="pull" axis="0 -1 0" {hinge}/>
      <joint name="sideways" axis="-1 0 0" {hinge}/>
      <inertial pos="{middle}" mass="{mass}" diaginertia="{inertia}"/>
      <geom name="shaft" type="capsule" size="{shaft}" fromto="{shaft_from_to}" mass="{mass}" material="steel" {touch}/>
      <geom name="knob" type="sphere" size="{knob}" pos="{tip}" mass="0" material="knob" {touch}/>
      <site name="tip" pos="{tip}" size="{site}" rgba="0 0 0 0"/>
    </body>
  </worldbody>
</mujoco>
"""
