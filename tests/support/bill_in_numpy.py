"""The monthly bill of green direct supply written again from the formulas of the documents, in plain NumPy.

Nothing of the package that is checked is imported here; calendars, tables and rules are typed in by hand. One time zone
without daylight saving. Terms are a plain dictionary; prices are numbers or arrays of one value an interval.

V2, single capacity (单一容量制): ``tau LF 730 S_acc`` a month. V3, two parts (两部制): ``h sum tau Q_use``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Meters", "adjustment_of", "bill", "multiplier_of"]

Array = NDArray[np.float64]
Terms = Mapping[str, Any]

DAY = np.timedelta64(1, "D")
FLOATS: dict[str, dict[str, int]] = {
    "purchase_avg": {"energy": 1, "deviation": -1},
    "purchase_td": {"energy": 1, "tau": 1},
    "all": dict.fromkeys(("energy", "compensation", "loss", "tau", "system", "funds"), 1),
    "shandong": {"energy": 1, "deviation": -1, "compensation": 1, "loss": 1, "system_capacity": 1},
}
"""What the multiplier multiplies."""


@dataclass(frozen=True)
class Meters:
    """Interval means of a metered month, or of a few. [kW]"""

    start: np.datetime64
    minutes: int
    imported: Array
    exported: Array
    load: Array
    available: Array
    used: Array
    charge: Array
    discharge: Array
    holidays: frozenset[str] = field(default_factory=frozenset)
    workdays: frozenset[str] = field(default_factory=frozenset)

    @property
    def h(self) -> float:
        """Length of an interval. [h]"""
        return self.minutes / 60.0

    @property
    def stamps(self) -> NDArray[np.datetime64]:
        """Start of each interval, wall clock (T,)."""
        return self.start + np.arange(self.load.size) * np.timedelta64(self.minutes, "m")

    @property
    def hour(self) -> Array:
        """Hours since midnight (T,)."""
        return (self.stamps - self.stamps.astype("datetime64[D]")) / np.timedelta64(1, "h")

    @property
    def month(self) -> NDArray[np.int_]:
        """Calendar month (T,), 1 to 12."""
        return self.stamps.astype("datetime64[M]").astype(int) % 12 + 1

    @property
    def months(self) -> dict[str, NDArray[np.bool_]]:
        """Intervals of each month by its name."""
        name = self.stamps.astype("datetime64[M]")
        return {str(label): name == label for label in np.unique(name)}

    @property
    def day_type(self) -> NDArray[np.str_]:
        """Weekday, weekend or holiday (T,); weekend days worked in exchange are weekdays."""
        days = self.stamps.astype("datetime64[D]")
        kind = np.where((days.astype(int) + 3) % 7 >= 5, "weekend", "weekday")
        kind[np.isin(days.astype(str), list(self.workdays))] = "weekday"
        kind[np.isin(days.astype(str), list(self.holidays))] = "holiday"
        return kind

    def covered(self, label: str) -> float:
        """Share of a month that was metered, in days."""
        first = np.datetime64(label, "M")
        length = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")) / DAY
        return float(np.unique(self.stamps[self.months[label]].astype("datetime64[D]")).size / length)

    def demand(self, label: str) -> float:
        """Highest mean of 15 minutes of a month. [kW]"""
        quarter = max(15 // self.minutes, 1)
        return float(self.imported[self.months[label]].reshape(-1, quarter).mean(axis=1).max())


def multiplier_of(calendar: str, m: Meters) -> Array:
    """Multipliers of March and April, typed from the provinces' notices."""
    hour = m.hour

    def between(*spans: tuple[float, float]) -> NDArray[np.bool_]:
        return np.any([(a <= hour) & (hour < b) for a, b in spans], axis=0)

    found = np.ones(m.load.size)
    if calendar == "NM_W":  # 内发改价费字〔2023〕1630号, January to May
        found[between((0, 4), (11, 16))] = 0.48
        found[between((6, 8), (18, 22))] = 1.68
    elif calendar == "JS":  # 苏发改价格发〔2025〕426号, March to May
        found[between((2, 6), (10, 14))] = 0.35
        found[between((15, 22))] = 1.80
        found[between((10, 14)) & (m.day_type == "holiday")] = 0.28
    elif calendar == "SH":  # 沪发改价管〔2022〕50号, two-part, February to June
        night = between((22, 24), (0, 6))
        found[night] = 0.50
        found[between((8, 11), (18, 21))] = 1.60
        found[night & (m.day_type != "weekday")] = 0.20
    else:
        raise KeyError(calendar)
    return found


