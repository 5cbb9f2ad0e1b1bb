"""What a site sold besides energy, who provided it, and what more headroom would be worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Headroom", "ProductUse", "ProductValue", "ValueStack"]


@dataclass(frozen=True, slots=True)
class ProductUse:
    """One product in a plan.

    Parameters
    ----------
    name : str
        Name of the product.
    revenue : float
        What the site receives, penalties taken off. [money]
    committed_h : float
        Hours in which something of it is sold. [h]
    mean_kw, most_kw : float
        Power sold in these hours. [kW]
    events : int
        Events that are joined; 0 for products without events.
    by_provider : mapping of str to float
        Share of each provider in what is sold. [0-1]
    """

    name: str
    revenue: float
    committed_h: float
    mean_kw: float
    most_kw: float
    events: int
    by_provider: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Headroom:
    """What a little more room of a provider would be worth over the horizon.

    Parameters
    ----------
    name : str
        Provider, or ``grid``.
    up_per_kw, down_per_kw : float
        Worth of one more kW to give, and to take. [money/kW]
    up_per_kwh, down_per_kwh : float
        Worth of one more kWh behind it, at the times at which it is short. [money/kWh]
    """

    name: str
    up_per_kw: float
    down_per_kw: float
    up_per_kwh: float
    down_per_kwh: float


@dataclass(frozen=True, slots=True)
class ProductValue:
    """What a product adds.

    Parameters
    ----------
    name : str
        Name of the product.
    alone : float
        Fall of the optimal cost when it is the only product. [money]
    last : float
        Fall of the optimal cost when it joins all the others. [money]
    """

    name: str
    alone: float
    last: float


@dataclass(frozen=True, slots=True)
class ValueStack:
    """Optimal costs with and without each product.

    Parameters
    ----------
    cost_of_baseline : float
        Bill of the baseline. [money]
    cost_without_products : float
        Optimal cost with no product: what energy, demand and own generation alone allow. [money]
    cost : float
        Optimal cost with all. [money]
    products : tuple of ProductValue
        What each adds, alone and last.
    """

    cost_of_baseline: float
    cost_without_products: float
    cost: float
    products: tuple[ProductValue, ...]

    @property
    def without_products(self) -> float:
        """Savings with no product. [money]"""
        return self.cost_of_baseline - self.cost_without_products

    @property
    def together(self) -> float:
        """What all products add. [money]"""
        return self.cost_without_products - self.cost

    @property
    def overlap(self) -> float:
        """By how much the products alone add to more than they do together: room that they compete for. [money]"""
        return sum(product.alone for product in self.products) - self.together
