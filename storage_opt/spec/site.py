"""The whole site as the user describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.fields import Name, Spec
from storage_opt.spec.generator import GeneratorSpec
from storage_opt.spec.grid import GridSpec
from storage_opt.spec.horizon import HorizonSpec
from storage_opt.spec.load import LoadSpec
from storage_opt.spec.tariff import TariffSpec

__all__ = ["SiteSpec"]


class SiteSpec(Spec):
    """One bus with its assets, grid connection and tariffs."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Name of the site, used in outputs."""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    """ISO 4217 code of all money."""
    description: str = ""
    """Free text: where the numbers come from."""
    horizon: HorizonSpec
    """Span, step, zone and calendar."""
    grid: GridSpec = GridSpec()
    """Connection to the public grid."""
    load: Mapping[Name, LoadSpec] = Field(min_length=1)
    """Fixed loads by name."""
    generator: Mapping[Name, GeneratorSpec] = {}
    """Plants by name."""
    battery: Mapping[Name, BatterySpec] = {}
    """Batteries by name."""
    tariff: Mapping[Name, TariffSpec] = {}
    """Tariffs by name; at least one unless the contract says how supply is paid."""
    contract: ContractSpec | None = None
    """Rules of a green direct supply contract."""

    @model_validator(mode="after")
    def _something_is_paid(self) -> Self:
        if not self.tariff and (self.contract is None or self.contract.supply is None):
            message = "`tariff` is missing, and no contract says how supply is paid; write a [tariff.NAME] section"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [*self.load, *self.generator, *self.battery, "grid", "site"]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"name {twice[0]!r} is used twice (`grid` and `site` are reserved); each asset needs its own"
            raise ValueError(message)
        return self
