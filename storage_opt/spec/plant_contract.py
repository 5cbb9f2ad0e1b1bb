"""The contract with the site's own plant (电源侧购电协议): what is paid for, and what is paid anyway.

Owners that differ sign a multi-year agreement (发改能源〔2025〕650号 art. 5); its form is free.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import Fraction, PowerKwSeries, PriceSeries, Quantity, SignedPriceSeries, Spec
from storage_opt.spec.series import Constant

__all__ = ["PlantContractSpec"]


class PlantContractSpec(Spec):
    """Price and volume of the plant's energy."""

    owner: Literal["third_party", "site"] = "third_party"
    """Whether the plant belongs to someone else, who is paid, or to the site."""
    price_per_kwh: PriceSeries = Constant(0.0)
    """Price of the plant's energy; the strike price of a ``fixed_shape``."""
    basis: Literal["consumed", "produced", "fixed_shape"] = "consumed"
    """Paid for what the site consumes (generation less export), for all it produces, or for a fixed shape settled as a
    contract for difference (差价合约)."""
    export_revenue: Literal["site", "plant"] | None = None
    """Who receives what exported energy earns; left out, the plant's owner where the site pays for what it consumes
    (what it does not consume is not its own), the site otherwise."""
    take_or_pay_frac: Fraction | None = None
    """Share of the year's volume that is paid whether it is taken or not (照付不议)."""
    take_or_pay_volume_kwh_per_year: (
        Annotated[float, Quantity("kWh/year", None, 0.0), Field(ge=0, allow_inf_nan=False)] | None
    ) = None
    """Volume the share refers to; left out, the available generation."""
    shape_kw: PowerKwSeries | None = None
    """Contracted power of a ``fixed_shape``."""
    reference_price_per_kwh: SignedPriceSeries | None = None
    """Market price a ``fixed_shape`` is settled against, paid for what the plant really produces."""
    payee: str = "plant owner"
    """Owner of the plant."""

    @property
    def site_sells(self) -> bool:
        """Whether the site receives what exported energy earns."""
        if self.export_revenue is not None:
            return self.export_revenue == "site"
        return self.owner == "site" or self.basis != "consumed"

    @model_validator(mode="after")
    def _shape_is_whole(self) -> Self:
        given = {
            "shape_kw": self.shape_kw is not None,
            "reference_price_per_kwh": self.reference_price_per_kwh is not None,
        }
        if self.basis == "fixed_shape" and not all(given.values()):
            missing = ", ".join(name for name, is_given in given.items() if not is_given)
            message = f'basis "fixed_shape" needs {missing}; give it, or choose "consumed" or "produced"'
            raise ValueError(message)
        if self.basis != "fixed_shape" and any(given.values()):
            extra = ", ".join(name for name, is_given in given.items() if is_given)
            message = f'{extra} belongs to basis "fixed_shape", but basis is "{self.basis}"; leave it out'
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _take_or_pay_fits(self) -> Self:
        if self.basis == "fixed_shape" and self.take_or_pay_frac is not None:
            message = "a fixed shape is paid in full anyway; leave out take_or_pay_frac"
            raise ValueError(message)
        if self.take_or_pay_volume_kwh_per_year is not None and self.take_or_pay_frac is None:
            message = "take_or_pay_volume_kwh_per_year needs take_or_pay_frac; give the share that is paid anyway"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _nobody_pays_himself(self) -> Self:
        paid = {"price_per_kwh", "take_or_pay_frac", "shape_kw"} & self.model_fields_set
        if self.owner == "site" and paid:
            message = (
                f"the site owns the plant and pays nobody, but {', '.join(sorted(paid))} is given; leave it out, "
                "and write upkeep as energy_cost_per_kwh of the generator"
            )
            raise ValueError(message)
        return self
