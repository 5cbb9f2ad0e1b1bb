"""The whole site as the user describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from storage_opt.spec.backup import BackupSpec
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.cluster import ClusterSpec
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.facility import FacilitySpec
from storage_opt.spec.fields import Name, Spec
from storage_opt.spec.finance import FinanceSpec
from storage_opt.spec.generator import GeneratorSpec
from storage_opt.spec.grid import GridSpec
from storage_opt.spec.horizon import HorizonSpec
from storage_opt.spec.incentive import IncentiveSpec
from storage_opt.spec.load import LoadSpec
from storage_opt.spec.regulation import RegulationSpec
from storage_opt.spec.response import ResponseSpec
from storage_opt.spec.sizing import SizingSpec
from storage_opt.spec.tariff import TariffSpec
from storage_opt.spec.workload import WorkloadSpec

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
    load: Mapping[Name, LoadSpec] = {}
    """Fixed loads by name; at least one unless there is a facility."""
    facility: Mapping[Name, FacilitySpec] = {}
    """Buildings with clusters by name."""
    cluster: Mapping[Name, ClusterSpec] = {}
    """Clusters of accelerators by name."""
    workload: Mapping[Name, WorkloadSpec] = {}
    """Classes of work by name."""
    generator: Mapping[Name, GeneratorSpec] = {}
    """Plants by name."""
    battery: Mapping[Name, BatterySpec] = {}
    """Batteries by name."""
    tariff: Mapping[Name, TariffSpec] = {}
    """Tariffs by name; at least one unless the contract says how supply is paid."""
    contract: ContractSpec | None = None
    """Rules of a green direct supply contract."""
    regulation: Mapping[Name, RegulationSpec] = {}
    """Power held ready for calls by name: peak regulation, reserve, demand response on call."""
    response: Mapping[Name, ResponseSpec] = {}
    """Demand response in events by name."""
    incentive: Mapping[Name, IncentiveSpec] = {}
    """Payments to storage by rule by name."""
    backup: BackupSpec | None = None
    """Energy that batteries hold for a loss of the grid."""
    finance: FinanceSpec | None = None
    """Costs, taxes, debt and sharing of a project at the site."""
    sizing: SizingSpec | None = None
    """Sizes that are left open."""

    @model_validator(mode="after")
    def _something_is_paid(self) -> Self:
        if not self.tariff and (self.contract is None or self.contract.supply is None):
            message = "`tariff` is missing, and no contract says how supply is paid; write a [tariff.NAME] section"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        assets = (self.load, self.facility, self.cluster, self.workload, self.generator, self.battery)
        owners = (*assets, self.regulation, self.response, self.incentive)
        names = [*(name for owner in owners for name in owner), "grid", "site"]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"name {twice[0]!r} is used twice (`grid` and `site` are reserved); each asset needs its own"
            raise ValueError(message)
        return self

    @property
    def consumers(self) -> tuple[str, ...]:
        """Owners of a load on the bus: fixed loads and buildings."""
        return (*self.load, *self.facility)

    @model_validator(mode="after")
    def _something_is_served(self) -> Self:
        if not self.consumers:
            message = "`load` is missing, and there is no facility; write a [load.NAME] section"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _compute_has_its_place(self) -> Self:
        for name, cluster in self.cluster.items():
            if cluster.facility not in self.facility:
                message = f"cluster {name!r} stands in facility {cluster.facility!r}, which the site does not have"
                raise ValueError(message)
        for name, workload in self.workload.items():
            if workload.cluster not in self.cluster:
                message = f"workload {name!r} runs on cluster {workload.cluster!r}, which the site does not have"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _backup_has_its_batteries(self) -> Self:
        if self.backup is None:
            return self
        if not self.battery:
            message = "backup has no battery to hold it; write a [battery.NAME] section, or leave [backup] out"
            raise ValueError(message)
        unknown = [name for name in self.backup.batteries if name not in self.battery]
        if unknown:
            known = ", ".join(f"`{name}`" for name in self.battery)
            message = f"backup names battery {unknown[0]!r}, which the site does not have; name some of {known}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _finance_is_of_its_assets(self) -> Self:
        owners = {"battery": self.battery, "generator": self.generator, "facility": self.facility, "grid": ("grid",)}
        kinds = {name: kind for kind, names in owners.items() for name in names}
        message = self.finance and self.finance.misfit(kinds)
        if message:
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _open_sizes_exist(self) -> Self:
        message = self.sizing and (
            self.sizing.unknown(self.battery, self.generator, self.facility)
            or self.sizing.misfit(self.grid, None if self.contract is None else self.contract.supply)
        )
        if message:
            raise ValueError(message)
        return self