def adjustment_of(cos: float) -> float:
    """Power-factor adjustment against 0.90, (83)水电财字第215号, hundredth by hundredth."""
    share = 0.0
    for hundredth in range(round(cos * 100), 90):
        share += 0.005 if hundredth >= 70 else 0.01 if hundredth >= 65 else 0.02
    for _ in range(90, min(round(cos * 100), 95)):
        share -= 0.0015
    return share


def bill(m: Meters, t: Terms) -> dict[tuple[str, str], float]:
    """Amount of each line in each month, by name and month. [money]"""
    lines: dict[tuple[str, str], float] = {}
    for label, inside in m.months.items():
        adjusted = _energy(m, t, inside) | _network(m, t, label, inside) | _basic(m, t, label, inside)
        month = int(m.month[inside][0])
        share = adjustment_of(t["cos"][month - 1]) if "cos" in t else 0.0
        other = _funds(m, t, inside) | _plant(m, t, inside) | _green(m, t, inside)
        found = adjusted | {"power_factor": share * sum(adjusted.values())} | other
        lines |= {(name, label): amount for name, amount in found.items()}
    for name, label, amount in (*_take_or_pay(m, t), *_certificates(m, t)):
        lines[name, label] = lines.get((name, label), 0.0) + amount
    return lines


def _sum(m: Meters, inside: NDArray[np.bool_], power: Array, price: Any = 1.0) -> float:
    return m.h * float((power * np.broadcast_to(price, power.size))[inside].sum())


def _rise(t: Terms, part: str) -> Any:
    """How much a part of the price rises with its period: its weight times the multiplier less one."""
    return FLOATS[t["base"]].get(part, 0) * (t["multiplier"] - 1.0) if "multiplier" in t else 0.0


def _self_use(m: Meters, t: Terms) -> Array:
    kept = m.used - m.exported
    return kept - m.charge + m.discharge if t["deduct_losses"] else kept


def _consumption(m: Meters, t: Terms) -> Array:
    return m.imported + m.used - m.exported if t["consumption"] == "metered" else m.load


def _energy(m: Meters, t: Terms, inside: NDArray[np.bool_]) -> dict[str, float]:
    found: dict[str, float] = {}
    if "day_ahead" in t:
        qc, pc, pda = t["contract_kw"], t["contract_price"], t["day_ahead"]
        qda, prt = t.get("day_ahead_kw", 0.0), t.get("real_time", pda)
        found["grid_energy"] = _sum(m, inside, m.imported, prt)
        found["contract_difference"] = _sum(m, inside, qc, pc - pda)
        if "day_ahead_kw" in t:
            found["day_ahead_difference"] = _sum(m, inside, qda, pda - prt)
    else:
        e, d = t["energy"], t.get("deviation", 0.0)
        found["grid_energy"] = _sum(m, inside, m.imported, e + e * _rise(t, "energy") + d * _rise(t, "deviation"))
    cc, loss = t.get("compensation", 0.0), t["loss"]
    found["capacity_compensation"] = _sum(m, inside, m.imported, cc * (1 + _rise(t, "compensation")))
    found["line_loss"] = _sum(m, inside, m.imported, loss * (1 + _rise(t, "loss")))
    levied = m.imported if t["system_basis"] == "import" else _consumption(m, t)
    capacity_items = t.get("system_capacity", 0.0) * _rise(t, "system_capacity")
    found["system_operation"] = _sum(m, inside, levied, t["system"] * (1 + _rise(t, "system")) + capacity_items)
    return found


def _network(m: Meters, t: Terms, label: str, inside: NDArray[np.bool_]) -> dict[str, float]:
    found = {"system_capacity": t.get("system_per_kva", 0.0) * t["access"] * m.covered(label)}
    if t["variant"] == "V2":
        tau = float(np.broadcast_to(t["tau"], m.load.size)[inside].mean())
        return found | {"transmission": tau * t["load_factor"] * 730 * t["access"] * m.covered(label)}
    return found | {"transmission": _sum(m, inside, _consumption(m, t), t["tau"] * (1 + _rise(t, "tau")))}


