"""Buildings that house clusters: what cooling, conversion and everything else add to the power of the servers.

Defaults are those of a modern building with free cooling: PUE 1.10 below some 15 degC, rising to 1.3 to 1.4 at 35 degC.
They are background knowledge, not a measurement; give your own building's curve where you have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import (
    EnergyKwh,
    Fraction,
    PowerKw,
    Quantity,
    Spec,
    TemperatureC,
    TemperatureSeries,
)
from storage_opt.spec.series import Constant

__all__ = ["CoolingSpec", "CopPoint", "FacilitySpec", "PuePoint", "RoomSpec", "TankSpec"]

Pue = Annotated[float, Quantity("1", None, 1.0, 5.0), Field(ge=1, le=5)]
Cop = Annotated[float, Quantity("1", None, 0.1, 60.0), Field(ge=0.1, le=60)]


class PuePoint(Spec):
    """A corner of the power usage effectiveness over outdoor temperature."""

    outdoor_temp_c: TemperatureC
    """Outdoor temperature."""
    pue: Pue
    """Power of the site over power of the servers at that temperature."""


class CopPoint(Spec):
    """A corner of the coefficient of performance of cooling over outdoor temperature."""

    outdoor_temp_c: TemperatureC
    """Outdoor temperature."""
    cop: Cop
    """Heat removed per electricity drawn by the whole cooling plant, fans and pumps included."""


class TankSpec(Spec):
    """Chilled water or ice: cold made at one time and used at another. Powers and energies are of cold."""

    energy_kwh: EnergyKwh
    """Cold that the tank holds."""
    charge_kw: PowerKw
    """Most cold that may be put in."""
    discharge_kw: PowerKw
    """Most cold that may be taken out."""
    loss_frac_per_h: Annotated[float, Quantity("1/h", None, 0.0), Field(ge=0, lt=1)] = 0.002
    """Share of the stored cold lost each hour."""
    charge_cop_frac: Annotated[float, Quantity("1", None, 0.0, 1.0), Field(gt=0, le=1)] = 1.0
    """COP when filling the tank over COP of direct cooling: 1 for chilled water, some 0.7 for ice."""


class RoomSpec(Spec):
    """Heat that the building itself holds: air, floors and racks between two temperatures."""

    temp_min_c: TemperatureC
    """Lowest admissible temperature."""
    temp_max_c: TemperatureC
    """Highest admissible temperature."""
    setpoint_c: TemperatureC | None = None
    """Temperature that is held where nothing is optimised, and with which the horizon starts and ends; by default the
    middle of the band."""
    capacity_kwh_per_k: Annotated[float, Quantity("kWh/K", None, 0.0), Field(gt=0)]
    """Heat that warms the room by one kelvin."""
    loss_kw_per_k: Annotated[float, Quantity("kW/K", None, 0.0), Field(ge=0)] = 0.0
    """Heat that leaves through the walls for each kelvin between room and outdoors."""

    @property
    def held_temp_c(self) -> float:
        """Temperature that is held where nothing is optimised. [degC]"""
        return (self.temp_min_c + self.temp_max_c) / 2.0 if self.setpoint_c is None else self.setpoint_c

    @model_validator(mode="after")
    def _band_must_be_ordered(self) -> Self:
        if self.temp_min_c > self.temp_max_c:
            message = f"temp_min_c {self.temp_min_c} degC is above temp_max_c {self.temp_max_c} degC; lower one"
            raise ValueError(message)
        if not self.temp_min_c <= self.held_temp_c <= self.temp_max_c:
            message = (
                f"setpoint_c {self.held_temp_c} degC is not within {self.temp_min_c} to {self.temp_max_c}; move it"
            )
            raise ValueError(message)
        return self


class CoolingSpec(Spec):
    """A cooling plant by its coefficient of performance."""

    cop: Cop | tuple[CopPoint, ...]
    """Heat removed per electricity drawn: a number, or corners over outdoor temperature, flat beyond them."""
    capacity_kw: PowerKw | None = None
    """Most heat that the plant removes, filling of the tank included; left out, it is large enough."""
    tank: TankSpec | None = None
    """Chilled water or ice storage."""
    room: RoomSpec | None = None
    """Temperature band of the building; left out, heat is removed as it arises."""

    @model_validator(mode="after")
    def _corners_must_rise(self) -> Self:
        if isinstance(self.cop, tuple):
            _require_rising([point.outdoor_temp_c for point in self.cop], "cop")
        return self


class FacilitySpec(Spec):
    """A building with clusters. Its power is all that the grid and the plants have to serve for them."""

    outdoor_temp_c: TemperatureSeries = Constant(15.0)
    """Outdoor temperature; matters where PUE, COP or the room depend on it."""
    pue: Pue | tuple[PuePoint, ...] | None = None
    """Power of the site over power of the servers: a number, or corners over outdoor temperature, flat beyond them.
    Either this or `cooling`; with neither the servers are all there is."""
    cooling: CoolingSpec | None = None
    """The cooling plant by itself; UPS and fixed power are then given beside it."""
    ups_loss_frac: Fraction = 0.0
    """Loss of uninterruptible supply and transformers, as a share of the power of the servers; it becomes heat."""
    fixed_overhead_kw: PowerKw = 0.0
    """Lighting, security, offices, idle losses: drawn whatever the servers do, not cooled."""

    @model_validator(mode="after")
    def _overhead_is_told_once(self) -> Self:
        if self.pue is not None and self.cooling is not None:
            message = "both `pue` and `cooling` are given, which would count cooling twice; keep one"
            raise ValueError(message)
        if self.pue is not None and self.ups_loss_frac:
            message = "`ups_loss_frac` is given beside `pue`, which holds UPS losses already; keep one"
            raise ValueError(message)
        if isinstance(self.pue, tuple):
            _require_rising([point.outdoor_temp_c for point in self.pue], "pue")
        return self

    @property
    def mode(self) -> Literal["pue", "cooling", "none"]:
        """How the overhead of the building is described."""
        if self.cooling is not None:
            return "cooling"
        return "none" if self.pue is None else "pue"


def _require_rising(temps: Sequence[float], name: str) -> None:
    if not temps:
        message = f"`{name}` has no corner; write a number, or corners such as {{ outdoor_temp_c = 15, {name} = 1.1 }}"
        raise ValueError(message)
    if any(later <= earlier for earlier, later in zip(temps, temps[1:], strict=False)):
        message = f"corners of `{name}` must be in rising order of outdoor_temp_c, got {temps}; sort them"
        raise ValueError(message)
