"""How a battery grows old over a project: when its life ends, what happens then, and which years are dispatched."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import Fraction, Quantity, Spec

__all__ = ["LifeSpec"]

Years = Annotated[float, Quantity("year", None, 0.0), Field(gt=0)]
FadePerYear = Annotated[float, Quantity("1/year", None, 0.0, 1.0), Field(ge=0, lt=1)]
FadePerCycle = Annotated[float, Quantity("1/cycle", None, 0.0, 1.0), Field(ge=0, lt=1)]
ProjectYear = Annotated[int, Field(ge=1)]


class LifeSpec(Spec):
    """End of life, what is done about it, and the years in between.

    Life is the loss from rated energy down to `end_of_life_energy_frac`. Where a battery describes its `wear`, the
    schedule of each year says which share of life it takes; otherwise `fade_frac_per_year` and `fade_frac_per_cycle`
    do.
    """

    end_of_life_energy_frac: Annotated[Fraction, Field(gt=0, lt=1)] = 0.8
    """Share of rated energy at which the life of cells ends; also what the cycles of `wear.cycle_life` lead to."""
    warranty_years: Years | None = None
    """Age at which the life of cells ends, if nothing ends it before."""
    warranty_cycles: Annotated[float, Field(gt=0)] | None = None
    """Equivalent full cycles at which it ends: energy from the cells over the energy they hold by then."""
    warranty_throughput_kwh_per_kwh: Annotated[float, Quantity("kWh/kWh", None, 0.0), Field(gt=0)] | None = None
    """Energy delivered at the AC side for each kWh of rated energy at which it ends."""
    fade_frac_per_year: FadePerYear | None = None
    """Share of rated energy lost each year by time alone, for batteries without `wear.calendar`."""
    fade_frac_per_cycle: FadePerCycle | None = None
    """Share of rated energy lost by each equivalent full cycle, for batteries without `wear.cycle_life`."""
    efficiency_fade_frac_per_year: FadePerYear = 0.0
    """Share of the round-trip efficiency lost each year of age, half of it each way."""
    at_end_of_life: Literal["replace", "augment", "retire"] = "replace"
    """What is done in the year after cells have ended: `replace` them, `augment` them with new ones beside them, or
    `retire` the battery."""
    augment_to_frac: Annotated[Fraction, Field(gt=0)] | None = None
    """Share of rated energy up to which new cells are added; all of it when left out."""
    augment_years: tuple[ProjectYear, ...] = ()
    """Project years at whose start cells are added, in rising order from year 2."""
    augment_below_frac: Annotated[Fraction, Field(gt=0)] | None = None
    """Share of rated energy that the battery is kept at: cells are added in the year that would end below it. Left
    out, `augment` keeps it at `end_of_life_energy_frac`."""
    dispatched_years: Literal["all"] | tuple[ProjectYear, ...] = "all"
    """Project years that are solved, the others interpolated; added to them are the first and the last, and those on
    either side of new cells."""

    @property
    def life_fade_frac(self) -> float:
        """Loss of rated energy over a whole life."""
        return 1.0 - self.end_of_life_energy_frac

    @property
    def filled_frac(self) -> float:
        """Share of rated energy up to which cells are added."""
        return 1.0 if self.augment_to_frac is None else self.augment_to_frac

    @property
    def kept_frac(self) -> float | None:
        """Share of rated energy that added cells keep up; None where none does."""
        if self.augment_below_frac is None and self.at_end_of_life == "augment":
            return self.end_of_life_energy_frac
        return self.augment_below_frac

    @model_validator(mode="after")
    def _what_is_added_has_its_time(self) -> Self:
        if self.augment_to_frac is not None and self.kept_frac is None and not self.augment_years:
            message = (
                f"augment_to_frac is {self.augment_to_frac:g}, but nothing says when cells are added; give "
                "augment_years, augment_below_frac or at_end_of_life = 'augment'"
            )
            raise ValueError(message)
        if self.kept_frac is not None and self.filled_frac <= self.kept_frac:
            message = (
                f"cells are added up to {self.filled_frac:g} of rated energy and below {self.kept_frac:g}, so every "
                "year would add some; raise augment_to_frac, or lower augment_below_frac"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _years_rise(self) -> Self:
        chosen = () if self.dispatched_years == "all" else self.dispatched_years
        if self.dispatched_years != "all" and not chosen:
            message = "dispatched_years is empty; name years such as [1, 5, 10], or give 'all'"
            raise ValueError(message)
        for name, years in (("augment_years", self.augment_years), ("dispatched_years", chosen)):
            if any(later <= earlier for earlier, later in pairwise(years)):
                message = f"{name} must rise, got {', '.join(map(str, years))}; sort them and name each once"
                raise ValueError(message)
        if self.augment_years and self.augment_years[0] == 1:
            message = "augment_years names year 1, in which all cells are new; start with year 2, or raise energy_kwh"
            raise ValueError(message)
        return self