def _basic(m: Meters, t: Terms, label: str, inside: NDArray[np.bool_]) -> dict[str, float]:
    if t["mode"] == "capacity":
        return {"basic": t["c"] * t["kva"] * m.covered(label)}
    d, demand = t["d"], m.demand(label)
    if "rebate" in t:
        counted = m.imported if t["rebate"]["of"] == "import" else _consumption(m, t)
        reached = _sum(m, inside, counted) >= t["rebate"]["from"] * t["kva"] * m.covered(label)
        d = d * (0.9 if reached else 1.0)
    if t["mode"] == "actual_demand":
        return {"basic": d * demand}
    declared = max(t["declared"][int(m.month[inside][0]) - 1], 0.40 * t["kva"])
    excess = max(0.0, demand - 1.05 * declared)
    if t["band_is_free"]:
        return {"basic": d * declared, "basic_excess": 2 * d * excess}
    return {"basic": d * declared, "basic_band": d * max(0.0, demand - declared), "basic_excess": d * excess}


def _funds(m: Meters, t: Terms, inside: NDArray[np.bool_]) -> dict[str, float]:
    found = {"funds": _sum(m, inside, m.imported, t["funds"] * (1 + _rise(t, "funds")))}
    if t["funds_on_self_use"]:
        found["funds_self_use"] = _sum(m, inside, _self_use(m, t), t["funds"])
    return found | {"cross_subsidy": _sum(m, inside, _self_use(m, t), t.get("cross_subsidy", 0.0))}


def _plant(m: Meters, t: Terms, inside: NDArray[np.bool_]) -> dict[str, float]:
    price = t["export_price"] * (1 - t["export_loss"])
    found = {"export": -_sum(m, inside, m.exported, price)}
    if t["ppa"] == "fixed_shape":
        found["plant_energy"] = _sum(m, inside, m.used, t["reference"])
        found["plant_cfd"] = _sum(m, inside, t["shape"], t["ppa_price"] - t["reference"])
        return found
    return found | {"plant_energy": _sum(m, inside, _paid(m, t), t["ppa_price"])}


def _paid(m: Meters, t: Terms) -> Array:
    return m.used - m.exported if t["ppa"] == "consumed" else m.used


def _green(m: Meters, t: Terms, inside: NDArray[np.bool_]) -> dict[str, float]:
    premium = t["premium"] * t["green_import"]
    return {
        "green_premium": _sum(m, inside, m.imported, premium),
        "certificates_sold": -_sum(m, inside, m.exported, t["certificate_sold"]),
    }


def _years(m: Meters, t: Terms) -> list[tuple[NDArray[np.bool_], str]]:
    """Intervals of each contract year, and the month that settles it: its last."""
    year = m.stamps.astype("datetime64[Y]").astype(int)
    year = year - (m.month < t["year_starts"]) if "year_starts" in t else np.zeros_like(year)
    masks = [year == number for number in np.unique(year)]
    return [(mask, str(m.stamps[mask][-1].astype("datetime64[M]"))) for mask in masks]


def _take_or_pay(m: Meters, t: Terms) -> list[tuple[str, str, float]]:
    if "take_or_pay" not in t:
        return []
    found = []
    for mask, label in _years(m, t):
        days = float(np.unique(m.stamps[mask].astype("datetime64[D]")).size)
        volume = t["volume"] * days / 365.0 if "volume" in t else _sum(m, mask, m.available)
        missing = max(0.0, t["take_or_pay"] * volume - _sum(m, mask, _paid(m, t)))
        price = float(np.broadcast_to(t["ppa_price"], m.load.size)[mask].mean())
        found.append(("plant_take_or_pay", label, price * missing))
    return found


def _certificates(m: Meters, t: Terms) -> list[tuple[str, str, float]]:
    found = []
    before = t.get("before", {"consumption": 0.0, "green": 0.0})
    for number, (mask, label) in enumerate(_years(m, t)):
        green = _sum(m, mask, _self_use(m, t)) + t["green_import"] * _sum(m, mask, m.imported)
        used = _sum(m, mask, _consumption(m, t))
        if number == 0:
            green, used = green + before["green"], used + before["consumption"]
        found.append(("certificates", label, t["certificate"] * max(0.0, t["green_share"] * used - green)))
    return found
