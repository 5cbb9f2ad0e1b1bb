"""A supply contract in words, English with Chinese beside it: connection, regime, energy, plant, basic charge."""

from __future__ import annotations

from storage_opt.spec.basic_charge import BasicChargeSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.supply import Regime, SupplySpec

__all__ = ["contract_words", "regime_words"]

_REGIMES = {
    Regime.ORDINARY_AGENCY: "ordinary two-part user, agency purchase 代理购电",
    Regime.ORDINARY_MARKET: "ordinary two-part user in the market 直接交易用户",
    Regime.DIRECT_SINGLE_CAPACITY: "green direct supply, single capacity charge 绿电直连, 单一容量制",
    Regime.DIRECT_TWO_PART: "green direct supply, two parts 绿电直连, 两部制",
    Regime.OFF_GRID: "off-grid direct supply 离网型绿电直连",
}
_BASIC = {
    "capacity": "by capacity 按容量",
    "contract_demand": "by declared demand 按合同需量",
    "actual_demand": "by actual demand 按实际最大需量",
}
_PLANT = {
    "consumed": "paid as consumed 按用电量结算",
    "produced": "paid as produced 按发电量结算",
    "fixed_shape": "fixed shape as contract for difference 固定曲线差价合约",
}


def regime_words(regime: Regime) -> str:
    """A regime with its Chinese name beside it."""
    return _REGIMES[regime]


def contract_words(site: Site) -> list[str]:
    """What the site's supply contract says, a line a part; nothing without one."""
    supply = site.spec.contract.supply if site.spec.contract else None
    if supply is None:
        return []
    off_grid = supply.regime is Regime.OFF_GRID
    lines = [
        f"connection: {'off-grid 离网型' if off_grid else 'grid-connected 并网型'}",
        f"supply: {regime_words(supply.regime)}",
    ]
    if not off_grid:
        lines.append(f"grid energy: {_energy(supply)}")
        lines.append(f"basic charge: {_basic(supply.basic) if supply.basic else 'none 无'}")
    if site.spec.generator:
        lines.append(f"plant: {_plant(supply)}")
    return lines


def _energy(supply: SupplySpec) -> str:
    if supply.market is not None:
        parts = ["medium- and long-term contract 中长期合约", "day-ahead 日前"]
        return ", ".join(parts + (["real time 实时"] if supply.market.day_ahead_kw is not None else []))
    shaped = supply.tou is not None or supply.regime is Regime.ORDINARY_AGENCY
    return "price by time of use 分时电价" if shaped else "price as written 合同电价"


def _basic(basic: BasicChargeSpec) -> str:
    words = _BASIC[basic.mode]
    if basic.mode == "contract_demand" and basic.contract_kw == "optimal":
        words += ", declared anew each month 逐月优化申报"
    return words + (", with rebate for high use 利用率打折" if basic.rebate else "")


def _plant(supply: SupplySpec) -> str:
    plant = supply.plant
    if plant.owner == "site":
        return "of the site 自有"
    taken = f", take-or-pay {plant.take_or_pay_frac:.0%} 照付不议" if plant.take_or_pay_frac else ""
    export = "the site's 归用户" if plant.site_sells else "the owner's 归电源"
    return f"of {plant.payee}, {_PLANT[plant.basis]}{taken}; export is {export}"
