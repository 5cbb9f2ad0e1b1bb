"""A schedule that sells products, read from ``schedule.csv`` and the parsed ``site.toml`` alone, in plain NumPy.

Nothing of the package is used: windows, efficiencies, baselines of like days and energy of calls are worked out again.
Understood are sites in UTC whose series are numbers, one value an hour of the day, or one value an interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

__all__ = ["OTHER_WAY", "ProductTable"]

_Array = np.ndarray
OTHER_WAY = {"up": "down", "down": "up"}


@dataclass
class ProductTable:
    """A schedule and what it sells.

    Parameters
    ----------
    site : mapping
        The parsed ``site.toml``, presets written out.
    table : DataFrame
        The parsed ``schedule.csv``, indexed by the start of each interval.
    """

    site: Mapping[str, Any]
    table: pd.DataFrame
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of_csv(cls, site: Mapping[str, Any], file: Any) -> Self:
        """The schedule in a file."""
        table = pd.read_csv(file)
        return cls(site, table.set_index(pd.to_datetime(table[table.columns[0]], utc=True)))

    def __post_init__(self) -> None:
        self.index = pd.DatetimeIndex(self.table.index)
        self.step_h = self.site["horizon"].get("step_minutes", 60) / 60.0
        self.steps = len(self.table)
        days = pd.factorize(self.index.date)[0]
        self.day, self.day_count = days, int(days[-1]) + 1
        self.month = pd.factorize(self.index.year * 12 + self.index.month)[0]
        self.held = self.site.get("regulation", {})
        self.providers = [
            name for section in ("battery", "workload", "facility", "load") for name in self.site.get(section, {})
        ]

    def column(self, name: str) -> _Array:
        """A column, nothing where the table has none (T,)."""
        return self.table[name].to_numpy(float) if name in self.table else np.zeros(self.steps)

    def series(self, value: Any) -> _Array:
        """A series of the site file (T,)."""
        values = np.atleast_1d(np.asarray(value, dtype=float))
        if values.size == 1:
            return np.full(self.steps, values[0])
        if values.size == 24:
            return values[self.index.hour]
        assert values.size == self.steps
        return values

    def inside(self, windows: Iterable[Mapping[str, Any]]) -> _Array:
        """Intervals in any of the windows (T,)."""
        minute = np.asarray(self.index.hour * 60 + self.index.minute)
        kind = np.where(
            self.index.day_of_week < 5, "weekday", np.where(self.index.day_of_week == 5, "saturday", "sunday")
        )
        found = np.zeros(self.steps, dtype=bool)
        windows = list(windows)
        if not windows:
            return ~found
        for window in windows:
            mask = np.ones(self.steps, dtype=bool)
            if window.get("days"):
                weekend = np.isin(kind, ["saturday", "sunday"]) & ("weekend" in window["days"])
                mask &= np.isin(kind, window["days"]) | weekend
            if window.get("hours"):
                hours = np.zeros(self.steps, dtype=bool)
                for text in window["hours"]:
                    begin, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in text.split("-"))
                    after, before = minute >= begin, minute < end
                    hours |= (after & before) if begin < end else (after | before)
                mask &= hours
            found |= mask
        return found

    def power(self, product: str, provider: str, direction: str) -> _Array:
        """What a provider holds (T,). [kW]"""
        return self.column(f"{product}.{provider}.{direction}_kw")

    def energy(self, values: _Array, duration_h: float, at_frac: float = 1.0) -> _Array:
        """Energy of a call that ends when a share of an interval has passed (T,). [kWh]"""
        total = np.zeros(self.steps)
        left, back, weight = duration_h, 0, min(at_frac * self.step_h, duration_h)
        while left > 1e-9 and back < self.steps:
            total[back:] += weight * values[: self.steps - back]
            left -= weight
            back, weight = back + 1, min(self.step_h, left)
        return total

    def duration_h(self, product: str) -> float:
        """Longest call. [h]"""
        return float(self.held[product]["duration_h"])

    def probability(self, product: str) -> float:
        """Share of the power held that is called on average."""
        return float(self.held[product].get("call_probability_frac", 0.0))

    def claims(self, provider: str, direction: str) -> list[tuple[_Array, float, float]]:
        """Difference from the plan by product: power, share of it, longest duration."""
        found = []
        for product in self.held:
            called = self.probability(product)
            found.append((self.power(product, provider, direction), 1.0 - called, self.duration_h(product)))
            found.append((self.power(product, provider, OTHER_WAY[direction]), called, self.duration_h(product)))
        return found

    def claimed_kw(self, provider: str, direction: str) -> _Array:
        """Power by which calls may go beyond the plan (T,)."""
        return sum((share * power for power, share, _ in self.claims(provider, direction)), np.zeros(self.steps))

    def claimed_kwh(self, provider: str, direction: str, scale: Any = 1.0) -> Iterator[tuple[float, _Array]]:
        """Energy by which calls that end together go beyond the plan, by share of an interval (T,)."""
        claims = [claim for claim in self.claims(provider, direction) if claim[0].any() and claim[1]]
        rests = {1.0} | {round(d / self.step_h % 1.0, 9) or 1.0 for _, _, d in claims}
        for at_frac in sorted(rests):
            parts = (share * self.energy(scale * power, d, at_frac) for power, share, d in claims)
            yield at_frac, sum(parts, np.zeros(self.steps))

    @staticmethod
    def taper(points: list[Mapping[str, float]], soc: _Array) -> _Array:
        lines = []
        for left, right in zip(points, points[1:], strict=False):
            slope = (right["power_frac"] - left["power_frac"]) / (right["soc_frac"] - left["soc_frac"])
            lines.append(left["power_frac"] + slope * (soc - left["soc_frac"]))
        return np.min(lines, axis=0)

    def by_temperature(self, facility: str, value: Any, key: str) -> _Array:
        """A number, or corners over outdoor temperature (T,)."""
        if not isinstance(value, list):
            return self.series(value)
        outdoor = self.series(self.site["facility"][facility].get("outdoor_temp_c", 15.0))
        return np.interp(outdoor, [p["outdoor_temp_c"] for p in value], [p[key] for p in value])

    def kw_per_unit(self, name: str) -> _Array:
        """Power that the building draws less when a unit stops (T,). [kW]"""
        work = self.site["workload"][name]
        cluster = self.site["cluster"][work["cluster"]]
        facility = self.site["facility"][cluster["facility"]]
        factor = self.by_temperature(cluster["facility"], facility.get("pue", 1.0), "pue")
        factor = factor * (1.0 + facility.get("ups_loss_frac", 0.0))
        span = cluster["full_kw_per_unit"] - cluster["idle_kw_per_unit"]
        return span * work.get("power_frac", 1.0) * factor

    def arriving(self, name: str) -> _Array:
        """Work that arrives; every site of the tests has units for it at once (T,). [unit]"""
        return self.series(self.site["workload"][name]["units"])

    def least_units(self, name: str) -> _Array:
        """Units that must keep working (T,)."""
        work = self.site["workload"][name]
        return (1.0 - work.get("max_suspended_frac", 1.0)) * self.arriving(name)

    def most_waiting(self, name: str) -> _Array:
        """Largest backlog that keeps all deadlines (T,). [unit h]"""
        arrived = np.cumsum(self.arriving(name)) * self.step_h
        delay = int(self.site["workload"][name].get("max_delay_h", 0.0) / self.step_h + 1e-9)
        due = np.append(np.zeros(min(delay, self.steps)), arrived[: max(self.steps - delay, 0)])
        due[-1] = arrived[-1]
        return arrived - due

    @property
    def net(self) -> _Array:
        """Import less export (T,). [kW]"""
        return self.column("grid.import_kw") - self.column("grid.export_kw")

    def events(self, product: Mapping[str, Any]) -> list[_Array]:
        """Intervals of each event."""
        if product.get("events"):
            stamps = [(pd.Timestamp(e["start"], tz="UTC"), pd.Timestamp(e["end"], tz="UTC")) for e in product["events"]]
            return [np.flatnonzero((self.index >= start) & (self.index < end)) for start, end in stamps]
        inside = self.inside(product["window"])
        starts = inside & ~(np.append(False, inside[:-1]) & np.append(False, np.diff(self.day) == 0))
        number = np.where(inside, np.cumsum(starts), 0)
        return [np.flatnonzero(number == n) for n in range(1, int(number.max()) + 1)]

    def baseline(self, product: Mapping[str, Any]) -> _Array:
        """What response is measured from, not a number where there is none (T,). [kW]"""
        rules = product.get("baseline", {})
        if "fixed_kw" in rules:
            return self.series(rules["fixed_kw"])
        if not rules.get("ungamed", True):
            reference = self.net
        elif "history_kw" in rules:
            reference = self.series(rules["history_kw"])
        else:
            reference = self.unshifted()
            reference = np.maximum(reference, 0.0) if product.get("direction") == "fill" else reference
        event_days = set(self.day[np.concatenate(self.events(product))]) if product.get("events") else set()
        slot = np.asarray(self.index.hour * 60 + self.index.minute)
        kind = np.asarray(self.index.day_of_week // 5 + (self.index.day_of_week == 6))
        found = np.full(self.steps, np.nan)
        for t in range(self.steps):
            like = [s for s in range(t) if slot[s] == slot[t] and self.day[s] not in event_days and kind[s] == kind[t]]
            like = like[-rules.get("like_days", 5) :]
            if like:
                found[t] = reference[like].mean()
        return found * self._scaled(product, found, reference)

    def _scaled(self, product: Mapping[str, Any], mean: _Array, reference: _Array) -> _Array:
        rules, factor = product.get("baseline", {}), np.ones(self.steps)
        most = rules.get("adjustment_max_frac", 0.0)
        gap = round(rules.get("adjustment_gap_h", 2.0) / self.step_h)
        length = round(rules.get("adjustment_h", 2.0) / self.step_h)
        for where in self.events(product) if most else ():
            before = np.arange(max(where[0] - gap - length, 0), max(where[0] - gap, 0))
            before = before[np.isfinite(mean[before])]
            if before.size and mean[before].sum() > 0:
                factor[where] = np.clip(reference[before].sum() / mean[before].sum(), 1.0 - most, 1.0 + most)
        return factor

    def unshifted(self) -> _Array:
        """Import less export with storage at rest and work as it arrives (T,). [kW]"""
        total = np.zeros(self.steps)
        for load in self.site.get("load", {}).values():
            total = total + self.series(load["power_kw"])
        for name, facility in self.site.get("facility", {}).items():
            it_kw = np.zeros(self.steps)
            for cluster, spec in self.site["cluster"].items():
                if spec["facility"] == name:
                    it_kw += spec["idle_kw_per_unit"] * spec["installed_units"]
                    span = spec["full_kw_per_unit"] - spec["idle_kw_per_unit"]
                    for work in (w for w, of in self.site["workload"].items() if of["cluster"] == cluster):
                        it_kw += span * self.site["workload"][work].get("power_frac", 1.0) * self.arriving(work)
            heat = it_kw * (1.0 + facility.get("ups_loss_frac", 0.0))
            cooling = facility.get("cooling")
            if cooling:
                total += heat + heat / self.by_temperature(name, cooling["cop"], "cop")
            else:
                total += heat * self.by_temperature(name, facility.get("pue", 1.0), "pue")
            total += facility.get("fixed_overhead_kw", 0.0)
        for plant in self.site.get("generator", {}).values():
            total = total - plant["capacity_kw"] * self.series(plant["profile"])
        return np.maximum(total, -self.series(self.site.get("grid", {}).get("export_limit_kw", 0.0)))
