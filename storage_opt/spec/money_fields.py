"""Field types of a project's money: yearly rates that refuse percent, years, and prices of what is built.

A rate is a share a year. Every rate above one half is refused, because 6 or 8 where 0.06 or 0.08 is meant gives a
number, and a wrong one.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from storage_opt.spec.fields import Money, MoneyPerKwh, Quantity
from storage_opt.units import Dimension

__all__ = [
    "Cost",
    "CostPerKvaYear",
    "CostPerKwYear",
    "CostPerKwh",
    "CostPerKwhYear",
    "CostPerYear",
    "LifeYears",
    "PriceChange",
    "PriceChangePerYear",
    "Rate",
    "Years",
]

_LARGEST_RATE = 0.5
_PERCENT = 100.0


def _not_percent(rate: float) -> float:
    if rate > _LARGEST_RATE:
        message = f"{rate:g} is above {_LARGEST_RATE:g} and looks like percent; write {rate / _PERCENT:g}"
        raise ValueError(message)
    return rate


def _bounded_below(rate: float) -> float:
    if rate < -_LARGEST_RATE:
        message = f"{rate:g} would halve the price or more each year; give a yearly change from -0.5 to 0.5"
        raise ValueError(message)
    return rate


def _no_sign(rate: float) -> float:
    if rate < 0:
        message = f"{rate:g} is negative; give a rate from 0 to {_LARGEST_RATE:g}"
        raise ValueError(message)
    return rate


Rate = Annotated[
    float, Quantity("1", Dimension.FRACTION, 0.0, _LARGEST_RATE), AfterValidator(_not_percent), AfterValidator(_no_sign)
]
PriceChange = Annotated[
    float,
    Quantity("1", Dimension.FRACTION, -_LARGEST_RATE, _LARGEST_RATE),
    AfterValidator(_not_percent),
    AfterValidator(_bounded_below),
]
PriceChangePerYear = Annotated[
    float,
    Quantity("1/year", None, -_LARGEST_RATE, _LARGEST_RATE),
    AfterValidator(_not_percent),
    AfterValidator(_bounded_below),
]
LifeYears = Annotated[int, Quantity("year", None, 1.0), Field(ge=1, le=60)]
Years = Annotated[int, Quantity("year", None, 0.0), Field(ge=0, le=60)]
Cost = Annotated[Money, Field(ge=0)]
CostPerKwh = Annotated[MoneyPerKwh, Field(ge=0)]
CostPerKwhYear = Annotated[float, Quantity("money/(kWh year)", None, 0.0), Field(ge=0)]
CostPerKwYear = Annotated[float, Quantity("money/(kW year)", None, 0.0), Field(ge=0)]
CostPerKvaYear = Annotated[float, Quantity("money/(kVA year)", None, 0.0), Field(ge=0)]
CostPerYear = Annotated[float, Quantity("money/year", None, 0.0), Field(ge=0)]
