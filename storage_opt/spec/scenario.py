"""Years that a sizing has to be good for: other series, other prices, and how much a bad year weighs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from storage_opt.spec.fields import Fraction, Name, Spec
from storage_opt.spec.horizon import HorizonSpec

__all__ = ["RiskSpec", "ScenarioSpec", "horizon_of_year"]

_LARGEST_SCALE = 10.0


def _factor(value: float) -> float:
    if value > _LARGEST_SCALE:
        message = (
            f"{value:g} is no plausible factor, at most {_LARGEST_SCALE:g}; write {value / 100:g} if it is percent"
        )
        raise ValueError(message)
    return value


Scale = Annotated[float, Field(ge=0), AfterValidator(_factor)]


class ScenarioSpec(Spec):
    """One year that may come, told by what differs from the site; without any key, the site as it stands."""

    weight: Annotated[float, Field(gt=0)] = 1.0
    """Relative probability; all weights together count as 1."""
    out_of_sample: bool = False
    """Whether the sizes are only tried on it, not chosen for it."""
    year: Annotated[int, Field(ge=1970, le=2200)] | None = None
    """Calendar year that the horizon moves to, such as the year of other weather; leap years may stand beside others.
    Every table of the site has to have that year, or is replaced."""
    replace: Mapping[str, str] = {}
    """Tables that stand in place of others, such as `{"series.csv" = "series_2022.csv"}`; columns keep their names."""
    load_scale: Scale = 1.0
    """Factor on every load of `[load]`."""
    generation_scale: Scale | Mapping[Name, Scale] = 1.0
    """Factor on what plants have available, up to their capacity: one number for all, or one a plant."""
    energy_price_scale: Scale = 1.0
    """Factor on prices of imported energy; demand charges, network charges and funds stay."""
    export_price_scale: Scale = 1.0
    """Factor on prices of exported energy."""
    spread_scale: Scale = 1.0
    """Factor on the distance of every import price from its mean over the horizon, which stays."""

    @model_validator(mode="after")
    def _tables_are_replaced_by_others(self) -> Self:
        for old, new in self.replace.items():
            if old == new:
                message = f"replace puts {old!r} in place of itself; name the other table, or leave it out"
                raise ValueError(message)
        return self

    @property
    def has_other_series(self) -> bool:
        """Whether its series are not those of the site."""
        return bool(self.replace) or self.year is not None


class RiskSpec(Spec):
    """How much bad years weigh in the choice of sizes."""

    cvar_level_frac: Annotated[Fraction, Field(lt=1)] = 0.8
    """Level of the conditional value at risk: 0.8 is the mean of the worst 20 % of years by cost."""
    cvar_weight_frac: Fraction
    """Share of it in the objective: 0 is the mean of all years alone, 1 the worst years alone."""


def horizon_of_year(spec: HorizonSpec, year: int | None) -> HorizonSpec:
    """The horizon in the calendar year of a scenario.

    Raises
    ------
    ValueError
        When the horizon cannot stand in that year, or its calendar says nothing of it.
    """
    if year is None or year == spec.start.year:
        return spec
    shift = year - spec.start.year
    start, end = _moved(spec.start, shift), _moved(spec.end, shift)
    days = {*spec.holidays, *spec.workdays}
    if days and not any(_day(start) <= day <= _day(end) for day in days):
        message = f"horizon.holidays and workdays name no day of {year}; add them, several years may stand there"
        raise ValueError(message)
    moved = spec.model_copy(update={"start": start, "end": end})
    moved.build()
    return moved


def _moved(moment: datetime | date, years: int) -> datetime | date:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        message = f"{moment:%d %B} does not exist in {moment.year + years}; start and end the horizon on another day"
        raise ValueError(message) from None


def _day(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
