"""What all products of the market for flexibility have in common."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import PowerKw, Quantity, Spec
from storage_opt.spec.tariff import Window

__all__ = ["Hours", "ProductSpec"]

Hours = Annotated[float, Quantity("h", None, 0.0), Field(ge=0)]


class ProductSpec(Spec):
    """A product that the site may sell, apart from energy."""

    preset: str | None = None
    """Row of the product catalog that fills what is left out here, such as ``gansu_peak_regulation``."""
    payee: str = "grid operator"
    """Who pays for the product, as on the statement."""
    window: tuple[Window, ...] = ()
    """When the product may be sold; an interval in any of the windows counts."""
    max_kw: PowerKw | None = None
    """Most power that is sold at a time; left out, what the providers can give."""
    min_block_kw: PowerKw | None = None
    """Least power that may be sold unless none is."""

    @model_validator(mode="after")
    def _block_is_below_the_most(self) -> Self:
        if self.max_kw is not None and self.min_block_kw is not None and self.min_block_kw > self.max_kw:
            message = f"min_block_kw {self.min_block_kw:g} kW is above max_kw {self.max_kw:g} kW; lower it"
            raise ValueError(message)
        return self
