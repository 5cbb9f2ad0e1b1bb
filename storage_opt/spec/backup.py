"""Supply without the grid: what has to run, for how long batteries must carry it, and what comes to their help."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import (
    EnergyKwh,
    Fraction,
    FractionSeries,
    HoursSeries,
    Name,
    PowerKw,
    PowerKwSeries,
    Quantity,
    Spec,
)

__all__ = ["BackupSpec", "GensetSpec"]


class GensetSpec(Spec):
    """A generator set that starts when the grid is lost; it never runs beside the grid."""

    power_kw: PowerKw
    """Power it delivers."""
    fuel_kwh: EnergyKwh
    """Electricity that the fuel on site yields: litres times kWh per litre (of diesel about 3.5 to 4)."""
    start_delay_h: Annotated[float, Quantity("h", None, 0.0, 24.0), Field(ge=0, le=24)]
    """From the loss of the grid until it carries load; batteries bridge it."""


class BackupSpec(Spec):
    """Energy that batteries hold for a loss of the grid, at the start of every interval."""

    critical_kw: PowerKwSeries | None = None
    """Power that has to be served when the grid is lost; give this or `critical_frac`."""
    critical_frac: FractionSeries | None = None
    """The same as a share of what the site draws when no work is shifted."""
    ride_through_h: HoursSeries
    """How long batteries alone carry the critical load, by the time at which the grid is lost; 0 asks for nothing."""
    batteries: tuple[Name, ...] = ()
    """Batteries that hold the reserve and serve in an outage; all of them when left out."""
    outage_soc_min_frac: Fraction = 0.0
    """How far batteries may be drained in an outage, as a share of energy capacity."""
    plants: bool = False
    """Whether plants can feed the site without the grid; counted in survival, never in the reserve."""
    genset: GensetSpec | None = None
    """Generator set; counted in survival, never in the reserve."""

    @model_validator(mode="after")
    def _critical_load_is_told_once(self) -> Self:
        if (self.critical_kw is None) == (self.critical_frac is None):
            both = "both `critical_kw` and `critical_frac` are given" if self.critical_kw is not None else ""
            what = both or "the critical load is missing: neither `critical_kw` nor `critical_frac` is given"
            message = f"{what}; write one of them"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _batteries_are_named_once(self) -> Self:
        twice = sorted({name for name in self.batteries if self.batteries.count(name) > 1})
        if twice:
            message = f"battery {twice[0]!r} is named twice; name each battery once"
            raise ValueError(message)
        return self
