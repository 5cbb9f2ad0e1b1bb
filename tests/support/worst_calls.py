"""Calls of what is sold, simulated: every start, every set of products, on top of what the plan expects.

A call begins with an interval and lasts as long as it may; products that are called begin together. Before
it the plan holds, which is that of the mean; during it nothing that is held the other way is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from tests.support.product_table import OTHER_WAY, ProductTable

__all__ = ["WorstCalls"]

_Array = np.ndarray
_RELATIVE = 2e-5
_MOST_TOGETHER = 3


@dataclass(frozen=True)
class _Pieces:
    """Parts of intervals between which nothing changes: interval, begin and end as shares of it."""

    interval: list[int]
    begin: list[float]
    end: list[float]


@dataclass
class WorstCalls:
    """Simulated calls of a schedule.

    Parameters
    ----------
    audited : ProductTable
        The schedule with its site.
    """

    audited: ProductTable
    faults: list[str] = field(default_factory=list)
    calls: int = 0

    def run(self) -> list[str]:
        """Whatever a call breaks, in words; empty when nothing does."""
        a = self.audited
        for direction in ("up", "down"):
            for provider in a.providers:
                for calls, start, lasts in self._scenarios(provider, direction):
                    self.calls += 1
                    self._provide(provider, direction, calls, start, lasts)
            self._grid(direction)
        for cluster in a.site.get("cluster", {}):
            self._cluster(cluster)
        return self.faults[:20]

    def _scenarios(self, provider: str, direction: str) -> Iterator[tuple[dict[str, int], int, float]]:
        """Start of each call, the first start, and the time until the last call ends. [h]"""
        a, other = self.audited, OTHER_WAY[direction]
        expected = [p for p in a.held if a.probability(p) and a.power(p, provider, other).any()]
        shortest = min((a.duration_h(p) for p in expected), default=0.0)
        for start in self._starts(expected, provider, other):
            yield {}, start, shortest
        sold = [p for p in a.held if a.power(p, provider, direction).any()]
        for together in _subsets(sold):
            for start in self._starts(together[:1], provider, direction):
                yield from self._of(dict.fromkeys(together, start), provider, direction)

    def _of(self, calls: dict[str, int], provider: str, direction: str) -> Iterator[tuple[dict[str, int], int, float]]:
        """The scenario with the time that it lasts, if something is held for each call."""
        first = min(calls.values())
        lasts = [self._lasts(product, provider, direction, start) for product, start in calls.items()]
        if all(lasts):
            ends = [(s - first) * self.audited.step_h + l for s, l in zip(calls.values(), lasts, strict=True)]
            yield calls, first, max(ends)

    def _lasts(self, product: str, provider: str, direction: str, start: int) -> float:
        """Time until the power that is called is no longer held. [h]"""
        a = self.audited
        duration = a.duration_h(product)
        held = a.power(product, provider, direction)[start : start + int(np.ceil(duration / a.step_h - 1e-9))]
        if not held.size or held[0] <= _RELATIVE * a.power(product, provider, direction).max():
            return 0.0  # nothing is held where it would begin
        last = np.flatnonzero(held > 0)
        return min(duration, (last[-1] + 1) * a.step_h) if last.size else 0.0

    def _starts(self, products: Iterable[str], provider: str, direction: str) -> list[int]:
        held = sum((self.audited.power(p, provider, direction) for p in products), np.zeros(self.audited.steps))
        return [int(t) for t in np.flatnonzero(held > 0)]

    def _pieces(self, start: int, durations: list[float]) -> _Pieces:
        """The call, cut where an interval or a call ends."""
        h, steps = self.audited.step_h, self.audited.steps
        cuts = sorted({round(d / h, 9) for d in durations} | {float(n) for n in range(int(max(durations) / h) + 1)})
        cuts = [0.0] + [c for c in cuts if 0 < c <= max(durations) / h + 1e-9]
        pieces = _Pieces([], [], [])
        for begin, end in zip(cuts, cuts[1:], strict=False):
            interval = start + int(begin + 1e-9)
            if interval < steps:
                pieces.interval.append(interval)
                pieces.begin.append(begin - int(begin + 1e-9))
                pieces.end.append(end - int(begin + 1e-9))
        return pieces

    def _differences(
        self, provider: str, direction: str, calls: dict[str, int], start: int, lasts_h: float
    ) -> tuple[_Pieces, _Array, _Array]:
        """Pieces of the call; power beyond the plan in each, and of it that of calls."""
        a = self.audited
        ends = [(begin - start) * a.step_h + a.duration_h(p) for p, begin in calls.items()]
        durations = [min(end, lasts_h) for end in ends] + [lasts_h]
        pieces = self._pieces(start, durations)
        beyond, running = np.zeros(len(pieces.interval)), np.zeros(len(pieces.interval))
        for n, (t, begin) in enumerate(zip(pieces.interval, pieces.begin, strict=True)):
            for product in a.held:
                share = a.probability(product)
                with_it, against = (a.power(product, provider, way)[t] for way in (direction, OTHER_WAY[direction]))
                since = (t - calls.get(product, t) + begin) * a.step_h
                is_called = product in calls and -1e-9 < since < a.duration_h(product) - 1e-9
                # what is expected of products that are not called may still come
                beyond[n] += (1.0 - share) * with_it if is_called else 0.0
                beyond[n] += share * against
                running[n] += (1.0 - share) * with_it if is_called else 0.0
        return pieces, beyond, running

    def _provide(self, provider: str, direction: str, calls: dict[str, int], start: int, lasts_h: float) -> None:
        site = self.audited.site
        found = self._differences(provider, direction, calls, start, lasts_h)
        told = " then ".join(f"{p} {self.audited.index[begin]:%d %H:%M}" for p, begin in calls.items())
        where = f"{provider} {direction} {told or f'without calls from {self.audited.index[start]}'}"
        if provider in site.get("battery", {}):
            self._battery(provider, direction, *found, where)
        elif provider in site.get("facility", {}):
            self._tank(provider, direction, *found, where)
        elif provider in site.get("load", {}):
            self._load(provider, direction, *found, where)
        elif direction == "down":
            self._start_work(provider, *found, where)

    def _hold(self, what: str, over: float, scale: float) -> None:
        if over > _RELATIVE * scale:
            self.faults.append(f"{what}: by {over:.6g}")

    # ------------------------------------------------------------------------------- batteries

    def _battery(self, name: str, way: str, pieces: _Pieces, beyond: _Array, running: _Array, where: str) -> None:
        a, spec = self.audited, self.audited.site["battery"][name]
        rated, h = spec["energy_kwh"], a.step_h
        eta_c, eta_d = spec.get("charge_efficiency", 0.95), spec.get("discharge_efficiency", 0.95)
        kept = 1.0 - spec.get("self_discharge_frac_per_h", 0.0)
        give, take = spec.get("discharge_kw", spec["power_kw"]), spec["power_kw"]
        low = a.series(spec.get("soc_min_frac", 0.1)) * rated
        high = a.series(spec.get("soc_max_frac", 0.95)) * rated
        charge, discharge, stored = (a.column(f"{name}.{k}") for k in ("charge_kw", "discharge_kw", "energy_kwh"))
        sign = 1.0 if way == "up" else -1.0
        level, slack = float(stored[pieces.interval[0] - 1]), 0.0
        for n, (t, begin, end) in enumerate(zip(pieces.interval, pieces.begin, pieces.end, strict=True)):
            hours = (end - begin) * h
            net = discharge[t] - charge[t]
            output = net + sign * beyond[n]
            self._hold(f"{where}: more than its rating", max(output - give, -output - take), rated)
            gained = hours * (eta_c * max(-output, 0.0) - max(output, 0.0) / eta_d - spec.get("auxiliary_kw", 0.0))
            level = kept**hours * level + gained
            floor, ceiling = (self._between(limit, t, end) for limit in (low, high))
            if not running[n]:
                # between calls the plan is revised: what no longer fits is not charged, what is gone is not given
                level = float(np.clip(level, floor, ceiling))
                # and what is lost of it is charged again
                slack += (1.0 - kept**h) * rated
            self._hold(f"{where}: below its least energy", floor - level - slack, rated)
            self._hold(f"{where}: above its most energy", level - ceiling - slack, rated)
            points = spec.get("discharge_taper" if way == "up" else "charge_taper", [])
            if points and end == 1.0 and running[n] > 0:
                limit = (give if way == "up" else take) * a.taper(points, np.array([level / rated]))[0]
                self._hold(f"{where}: more than its taper", sign * output - limit, rated)

    @staticmethod
    def _between(limit: _Array, t: int, share: float) -> float:
        before = limit[max(t - 1, 0)]
        return float(before + share * (limit[t] - before))

    # ------------------------------------------------------------------------------- cold, load, work

    def _tank(self, name: str, way: str, pieces: _Pieces, beyond: _Array, running: _Array, where: str) -> None:
        a, cooling = self.audited, self.audited.site["facility"][name]["cooling"]
        tank, cop = cooling["tank"], a.by_temperature(name, cooling["cop"], "cop")
        net = a.column(f"{name}.tank_discharge_kw") - a.column(f"{name}.tank_charge_kw")
        plant, sign = a.column(f"{name}.cooling_kw"), 1.0 if way == "up" else -1.0
        kept = 1.0 - tank.get("loss_frac_per_h", 0.002)
        level, slack = float(a.column(f"{name}.tank_kwh")[pieces.interval[0] - 1]), 0.0
        for n, (t, begin, end) in enumerate(zip(pieces.interval, pieces.begin, pieces.end, strict=True)):
            melt, hours = net[t] + sign * cop[t] * beyond[n], (end - begin) * a.step_h
            self._hold(f"{where}: melts too fast", max(melt - tank["discharge_kw"], -melt - tank["charge_kw"]), 100)
            drawn = plant[t] - sign * beyond[n]
            self._hold(f"{where}: plant runs backwards", -drawn, 100)
            self._hold(f"{where}: plant too small", cop[t] * drawn - cooling.get("capacity_kw", np.inf), 100)
            # the loss of an interval falls on its end
            level = level * (kept**a.step_h if end == 1.0 else 1.0) - hours * melt
            if not running[n]:
                level = float(np.clip(level, 0.0, tank["energy_kwh"]))
                slack += (1.0 - kept**a.step_h) * tank["energy_kwh"]
            lost = slack + (1.0 - kept**a.step_h) * tank["energy_kwh"] * (end < 1.0 or begin > 0.0)
            self._hold(f"{where}: no cold left", -level - lost, tank["energy_kwh"])
            self._hold(f"{where}: tank too small", level - tank["energy_kwh"] - lost, tank["energy_kwh"])

    def _load(self, name: str, way: str, pieces: _Pieces, beyond: _Array, running: _Array, where: str) -> None:
        del running
        a, spec = self.audited, self.audited.site["load"][name]
        power, sign = a.series(spec["power_kw"]), 1.0 if way == "up" else -1.0
        drawn = a.column(f"{name}.load_kw")
        for n, t in enumerate(pieces.interval):
            now = drawn[t] - sign * beyond[n]
            self._hold(f"{where}: drops too much", (1.0 - spec["curtailable_frac"]) * power[t] - now, power[t])
            self._hold(f"{where}: draws more than there is", now - power[t], power[t])
        longest = sum(e - b for b, e in zip(pieces.begin, pieces.end, strict=True)) * a.step_h
        if "then" not in where:  # another product drops another part
            self._hold(f"{where}: dropped for too long", longest - spec.get("max_curtailment_h", 4.0), 1.0)

    def _start_work(self, name: str, pieces: _Pieces, beyond: _Array, running: _Array, where: str) -> None:
        """Units that are free do waiting work."""
        del running
        a = self.audited
        work = a.site["workload"][name]
        installed = a.site["cluster"][work["cluster"]]["installed_units"]
        most = min(installed, work.get("max_units", installed))
        rate, per_kw, arriving = a.column(f"{name}.work_units"), 1.0 / a.kw_per_unit(name), a.arriving(name)
        done = 0.0
        waits = a.column(f"{name}.backlog_unit_h")
        lost = a.column(f"{name}.lost_units")
        for n, (t, begin, end) in enumerate(zip(pieces.interval, pieces.begin, pieces.end, strict=True)):
            more = beyond[n] * per_kw[t]
            self._hold(f"{where}: more units than it may use", rate[t] + more - most, installed)
            done += more * (end - begin) * a.step_h
            waiting = waits[t] - (1.0 - end) * a.step_h * (arriving[t] - rate[t] + lost[t]) - done
            self._hold(f"{where}: does work that has not arrived", -waiting, installed)

    def _cluster(self, cluster: str) -> None:
        """Classes of a cluster, all called together: units stop, work waits, and free units catch up in time."""
        a = self.audited
        classes = [n for n, w in a.site["workload"].items() if w["cluster"] == cluster]
        for called in _subsets([p for p in a.held if any(a.power(p, n, "up").any() for n in classes)]):
            for start in sorted({t for n in classes for t in self._starts(called, n, "up")}):
                self.calls += 1
                self._stop_work(cluster, classes, dict.fromkeys(called, start), start)

    def _stop_work(self, cluster: str, classes: list[str], calls: dict[str, int], start: int) -> None:
        a, h = self.audited, self.audited.step_h
        where = f"{cluster} {'+'.join(calls)} from {a.index[start]}"
        installed = a.site["cluster"][cluster]["installed_units"]
        owed, end = dict.fromkeys(classes, 0.0), start
        for name in classes:
            lasts = max(self._lasts(p, name, "up", start) for p in calls)
            if not lasts:
                continue
            pieces, beyond, _ = self._differences(name, "up", calls, start, lasts)
            per_kw, rate = 1.0 / a.kw_per_unit(name), a.column(f"{name}.work_units")
            least, limit = a.least_units(name), a.most_waiting(name)
            before, waits = 0.0, a.column(f"{name}.backlog_unit_h")
            for n, (t, begin, finish) in enumerate(zip(pieces.interval, pieces.begin, pieces.end, strict=True)):
                stopped = max(beyond[n], 0.0) * per_kw[t]
                self._hold(f"{where}: {name} stops more than works", stopped - rate[t] + least[t], installed)
                lost = a.site["workload"][name].get("checkpoint_h", 0.0) * max(stopped - before, 0.0)
                owed[name] += stopped * (finish - begin) * h + lost
                before = stopped
                if finish == 1.0:
                    self._hold(f"{where}: {name} misses a deadline", waits[t] + owed[name] - limit[t], installed)
                end = max(end, t)
        self._catch_up(cluster, owed, end, installed, where)

    def _catch_up(self, cluster: str, owed: dict[str, float], end: int, installed: float, where: str) -> None:
        a, h = self.audited, self.audited.step_h
        recovery_h = max(terms.get("recovery_h", 4.0) for terms in a.held.values())
        running = sum((a.column(f"{n}.running_units") for n in owed), np.zeros(a.steps))
        # the class whose deadlines are nearest first
        for t in range(end + 1, min(end + 1 + int(recovery_h / h + 1e-9), a.steps)):
            free = (installed - running[t]) * h
            urgent = sorted(owed, key=lambda n: float((a.most_waiting(n) - a.column(f"{n}.backlog_unit_h"))[t]))
            for name in urgent:
                most = a.site["workload"][name].get("max_units", installed)
                done = max(min(owed[name], free, (most - a.column(f"{name}.work_units")[t]) * h), 0.0)
                owed[name] -= done
                free -= done
                waiting = a.column(f"{name}.backlog_unit_h")[t] + owed[name]
                self._hold(
                    f"{where}: {name} misses a deadline at {a.index[t]}", waiting - a.most_waiting(name)[t], installed
                )
        for name, rest in owed.items():
            self._hold(f"{where}: {name} is not caught up", rest, installed)

    # ------------------------------------------------------------------------------- the grid

    def _grid(self, way: str) -> None:
        """Every set of products called at all providers at once."""
        a = self.audited
        grid = a.site.get("grid", {})
        cap = (a.site.get("contract") or {}).get("exchange_cap_kw", np.inf)
        export = np.minimum(a.series(grid.get("export_limit_kw", 0.0)), cap)
        if not all(b.get("export", True) for b in a.site.get("battery", {}).values()):
            export = 0.0 * export
        imports = np.minimum(a.series(grid.get("import_limit_kw", np.inf)), cap)
        for called in ((), *_subsets(list(a.held))):
            beyond = np.zeros(a.steps)
            for product in a.held:
                share = a.probability(product)
                for provider in a.providers:
                    with_it, against = (a.power(product, provider, w) for w in (way, OTHER_WAY[way]))
                    beyond += ((1.0 - share) if product in called else -share) * with_it + share * against
            net = a.net - (beyond if way == "up" else -beyond)
            scale = float(np.abs(a.net).max()) + 1.0
            sold = beyond > 0
            over = (-net - export if way == "up" else net - imports) * sold
            worst = int(np.argmax(over))
            self._hold(f"grid {way} {'+'.join(called)} at {a.index[worst]}", float(over[worst]), scale)


def _subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    """Sets of one, two or three, and all."""
    for size in range(1, min(len(names), _MOST_TOGETHER) + 1):
        yield from combinations(names, size)
    if len(names) > _MOST_TOGETHER:
        yield tuple(names)
