"""The basic charge of two-part users (容(需)量电费): by capacity, by declared demand, by actual demand.

发改办价格〔2016〕1583号 (2016-06-30): the declaration pays up to 105 % of itself, what exceeds it twice; the least
declaration is a share of the capacity. 发改价格〔2023〕526号: from 260 kWh a kVA and month, 90 % of the demand price.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import ApparentPowerKva, Fraction, MoneyPerKva, MoneyPerKw, PowerKw, Quantity, Spec

__all__ = ["BasicChargeSpec", "Optimal", "RebateSpec"]

Optimal = Literal["optimal"]
"""Left to the optimiser."""


class RebateSpec(Spec):
    """A lower demand price for months of high use (两部制需量电价九折)."""

    threshold_kwh_per_kva: Annotated[float, Quantity("kWh/kVA", None, 0.0), Field(gt=0)] = 260.0
    """Energy of a month, for each kVA of capacity, from which the rebate is granted."""
    price_frac: Annotated[float, Quantity("1", None, 0.0, 1.0), Field(gt=0, le=1)] = 0.9
    """Share of the demand price that is paid with it."""
    energy: Literal["import", "consumption"] = "import"
    """Energy that counts: what the grid delivers, or all consumption."""


class BasicChargeSpec(Spec):
    """The basic charge: exactly one way of measuring it."""

    mode: Literal["capacity", "contract_demand", "actual_demand"]
    """By ``capacity``, by ``contract_demand`` with dear excess, or by ``actual_demand`` (highest 15-minute mean)."""
    capacity_kva: ApparentPowerKva | None = None
    """Installed transformers and high-voltage motors: for ``capacity``, the floor of ``contract_demand`` and the
    rebate; left out, the access capacity of the supply."""
    contract_kw: PowerKw | Annotated[tuple[PowerKw, ...], Field(min_length=12, max_length=12)] | Optimal | None = None
    """Declared demand: a number, one a calendar month, or ``"optimal"`` to declare the best value each month."""
    price_per_kva: MoneyPerKva | None = None
    """Price a kVA and billing period; left out, from the catalog."""
    price_per_kw: MoneyPerKw | None = None
    """Price a kW and billing period; left out, from the catalog."""
    band_frac: Annotated[float, Quantity("1", None, 0.0), Field(ge=0, le=1)] = 0.05
    """Excess over the declared demand that stays free of the excess price (105 % rule)."""
    band_is_free: bool = True
    """Whether demand within the band costs nothing beyond the declaration; some bills charge it at the plain price."""
    excess_multiple: Annotated[float, Field(ge=1)] = 2.0
    """Multiple of the price at which demand beyond the band is charged."""
    floor_frac: Fraction = 0.40
    """Least declared demand as a share of the capacity."""
    rebate: RebateSpec | None = None
    """Rebate for months of high use; none unless it is written, because provinces differ."""

    @model_validator(mode="after")
    def _mode_has_its_quantity(self) -> Self:
        if self.mode == "contract_demand" and self.contract_kw is None:
            message = 'mode "contract_demand" needs contract_kw; give it in kW, or write "optimal"'
            raise ValueError(message)
        if self.mode == "capacity" and self.rebate is not None:
            message = 'the rebate lowers a demand price, but mode is "capacity"; leave it out'
            raise ValueError(message)
        return self
