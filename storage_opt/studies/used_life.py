"""The share of a battery's life that a schedule takes in a year."""

from __future__ import annotations

from storage_opt.errors import Faults
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.life import LifeSpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.result import BatteryUse

__all__ = ["ageing", "life_frac", "require_one_life"]

_ROUNDING = 1e-9


def ageing(site: Site) -> tuple[str, ...]:
    """Batteries that have energy to lose."""
    return tuple(name for name, battery in site.spec.battery.items() if battery.energy_kwh)


def life_frac(battery: BatterySpec, use: BatteryUse, spec: LifeSpec, years: float) -> float:
    """Share of life that a year of what a schedule does takes.

    Parameters
    ----------
    battery : BatterySpec
        The battery as the schedule has it.
    use : BatteryUse
        What the schedule does with it.
    spec : LifeSpec
        Fade of batteries that do not describe theirs.
    years : float
        Length of the schedule. [year]

    Notes
    -----
    Cycles are counted by rainflow with Phi itself, not with the chords that the bill prices. Of a battery that does not
    describe its cycles or its calendar, the fade of `spec` takes their place, over the loss of a whole life.
    """
    wear = use.wear
    by_cycles = None if wear is None else wear.cycle_life_frac
    if by_cycles is None:
        by_cycles = (spec.fade_frac_per_cycle or 0.0) * use.equivalent_cycles / spec.life_fade_frac
    by_time = None if wear is None else wear.calendar_life_frac
    if by_time is None:
        by_time = (spec.fade_frac_per_year or 0.0) * years / spec.life_fade_frac
    return (by_cycles + by_time) / years if battery.energy_kwh else 0.0


def require_one_life(site: Site, spec: LifeSpec) -> None:
    """Refuse what would age nothing, age twice, or end at two places.

    Raises
    ------
    InputError
        When a battery never ages without saying so, a fade is read by no battery, or the calendar of a battery ends at
        another loss than the life it is a share of.
    """
    names, faults = ageing(site), Faults()
    with gathered(faults):
        _require_fade_is_read(site, names, spec)
    for name in names:
        with gathered(faults):
            _require_one_end(name, site.spec.battery[name], spec)
    faults.raise_if_any()


def _require_fade_is_read(site: Site, names: tuple[str, ...], spec: LifeSpec) -> None:
    wears = [site.spec.battery[name].wear for name in names]
    by_cycles = all(wear is not None and wear.cycle_life is not None for wear in wears)
    by_time = all(wear is not None and wear.calendar is not None for wear in wears)
    for field, given, described, told in (
        ("fade_frac_per_cycle", spec.fade_frac_per_cycle, by_cycles, "wear.cycle_life"),
        ("fade_frac_per_year", spec.fade_frac_per_year, by_time, "wear.calendar"),
    ):
        if given is not None and described:
            what = f"is given while every battery has `{told}`, which says the same"
            refuse(f"finance.life.{field}", what, "leave one of them out")


def _require_one_end(name: str, battery: BatterySpec, spec: LifeSpec) -> None:
    wear = battery.wear
    if wear is None and spec.fade_frac_per_year is None and spec.fade_frac_per_cycle is None:
        what = "has no `wear`, and life says neither fade_frac_per_year nor fade_frac_per_cycle, so it would never age"
        hint = "describe its wear, or give finance.life.fade_frac_per_year (0 for a battery that shall not age)"
        refuse(f"battery.{name}.wear", what, hint)
    calendar = None if wear is None else wear.calendar
    if calendar is not None and abs(calendar.end_of_life_fade_frac - spec.life_fade_frac) > _ROUNDING:
        what = (
            f"its life ends at a loss of {calendar.end_of_life_fade_frac:g} of rated energy, that of the project at "
            f"{spec.life_fade_frac:g} (end_of_life_energy_frac {spec.end_of_life_energy_frac:g})"
        )
        hint = "give both the same end, with the cycles of `wear.cycle_life` that lead there"
        refuse(f"battery.{name}.wear.calendar.end_of_life_fade_frac", what, hint)
