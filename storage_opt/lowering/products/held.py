"""Power held ready on the horizon: when it is offered, by whom, and what it is paid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Faults
from storage_opt.horizon import Horizon, Periods
from storage_opt.lowering.products.presets import filled, preset_row
from storage_opt.lowering.products.provider import Provider, Side
from storage_opt.lowering.products.roster import Needs, chosen_providers, why_not
from storage_opt.lowering.products.sizes import require_backing, require_size
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.lowering.window import window_mask
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.regulation import RegulationSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Series
from storage_opt.spec.tariff import Window

__all__ = ["HeldPower", "any_window", "held_powers"]

_Array = NDArray[np.float64]
_KINDS = {"up": FlowKind.UP_KW, "down": FlowKind.DOWN_KW}
_SLIVER = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class HeldPower:
    """A product of power held ready.

    Parameters
    ----------
    name : str
        Name of the product.
    spec : RegulationSpec
        What the user wrote, gaps filled.
    duration_h : float
        How long a call lasts. [h]
    directions : tuple of str
        ``up``, ``down`` or both.
    offered : (T,) bool array
        Intervals in which it may be sold.
    providers : tuple of Provider
        Who may provide it.
    price_per_kw_h : (T,) array
        Paid for each kW held for an hour, whatever it is quoted for. [money/kWh]
    called_per_kwh : (T,) array
        Paid for each kWh called. [money/kWh]
    step_h : float
        Interval length. [h]
    """

    name: str
    spec: RegulationSpec
    duration_h: float
    directions: tuple[str, ...]
    offered: NDArray[np.bool_]
    providers: tuple[Provider, ...]
    price_per_kw_h: _Array
    called_per_kwh: _Array
    step_h: float

    def offered_by(self, provider: Provider, direction: str) -> NDArray[np.bool_]:
        """Intervals in which a provider may take part (T,)."""
        side = provider.side(direction)
        needs = self.needs(direction)
        if side is None or why_not(provider, needs):
            return np.zeros_like(self.offered)
        return self.offered & (side.most_kw > 0) & self.in_time(side)

    def in_time(self, side: Side) -> NDArray[np.bool_]:
        """Intervals from which what a call delays can be caught up before the horizon ends (T,)."""
        steps = self.offered.size
        if side.work is None:
            return np.ones(steps, dtype=np.bool_)
        last = int(np.ceil((self.duration_h + self.spec.recovery_h) / self.step_h - _SLIVER))
        in_time: NDArray[np.bool_] = np.arange(steps) < steps - last
        return in_time

    def needs(self, direction: str) -> Needs:
        """What it asks of a provider in a direction."""
        return Needs(direction, self.duration_h, self.spec.notice_h, self.spec.call_probability_frac > 0)

    @property
    def only_provider(self) -> Provider | None:
        """The provider, where there is one alone that can take part in all windows and directions."""
        able = [p for p in self.providers if any(self.offered_by(p, d).any() for d in self.directions)]
        if len(able) != 1:
            return None
        always = all(np.array_equal(self.offered_by(able[0], d), self.offered) for d in self.directions)
        return able[0] if always else None

    def flow(self, provider: Provider, direction: str) -> Flow:
        """What a provider holds for it."""
        return Flow(f"{self.name}.{provider.name}", _KINDS[direction])

    def flows(self, direction: str) -> tuple[Flow, ...]:
        """What its providers hold in a direction."""
        return tuple(self.flow(p, direction) for p in self.providers if self.offered_by(p, direction).any())


def held_powers(site: Site) -> tuple[HeldPower, ...]:
    """Every product of power held ready, worked out once for each site.

    Raises
    ------
    InputError
        When a product has no direction, duration, price or provider, or promises more than can be backed; lists all.
    """
    return site.once(_lowered)


def _lowered(site: Site) -> tuple[HeldPower, ...]:
    faults = Faults()
    found = []
    for name, spec in site.spec.regulation.items():
        with gathered(faults):
            found.append(_one(site, name, filled(spec, f"regulation.{name}")))
    faults.raise_if_any()
    return tuple(found)


def _one(site: Site, name: str, spec: RegulationSpec) -> HeldPower:
    key = f"regulation.{name}"
    if spec.direction is None:
        refuse(f"{key}.direction", "is missing", 'write "up", "down" or "symmetric", or a preset')
    if not spec.duration_h:
        refuse(f"{key}.duration_h", "is missing or 0", "say how long a call may last; the energy for it is kept ready")
    duration_h = float(spec.duration_h)
    whole_h = site.horizon.steps * site.horizon.step_h
    if duration_h > whole_h:
        what = f"a call of {duration_h:g} h is longer than the horizon of {whole_h:g} h"
        refuse(f"{key}.duration_h", what, "shorten it, or lengthen the horizon")
    prices = (
        spec.price_held_per_kwh,
        spec.price_held_per_kw_day,
        spec.price_held_per_kw_month,
        spec.price_called_per_kwh,
    )
    if all(price is None for price in prices):
        refuse(key, "is paid nothing", "give price_held_per_kwh, price_held_per_kw_day or another price, or a preset")
    if all(price is None for price in prices[:3]) and not spec.call_probability_frac:
        what = "is paid for what is called only, of which 0 is expected: it would earn nothing"
        refuse(f"{key}.call_probability_frac", what, "give the share of the power held that is called on average")
    directions = ("up", "down") if spec.direction == "symmetric" else (spec.direction,)
    offered = any_window(spec.window, site.horizon, f"{key}.window")
    expects = spec.call_probability_frac > 0
    needs = tuple(Needs(direction, duration_h, spec.notice_h, expects) for direction in directions)
    chosen = chosen_providers(site, spec.providers, needs, key)
    row = preset_row(spec, key)
    require_size(chosen, directions, row, key)
    product = HeldPower(
        name,
        spec,
        duration_h,
        directions,
        offered,
        chosen,
        _price_held(spec, offered, site),
        _on(spec.price_called_per_kwh, site),
        site.horizon.step_h,
    )
    require_backing(product.providers, directions, spec.min_block_kw, duration_h, key)
    return _offered_in_time(product, key)


def _offered_in_time(product: HeldPower, key: str) -> HeldPower:
    """The product without the end of the horizon, where it could only be provided by work that is not caught up."""
    offered = product.offered
    for direction in product.directions:
        sides = [side for p in product.providers if (side := p.side(direction)) is not None]
        offered = offered & np.any([product.in_time(side) for side in sides], axis=0)
    kept = replace(product, offered=offered)
    for direction in product.directions:
        if not kept.flows(direction):
            what = f"no provider can be called {direction} in any interval of its windows"
            refuse(key, what, "correct the windows or providers, or lengthen the horizon")
    return kept


def any_window(windows: tuple[Window, ...], horizon: Horizon, key: str) -> NDArray[np.bool_]:
    """Intervals that lie in any of the windows (T,); all without windows.

    Raises
    ------
    InputError
        When windows cut intervals, or none of them touches the horizon.
    """
    if not windows:
        return np.ones(horizon.steps, dtype=np.bool_)
    faults = Faults()
    inside = np.zeros(horizon.steps, dtype=np.bool_)
    for number, window in enumerate(windows):
        with gathered(faults):
            inside |= window_mask(window, horizon, f"{key}[{number}]")
    faults.raise_if_any()
    if not inside.any():
        refuse(key, "no interval of the horizon lies in it", "correct months, days or hours, or the horizon")
    return inside


def _on(series: Series | None, site: Site) -> _Array:
    return np.zeros(site.horizon.steps) if series is None else site.values(series)


def _price_held(spec: RegulationSpec, offered: NDArray[np.bool_], site: Site) -> _Array:
    """What a kW held for an hour is paid, prices by day and month spread over the hours that they are held for."""
    horizon = site.horizon
    price = _on(spec.price_held_per_kwh, site)
    if spec.price_held_per_kw_day is not None:
        price = price + spec.price_held_per_kw_day * _per_hour(offered, horizon.days, horizon.step_h)
    if spec.price_held_per_kw_month is not None:
        price = price + spec.price_held_per_kw_month * _per_hour(offered, horizon.billing, horizon.step_h)
    return np.where(offered, price, 0.0)


def _per_hour(offered: NDArray[np.bool_], periods: Periods, step_h: float) -> _Array:
    """Share of a period that an hour of it is, of what lies inside the horizon and the windows (T,). [1/h]"""
    hours = periods.total(offered.astype(np.float64)) * step_h
    share = np.divide(periods.covered_frac, hours, out=np.zeros_like(hours), where=hours > 0)
    spread: _Array = share[periods.ids]
    return spread
