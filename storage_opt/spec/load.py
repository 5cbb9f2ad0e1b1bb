"""Consumption given as a series."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import Fraction, MoneyPerKwh, PowerKwSeries, Quantity, Spec

__all__ = ["LoadSpec"]


class LoadSpec(Spec):
    """Consumption that is served as it is, apart from a part that may be dropped."""

    power_kw: PowerKwSeries
    """Power drawn, interval mean."""
    curtailable_frac: Fraction = 0.0
    """Share of it that may be dropped, at a cost."""
    curtailment_cost_per_kwh: Annotated[MoneyPerKwh, Field(ge=0)] | None = None
    """Cost of a kWh that is dropped; required where any may be."""
    max_curtailment_h: Annotated[float, Quantity("h", None, 0.0), Field(ge=0)] = 4.0
    """How long it can stay dropped at a call; products that last longer do not count on it."""
    notice_h: Annotated[float, Quantity("h", None, 0.0), Field(ge=0)] = 0.0
    """Notice that dropping it needs."""

    @model_validator(mode="after")
    def _dropping_has_its_cost(self) -> Self:
        if self.curtailable_frac and self.curtailment_cost_per_kwh is None:
            message = "curtailable_frac without curtailment_cost_per_kwh would drop load for nothing; give the cost"
            raise ValueError(message)
        return self
