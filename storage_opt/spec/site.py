"""The whole site as the user describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

__all__ = ["MisfitError", "SiteSpec"]


class MisfitError(ValueError):
    """All that does not fit together at a site, in words: what is wrong, and after a semicolon what to do."""

    def __init__(self, told: Sequence[str]) -> None:
        self.told = tuple(told)
        super().__init__("\n".join(told))


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

    @property
    def consumers(self) -> tuple[str, ...]:
        """Owners of a load on the bus: fixed loads and buildings."""
        return (*self.load, *self.facility)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        """All that does not fit together is told at once."""
        told = [*self._missing(), *self._without_place(), *self._without_asset()]
        if told:
            raise MisfitError(told)
        return self

    def _missing(self) -> Iterator[str]:
        """What every site needs, and names that stand twice."""
        if not self.tariff and (self.contract is None or self.contract.supply is None):
            yield "`tariff` is missing, and no contract says how supply is paid; write a [tariff.NAME] section"
        if not self.consumers:
            yield "`load` is missing, and there is no facility; write a [load.NAME] section"
        assets = (self.load, self.facility, self.cluster, self.workload, self.generator, self.battery)
        owners = (*assets, self.regulation, self.response, self.incentive)
        names = [*(name for owner in owners for name in owner), "grid", "site"]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"name {name!r} is used twice (`grid` and `site` are reserved); each asset needs its own"

    def _without_place(self) -> Iterator[str]:
        """Clusters without a building, work without a cluster, backup without a battery."""
        for name, cluster in self.cluster.items():
            if cluster.facility not in self.facility:
                yield f"cluster {name!r} stands in facility {cluster.facility!r}, which the site does not have"
        for name, workload in self.workload.items():
            if workload.cluster not in self.cluster:
                yield f"workload {name!r} runs on cluster {workload.cluster!r}, which the site does not have"
        if self.backup is None:
            return
        if not self.battery:
            yield "backup has no battery to hold it; write a [battery.NAME] section, or leave [backup] out"
            return
        known = ", ".join(f"`{name}`" for name in self.battery)
        for name in self.backup.batteries:
            if name not in self.battery:
                yield f"backup names battery {name!r}, which the site does not have; name some of {known}"

    def _without_asset(self) -> Iterator[str]:
        """Costs and open sizes of what the site does not have."""
        owners = {"battery": self.battery, "generator": self.generator, "facility": self.facility, "grid": ("grid",)}
        if self.finance is not None:
            yield from self.finance.misfits({name: kind for kind, names in owners.items() for name in names})
        if self.sizing is not None:
            yield from self.sizing.unknown(self.battery, self.generator, self.facility)
            yield from self.sizing.misfits(self.grid, None if self.contract is None else self.contract.supply)
