"""How the grid's backup and the plant's energy are paid under direct supply, component by component.

Regimes and lines after 发改价格〔2025〕1192号 (in force 2025-10-01) as summarised by three public readings, and
发改能源〔2026〕688号 art. 10 for funds; network prices by voltage from 发改价格〔2026〕1077号 (2026-07-08).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.basic_charge import BasicChargeSpec, Optimal
from storage_opt.spec.fields import (
    ApparentPowerKva,
    Fraction,
    MoneyPerKva,
    PriceSeries,
    Quantity,
    SignedPriceSeries,
    Spec,
)
from storage_opt.spec.market import MarketSpec
from storage_opt.spec.plant_contract import PlantContractSpec
from storage_opt.spec.series import Constant
from storage_opt.spec.tou_shape import TouShapeSpec

__all__ = ["Regime", "SupplySpec"]

PowerFactor = Annotated[float, Quantity("1", None, 0.0, 1.0), Field(gt=0, le=1)]


class Regime(StrEnum):
    """Who sells the grid's energy, and who pays the network how."""

    ORDINARY_AGENCY = "ordinary_agency"
    """Two-part user supplied by the grid company at agency prices and time of use (代理购电)."""
    ORDINARY_MARKET = "ordinary_market"
    """Two-part user in the market without direct supply: network energy price on import."""
    DIRECT_SINGLE_CAPACITY = "direct_single_capacity"
    """Direct supply, 单一容量制: a monthly network fee by access capacity, no network price per kWh."""
    DIRECT_TWO_PART = "direct_two_part"
    """Direct supply, 两部制: network energy price on all consumption, self-use included."""
    OFF_GRID = "off_grid"
    """No public grid: funds on self-use only."""

    @property
    def is_direct(self) -> bool:
        """Whether the site has a direct line to its own plant, on or off the grid."""
        return self in {Regime.DIRECT_SINGLE_CAPACITY, Regime.DIRECT_TWO_PART, Regime.OFF_GRID}


class SupplySpec(Spec):
    """Price components of grid backup, own plant and export; each is a line of the bill."""

    regime: Regime
    """Regime of supply and network charge."""
    region: str | None = None
    """Grid of the catalog, such as ``NM_W``; fills prices that are left out."""
    voltage: str | None = None
    """Voltage of the connection, such as ``110kV``; together with `region`."""
    energy_price_per_kwh: SignedPriceSeries | None = None
    """Purchase price of imported energy (代理购电价, or of a retail contract); left out under ``ordinary_agency``, from
    the catalog."""
    market: MarketSpec | None = None
    """Market settlement instead of `energy_price_per_kwh`: contract curve, day-ahead, real time."""
    tou: TouShapeSpec | None = None
    """Time-of-use multipliers of the components; left out under ``ordinary_agency``, the calendar of the region."""
    deviation_per_kwh: SignedPriceSeries = Constant(0.0)
    """Deviation of earlier months within `energy_price_per_kwh`, which does not float (历史偏差电费折价)."""
    capacity_compensation_per_kwh: PriceSeries = Constant(0.0)
    """Capacity compensation price on import (容量补偿电价, Shandong)."""
    line_loss_per_kwh: PriceSeries | None = None
    """Line loss (上网环节线损费); left out, energy price x loss / (1 - loss) of the catalog."""
    transmission_per_kwh: PriceSeries | None = None
    """Network energy price (电量输配电价); left out, from the catalog."""
    system_operation_per_kwh: SignedPriceSeries | None = None
    """System operation fee (系统运行费); set monthly by the grid company, so direct supply has no default."""
    system_operation_basis: Literal["import", "consumption"] = "import"
    """Energy the system operation fee is levied on: what the grid delivers (1192号, for now) or all consumption."""
    system_capacity_per_kwh: PriceSeries = Constant(0.0)
    """Pumped hydro and coal capacity items within the system operation fee, which float in Shandong."""
    system_operation_per_kva: MoneyPerKva = 0.0
    """System operation fee by access capacity and month, announced by 1192号 for later."""
    funds_per_kwh: PriceSeries | None = None
    """Government funds and surcharges (政府性基金及附加); left out, from the catalog."""
    funds_on_self_use: bool = True
    """Whether funds are levied on self-used energy too; 688号 art. 10 exempts nothing."""
    cross_subsidy_on_self_use_per_kwh: SignedPriceSeries = Constant(0.0)
    """New cross-subsidy difference on self-used energy (政策性交叉补贴新增损益); 1192号 exempts it for now."""
    access_capacity_kva: ApparentPowerKva | Optimal | None = None
    """Capacity connected to the public grid (接网容量), or ``"optimal"``; limits import to capacity x power factor."""
    load_factor_frac: Fraction | None = None
    """Average load factor of the province's large users (平均负荷率), for the single capacity charge."""
    month_h: Annotated[float, Quantity("h", None, 0.0), Field(gt=0)] = 730.0
    """Hours of a month in the single capacity charge."""
    basic: BasicChargeSpec | None = None
    """Basic charge; none where the region levies none."""
    power_factor: PowerFactor | Annotated[tuple[PowerFactor, ...], Field(min_length=12, max_length=12)] | None = None
    """Measured power factor of the month, one for all or one a calendar month, looked up in the adjustment table."""
    power_factor_standard_frac: PowerFactor = 0.90
    """Power factor at which nothing is adjusted; 0.90 for large users."""
    power_factor_adjustment_frac: (
        Annotated[float, Quantity("1", None, -0.0075, 2.0), Field(ge=-0.0075, le=2.0)] | None
    ) = None
    """Power-factor adjustment (力调) itself, instead of `power_factor`: a share of energy, network and basic charges
    without funds and green premium."""
    plant: PlantContractSpec = PlantContractSpec()
    """Contract with the owner of the plants."""
    export_price_per_kwh: SignedPriceSeries = Constant(0.0)
    """Market price of exported energy."""
    export_loss_frac: Fraction = 0.0
    """Share of exported energy charged as loss."""
    grid_payee: str = "grid company"
    """Who receives network and basic charges."""
    market_payee: str = "market"
    """Who sells imported and buys exported energy; the grid company under ``ordinary_agency``."""

    @model_validator(mode="after")
    def _region_and_voltage_together(self) -> Self:
        if (self.region is None) != (self.voltage is None):
            message = "region and voltage belong together; give both, or neither and every price"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _one_price_of_energy(self) -> Self:
        if self.market is not None and self.energy_price_per_kwh is not None:
            message = "energy_price_per_kwh and market both price imported energy; give one of them"
            raise ValueError(message)
        if self.market is not None and self.tou is not None:
            message = (
                "market prices have their own shape; leave out tou, or give energy_price_per_kwh instead of market"
            )
            raise ValueError(message)
        if self.market is not None and self.regime is Regime.ORDINARY_AGENCY:
            message = 'an agency user does not settle in the market; leave out market, or choose "ordinary_market"'
            raise ValueError(message)
        if self.power_factor is not None and self.power_factor_adjustment_frac is not None:
            message = "power_factor and power_factor_adjustment_frac say the same; give one of them"
            raise ValueError(message)
        return self
