"""An outage at one start after another in plain Python: no array over starts, no code of the package.

Every rule of the simulation is written out for one battery at a time, so that the vectorised one can be held to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Cell", "Outage"]

_ENOUGH = 1.0 + 1e-9


@dataclass(frozen=True)
class Cell:
    """A battery: ratings in kW, energies in kWh, `taper` as (slope, offset) of the discharging power over energy."""

    rating_kw: float
    charge_kw: float
    low_kwh: float
    full_kwh: Sequence[float]
    eta_c: float
    eta_d: float
    aux_kw: float
    loss_frac: float
    taper: tuple[tuple[float, float], ...] = ()

    def rest(self, stored: float, part: float, h: float) -> float:
        return stored * (1.0 - part * self.loss_frac) - part * h * self.aux_kw

    def most(self, stored: float, part: float, h: float) -> float:
        rest = self.rest(stored, part, h)
        limits = [self.rating_kw, (rest - self.low_kwh) * self.eta_d / (part * h)]
        for slope, offset in self.taper:
            # p <= slope (rest - p part h / eta) + offset
            limits.append((slope * rest + offset) / (1.0 + slope * part * h / self.eta_d))
        return max(0.0, min(limits))


@dataclass(frozen=True)
class Outage:
    """A site without the grid; series are one number an interval."""

    cells: Sequence[Cell]
    critical_kw: Sequence[float]
    available_kw: Sequence[float]
    h: float
    wraps: bool
    genset_kw: float = 0.0
    fuel_kwh: float = 0.0
    delay_h: float = math.inf

    def survival_h(self, start: int, stored: Sequence[float], longest_h: float) -> float:
        """Hours until the first unserved energy of the critical load."""
        stored, fuel, steps = list(stored), self.fuel_kwh, len(self.critical_kw)
        passed = 0
        while passed * self.h < longest_h - 1e-9:
            at = (start + passed) % steps if self.wraps else min(start + passed, steps - 1)
            begin = passed * self.h
            end = min(begin + self.h, longest_h)
            cuts = [begin, end]
            if begin + 1e-9 < self.delay_h < end - 1e-9:
                cuts = [begin, self.delay_h, end]
            for a, b in zip(cuts, cuts[1:], strict=False):
                genset = self.genset_kw if a >= self.delay_h - 1e-9 else 0.0
                net = self.critical_kw[at] - self.available_kw[at]
                part = (b - a) / self.h
                if net > self._reach(stored, fuel, genset, part) * _ENOUGH:
                    return a + self._until(net, stored, fuel, genset, part) * self.h
                stored, fuel = self._step(net, stored, fuel, genset, part, at)
            passed += 1
        return longest_h

    def _reach(self, stored: Sequence[float], fuel: float, genset: float, part: float) -> float:
        run = min(genset, fuel / (part * self.h))
        return run + sum(cell.most(e, part, self.h) for cell, e in zip(self.cells, stored, strict=True))

    def _until(self, net: float, stored: Sequence[float], fuel: float, genset: float, part: float) -> float:
        """Largest share of an interval over which the load can be served: the crossing of a falling function."""
        low, high = 0.0, part
        while high - low > 1e-13:
            middle = 0.5 * (low + high)
            if net <= self._reach(stored, fuel, genset, middle) * _ENOUGH:
                low = middle
            else:
                high = middle
        return low

    def _step(
        self, net: float, stored: Sequence[float], fuel: float, genset: float, part: float, at: int
    ) -> tuple[list[float], float]:
        hours = part * self.h
        run = min(genset, fuel / hours, max(net, 0.0))
        need = max(net, 0.0) - run
        out = self._dealt(need, [c.most(e, part, self.h) for c, e in zip(self.cells, stored, strict=True)], "rating_kw")
        room = []
        for cell, e in zip(self.cells, stored, strict=True):
            free = (cell.full_kwh[at] - cell.rest(e, part, self.h)) / (cell.eta_c * hours)
            room.append(max(0.0, min(cell.charge_kw, free)))
        into = self._dealt(max(-net, 0.0), room, "charge_kw")
        after = []
        for cell, e, d, c in zip(self.cells, stored, out, into, strict=True):
            after.append(max(0.0, cell.rest(e, part, self.h) + hours * (cell.eta_c * c - d / cell.eta_d)))
        return after, max(0.0, fuel - hours * run)

    def _dealt(self, wanted: float, most: list[float], weight: str) -> list[float]:
        """A level for all: each gives its weight times the level, at most what it can; the level by sorting."""
        weights = [getattr(cell, weight) for cell in self.cells]
        if wanted >= sum(most):
            return most
        order = sorted(range(len(most)), key=lambda k: most[k] / weights[k] if weights[k] else math.inf)
        left, rest = wanted, sum(weights)
        given = [0.0] * len(most)
        for k in order:
            level = left / rest if rest else 0.0
            given[k] = min(level * weights[k], most[k])
            left -= given[k]
            rest -= weights[k]
        return given
