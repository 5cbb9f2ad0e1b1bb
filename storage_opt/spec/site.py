"""The whole site as the user describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from storage_opt.spec.misfit import Misfit, MisfitError
from storage_opt.spec.regulation import RegulationSpec
from storage_opt.spec.response import ResponseSpec
from storage_opt.spec.site_names import kinds_of_assets, names_misfits
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

    @property
    def consumers(self) -> tuple[str, ...]:
        """Owners of a load on the bus: fixed loads and buildings."""
        return (*self.load, *self.facility)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        """All that does not fit together is told at once."""
        misfits = [*names_misfits(self), *self._numbers_misfits()]
        if misfits:
            raise MisfitError(misfits)
        return self

    def _numbers_misfits(self) -> Iterator[Misfit]:
        """Costs and open sizes that do not fit what the site has."""
        if self.finance is not None:
            yield from self.finance.misfits(kinds_of_assets(self))
        if self.sizing is not None:
            yield from self.sizing.shapeless(self.battery, self.facility)
            yield from self.sizing.misfits(self.grid, None if self.contract is None else self.contract.supply)
