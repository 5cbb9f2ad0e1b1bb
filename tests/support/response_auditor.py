"""Response against a baseline, and energy that is sold by the kWh, audited in plain NumPy from ``schedule.csv``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.support.audited_table import RELATIVE, AuditedTable

__all__ = ["ResponseAuditor"]

_Array = np.ndarray


@dataclass
class ResponseAuditor(AuditedTable):
    """An audit of events and of payments by rule."""

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

    def _response(self, name: str, product: Mapping[str, Any]) -> None:
        shave = product.get("direction", "shave") == "shave"
        promised, delivered = self.column(f"{name}.committed_kw"), self.column(f"{name}.delivered_kw")
        events = self.events(product)
        inside = np.zeros(self.steps, dtype=bool)
        scale = max(1.0, float(np.abs(self.net).max()))
        joined = np.zeros(int(self.month[-1]) + 1)
        for where in events:
            inside[where] = True
            values = promised[where]
            if values.max() - values.min() > RELATIVE * scale:
                self.faults.append(f"{name} promises {values.min():g} to {values.max():g} kW in one event")
            if values.max() > RELATIVE * scale:
                joined[self.month[where[0]]] += delivered[where].max() > RELATIVE * scale
                self.most(f"{name} promises less than its block", product.get("min_block_kw", 0.0) - values, 0, scale)
                if "committed_kw" in product:
                    self.most(f"{name} promises not what it must", np.abs(values - product["committed_kw"]), 0, scale)
        self.most(f"{name} is sold outside its events", (promised + delivered) * ~inside, 0, scale)
        self.most(f"{name} delivers more than it promised", delivered, promised, scale)
        if "max_kw" in product:
            self.most(f"{name} promises more than max_kw", promised, product["max_kw"] + 0 * promised, scale)
        if "max_events_per_month" in product and joined.max() > product["max_events_per_month"]:
            self.faults.append(f"{name} joins {joined.max():g} events in a month")
        if "price_per_kw" in product and "underdelivery_price_per_kwh" not in product:
            self.most(f"{name} delivers less than it promised", promised, delivered, scale)
        shown = self.baseline(product) - self.net if shave else self.net - self.baseline(product)
        counted = np.where(np.isfinite(shown), shown, 0.0) - self._sold_elsewhere(name, "up" if shave else "down")
        over = (delivered > RELATIVE * scale) * (delivered - counted)
        self.most(f"{name} sells response that the meter does not show, or twice", over, 0, scale)

    def _sold_elsewhere(self, name: str, direction: str) -> _Array:
        """Energy of the direction that other products are paid for or may be called for, on average (T,). [kW]"""
        total = np.zeros(self.steps)
        for product in self.held:
            for provider in self.providers:
                total += self.probability(product) * self.power(product, provider, direction)
        for payment, terms in self.site.get("incentive", {}).items():
            if terms["kind"] == {"up": "discharge", "down": "charge"}[direction]:
                for battery in self.site["battery"]:
                    total += self.column(f"{payment}.{battery}.delivered_kw")
        for other, terms in self.site.get("response", {}).items():
            if other != name and (terms.get("direction", "shave") == "shave") == (direction == "up"):
                total += self.column(f"{other}.delivered_kw")
        return total

    def _paid_by_rule(self) -> None:
        for direction, kind in (("up", "discharge"), ("down", "charge")):
            for battery, spec in self.site.get("battery", {}).items():
                flow, paid = self.column(f"{battery}.{kind}_kw"), np.zeros(self.steps)
                windows = np.zeros(self.steps, dtype=bool)
                for name, terms in self.site.get("incentive", {}).items():
                    if terms["kind"] == kind:
                        sold, inside = (
                            self.column(f"{name}.{battery}.delivered_kw"),
                            self.inside(terms.get("window", [])),
                        )
                        self.most(f"{name} is paid outside its windows", sold * ~inside, 0, spec["power_kw"])
                        paid, windows = paid + sold, windows | inside
                self.most(f"{battery} is paid for more than it {kind}s", paid, flow, spec["power_kw"])
                for product, terms in self.held.items():
                    called = self.probability(product) * self.power(product, battery, direction)
                    if np.any(np.asarray(terms.get("price_called_per_kwh", 0.0))):
                        twice = (paid > 0) * called
                        self.most(f"{battery} sells called energy by rule as well", twice, 0, spec["power_kw"])
