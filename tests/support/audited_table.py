"""A schedule and its site as an auditor reads them: columns, series, windows, energy of calls, in plain NumPy.

Nothing of the package is used. Understood are sites in UTC whose series are numbers, one value an hour of the day, or
one value an interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

__all__ = ["RELATIVE", "AuditedTable"]

_Array = np.ndarray
RELATIVE = 2e-6
"""Share of what is usual by which numbers of nine digits may miss a limit."""


@dataclass
class AuditedTable:
    """A schedule with its site.

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
        """The audit of a schedule in a file."""
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

    def most(self, what: str, taken: _Array, left: _Array, scale: float) -> None:
        """Nothing above what is left."""
        over = np.asarray(taken - left)
        worst = int(np.argmax(over))
        if over[worst] > RELATIVE * scale:
            self.faults.append(f"{what}: {over[worst]:.6g} too much at {self.index[worst % self.steps]}")

    def by_temperature(self, facility: str, value: Any, key: str) -> _Array:
        """A number, or corners over outdoor temperature (T,)."""
        if not isinstance(value, list):
            return self.series(value)
        outdoor = self.series(self.site["facility"][facility].get("outdoor_temp_c", 15.0))
        return np.interp(outdoor, [p["outdoor_temp_c"] for p in value], [p[key] for p in value])

    def arriving(self, name: str) -> _Array:
        """Work that arrives; every site of the tests has units for it at once (T,). [unit]"""
        return self.series(self.site["workload"][name]["units"])
