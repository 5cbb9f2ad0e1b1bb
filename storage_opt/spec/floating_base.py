"""What a time-of-use multiplier multiplies: seven ways to float, as one table of weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

__all__ = ["FLOATS", "FloatingBase", "PriceComponents", "period_prices"]

PeriodT = TypeVar("PeriodT", bound=str)


class FloatingBase(StrEnum):
    """Which components of a price float with the period."""

    PURCHASE_AVG = "purchase_avg"
    PURCHASE_LOSS = "purchase_loss"
    PURCHASE_TD = "purchase_td"
    PURCHASE_LOSS_TD = "purchase_loss_td"
    ALL_BUT_FUNDS = "all_but_funds"
    ALL = "all"
    SHANDONG = "shandong"

    @property
    def network_floats(self) -> bool:
        """Whether the network's energy price floats, so that a change of voltage is multiplied as well."""
        return "network_per_kwh" in FLOATS[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceComponents:
    """The parts of a flat price. [CNY/kWh]

    Parameters
    ----------
    purchase_per_kwh : float
        Agency purchase price 代理购电价, including the deviation of earlier months.
    deviation_per_kwh : float
        That deviation, a part of the purchase price. 历史偏差电费折价
    capacity_compensation_per_kwh : float
        Capacity compensation price (Shandong). 容量补偿电价
    loss_per_kwh : float
        Line loss. 上网环节线损费用折价
    network_per_kwh : float
        Energy price of the network. 电量输配电价
    system_per_kwh : float
        System operation fee. 系统运行费折价
    system_capacity_per_kwh : float
        Pumped hydro and coal capacity items, a part of the system operation fee.
    funds_per_kwh : float
        Government funds and surcharges. 政府性基金及附加
    """

    purchase_per_kwh: float
    deviation_per_kwh: float = 0.0
    capacity_compensation_per_kwh: float = 0.0
    loss_per_kwh: float = 0.0
    network_per_kwh: float = 0.0
    system_per_kwh: float = 0.0
    system_capacity_per_kwh: float = 0.0
    funds_per_kwh: float = 0.0

    def weighted(self, weights: Mapping[str, int]) -> float:
        """Sum of components times weights. [CNY/kWh]"""
        return float(sum(getattr(self, name) * weight for name, weight in weights.items()))

    @property
    def flat_per_kwh(self) -> float:
        """Price of the flat period; parts of a component do not count twice. [CNY/kWh]"""
        return self.weighted(_WHOLES)

    def floating_per_kwh(self, base: FloatingBase) -> float:
        """What the multiplier acts on. [CNY/kWh]"""
        return self.weighted(FLOATS[base])


_WHOLES = dict.fromkeys(
    (
        "purchase_per_kwh",
        "capacity_compensation_per_kwh",
        "loss_per_kwh",
        "network_per_kwh",
        "system_per_kwh",
        "funds_per_kwh",
    ),
    1,
)

_AVERAGE_PURCHASE = {"purchase_per_kwh": 1, "deviation_per_kwh": -1}

FLOATS: Mapping[FloatingBase, Mapping[str, int]] = {
    FloatingBase.PURCHASE_AVG: _AVERAGE_PURCHASE,
    FloatingBase.PURCHASE_LOSS: {"purchase_per_kwh": 1, "loss_per_kwh": 1},
    FloatingBase.PURCHASE_TD: {"purchase_per_kwh": 1, "network_per_kwh": 1},
    FloatingBase.PURCHASE_LOSS_TD: {"purchase_per_kwh": 1, "loss_per_kwh": 1, "network_per_kwh": 1},
    FloatingBase.ALL_BUT_FUNDS: {name: 1 for name in _WHOLES if name != "funds_per_kwh"},
    FloatingBase.ALL: _WHOLES,
    FloatingBase.SHANDONG: {
        **_AVERAGE_PURCHASE,
        "capacity_compensation_per_kwh": 1,
        "loss_per_kwh": 1,
        "system_capacity_per_kwh": 1,
    },
}
"""Weight of each component that floats; a part with weight -1 is taken out of its whole."""


def period_prices(
    base: FloatingBase, components: PriceComponents, multipliers: Mapping[PeriodT, float]
) -> dict[PeriodT, float]:
    """Price of each period. [CNY/kWh]

    Parameters
    ----------
    base : FloatingBase
        What floats.
    components : PriceComponents
        Parts of the flat price.
    multipliers : mapping
        Multiplier of each period; that of the flat period is 1.

    Notes
    -----
    ``price(m) = flat + floating (m - 1)``, with ``flat`` the sum of all components and ``floating`` the sum of those
    that float.

    Examples
    --------
    >>> parts = PriceComponents(purchase_per_kwh=0.40, network_per_kwh=0.10, funds_per_kwh=0.02)
    >>> {name: round(price, 4) for name, price in period_prices(FloatingBase.ALL, parts, {"peak": 1.5}).items()}
    {'peak': 0.78}
    """
    flat, floating = components.flat_per_kwh, components.floating_per_kwh(base)
    return {period: flat + floating * (multiplier - 1.0) for period, multiplier in multipliers.items()}
