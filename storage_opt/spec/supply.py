"""How the grid's backup and the plant's energy are paid under direct supply, component by component.

Regimes and lines after 发改价格〔2025〕1192号 (in force 2025-10-01) as summarised by three public readings, and
发改能源〔2026〕688号 art. 10 for funds; network prices by voltage from 发改价格〔2026〕1077号 (2026-07-08).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import (
    ApparentPowerKva,
    Fraction,
    MoneyPerKva,
    MoneyPerKw,
    PowerKw,
    PriceSeries,
    Quantity,
    SignedPriceSeries,
    Spec,
)
from storage_opt.spec.series import Constant

__all__ = ["BasicChargeSpec", "Regime", "SupplySpec"]


class Regime(StrEnum):
    """Who pays the network how."""

    ORDINARY_MARKET = "ordinary_market"
    """Two-part user in the market without direct supply: network energy price on import."""
    DIRECT_SINGLE_CAPACITY = "direct_single_capacity"
    """Direct supply, 单一容量制: a monthly network fee by access capacity, no network price per kWh."""
    DIRECT_TWO_PART = "direct_two_part"
    """Direct supply, 两部制: network energy price on all consumption, self-use included."""
    OFF_GRID = "off_grid"
    """No public grid: funds on self-use only."""


class BasicChargeSpec(Spec):
    """The basic charge (容(需)量电费): exactly one way of measuring it."""

    mode: Literal["capacity", "contract_demand", "actual_demand"]
    """By ``capacity``, by ``contract_demand`` with dear excess, or by ``actual_demand`` (highest 15-minute mean)."""
    capacity_kva: ApparentPowerKva | None = None
    """Installed transformers and high-voltage motors; for ``capacity``, and for the floor of ``contract_demand``."""
    contract_kw: PowerKw | None = None
    """Declared demand; for ``contract_demand``."""
    price_per_kva: MoneyPerKva | None = None
    """Price a kVA and billing period; left out, from the catalog."""
    price_per_kw: MoneyPerKw | None = None
    """Price a kW and billing period; left out, from the catalog."""
    band_frac: Annotated[float, Quantity("1", None, 0.0), Field(ge=0, le=1)] = 0.05
    """Excess over the declared demand that stays free of the excess price (105 % rule)."""
    excess_multiple: Annotated[float, Field(ge=1)] = 2.0
    """Multiple of the price at which demand beyond the band is charged."""
    floor_frac: Fraction = 0.40
    """Least declared demand as a share of the capacity."""

    @model_validator(mode="after")
    def _mode_has_its_quantity(self) -> Self:
        needed = {"capacity": "capacity_kva", "contract_demand": "contract_kw"}.get(self.mode)
        if (needed == "capacity_kva" and self.capacity_kva is None) or (
            needed == "contract_kw" and self.contract_kw is None
        ):
            message = f'mode "{self.mode}" needs {needed}; give it in the unit of its name'
            raise ValueError(message)
        return self


class SupplySpec(Spec):
    """Price components of grid backup, own plant and export; each is a line of the bill."""

    regime: Regime
    """Regime of the network charge."""
    region: str | None = None
    """Grid of the catalog, such as ``NM_W``; fills network prices that are left out."""
    voltage: str | None = None
    """Voltage of the connection, such as ``110kV``; together with `region`."""
    energy_price_per_kwh: SignedPriceSeries | None = None
    """Market or contract price of imported energy; not for off-grid sites."""
    line_loss_per_kwh: PriceSeries | None = None
    """Line loss (上网环节线损费); left out, energy price x loss / (1 - loss) of the catalog."""
    transmission_per_kwh: PriceSeries | None = None
    """Network energy price (电量输配电价); left out, from the catalog."""
    system_operation_per_kwh: SignedPriceSeries | None = None
    """System operation fee (系统运行费) on import; set monthly by the grid company, so it has no default."""
    funds_per_kwh: PriceSeries | None = None
    """Government funds and surcharges (政府性基金及附加); left out, from the catalog."""
    funds_on_self_use: bool = True
    """Whether funds are levied on self-used energy too; 688号 art. 10 exempts nothing."""
    access_capacity_kva: ApparentPowerKva | None = None
    """Capacity connected to the public grid (接网容量), for the single capacity charge."""
    load_factor_frac: Fraction | None = None
    """Average load factor of the province's large users (平均负荷率), for the single capacity charge."""
    month_h: Annotated[float, Quantity("h", None, 0.0), Field(gt=0)] = 730.0
    """Hours of a month in the single capacity charge."""
    basic: BasicChargeSpec | None = None
    """Basic charge; none where the region levies none."""
    power_factor_adjustment_frac: Annotated[float, Quantity("1", None, -0.0075, 2.0), Field(ge=-0.0075, le=2.0)] = 0.0
    """Power factor adjustment (力调), a share of energy, network and basic charges without funds."""
    plant_price_per_kwh: PriceSeries = Constant(0.0)
    """Price of own generation when the plant belongs to someone else (PPA)."""
    plant_basis: Literal["consumed", "produced"] = "consumed"
    """Whether the plant is paid for what the site consumes (generation less export) or for all it produces."""
    plant_payee: str = "plant owner"
    """Owner of the plant."""
    export_price_per_kwh: SignedPriceSeries = Constant(0.0)
    """Market price of exported energy."""
    export_loss_frac: Fraction = 0.0
    """Share of exported energy charged as loss."""
    grid_payee: str = "grid company"
    """Who receives network and basic charges."""
    market_payee: str = "market"
    """Who sells imported and buys exported energy."""

    @model_validator(mode="after")
    def _region_and_voltage_together(self) -> Self:
        if (self.region is None) != (self.voltage is None):
            message = "region and voltage belong together; give both, or neither and every price"
            raise ValueError(message)
        return self
