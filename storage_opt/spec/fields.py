"""The vocabulary of field types: every number of a spec carries its unit, bounds and meaning here.

A field reads ``power_kw: Annotated[float, Kilowatt, Field(ge=0)]``-like through the aliases below; the
unit travels with the type into error messages, the reference page and the comments of `site.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from storage_opt.spec.series import Series, parse_series, plain_series
from storage_opt.units import Dimension

__all__ = [
    "ApparentPowerKva",
    "EnergyKwh",
    "Fraction",
    "FractionSeries",
    "HoursSeries",
    "Money",
    "MoneyPerKva",
    "MoneyPerKw",
    "MoneyPerKwh",
    "MultiplierSeries",
    "Name",
    "PowerKw",
    "PowerKwSeries",
    "PriceSeries",
    "Quantity",
    "SignedPriceSeries",
    "Spec",
    "TemperatureC",
    "TemperatureSeries",
    "TokenSeries",
    "UnitSeries",
]


class Spec(BaseModel):
    """Base of all specs: frozen, unknown keys refused, never NaN or infinite."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True, use_attribute_docstrings=True
    )


@dataclass(frozen=True, slots=True)
class Quantity:
    """Unit and admissible range of a number or series, read by checks, docs and file comments.

    Parameters
    ----------
    unit : str
        Unit inside the model.
    dimension : Dimension or None
        What a file column must measure; None when the number can't come from a file.
    minimum, maximum : float or None
        Closed bounds of every value. [unit]
    """

    unit: str
    dimension: Dimension | None = None
    minimum: float | None = None
    maximum: float | None = None


Name = Annotated[str, Field(pattern=r"^[\w][\w\-]*$", max_length=64)]

PowerKw = Annotated[float, Quantity("kW", Dimension.POWER, 0.0), Field(ge=0)]
EnergyKwh = Annotated[float, Quantity("kWh", Dimension.ENERGY, 0.0), Field(ge=0)]
ApparentPowerKva = Annotated[float, Quantity("kVA", Dimension.APPARENT_POWER, 0.0), Field(ge=0)]
Fraction = Annotated[float, Quantity("1", Dimension.FRACTION, 0.0, 1.0), Field(ge=0, le=1)]
MoneyPerKwh = Annotated[float, Quantity("money/kWh", Dimension.PRICE_PER_ENERGY)]
MoneyPerKw = Annotated[float, Quantity("money/kW", Dimension.PRICE_PER_POWER, 0.0), Field(ge=0)]
MoneyPerKva = Annotated[float, Quantity("money/kVA", None, 0.0), Field(ge=0)]
Money = Annotated[float, Quantity("money", None)]

TemperatureC = Annotated[float, Quantity("degC", Dimension.TEMPERATURE, -60.0, 70.0), Field(ge=-60, le=70)]

_SERIES: tuple[Any, ...] = (BeforeValidator(parse_series), PlainSerializer(plain_series))

PowerKwSeries = Annotated[Series, *_SERIES, Quantity("kW", Dimension.POWER, 0.0)]
FractionSeries = Annotated[Series, *_SERIES, Quantity("1", Dimension.FRACTION, 0.0, 1.0)]
MultiplierSeries = Annotated[Series, *_SERIES, Quantity("1", Dimension.FRACTION, 0.0)]
PriceSeries = Annotated[Series, *_SERIES, Quantity("money/kWh", Dimension.PRICE_PER_ENERGY, 0.0)]
SignedPriceSeries = Annotated[Series, *_SERIES, Quantity("money/kWh", Dimension.PRICE_PER_ENERGY)]
TemperatureSeries = Annotated[Series, *_SERIES, Quantity("degC", Dimension.TEMPERATURE, -60.0, 70.0)]
UnitSeries = Annotated[Series, *_SERIES, Quantity("unit", Dimension.UNITS, 0.0)]
HoursSeries = Annotated[Series, *_SERIES, Quantity("h", Dimension.HOURS, 0.0, 168.0)]
TokenSeries = Annotated[Series, *_SERIES, Quantity("token/s", Dimension.TOKEN_RATE, 0.0)]
