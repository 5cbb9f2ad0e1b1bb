"""What a schedule sells, audited: power and energy behind it, promises kept, and nothing sold twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tests.support.product_table import ProductTable

__all__ = ["ProductAuditor"]

_Array = np.ndarray
_RELATIVE = 2e-5


class ProductAuditor(ProductTable):
    """An audit of what is sold, from the schedule and the site file alone."""

    def audit(self) -> list[str]:
        """Everything that is wrong, in words; empty when all is well."""
        self.faults.clear()
        for name in self.site.get("battery", {}):
            self._battery(name)
        for name in self.site.get("load", {}):
            self._load(name)
        for name in self.site.get("facility", {}):
            self._tank(name)
        for name in self.site.get("workload", {}):
            self._work(name)
        self._cluster_recovery()
        self._grid()
        for name, product in self.held.items():
            self._bids(name, product)
        for name, product in self.site.get("response", {}).items():
            self._response(name, product)
        self._paid_by_rule()
        return list(self.faults)

    def most(self, what: str, taken: _Array, left: _Array, scale: float) -> None:
        """Nothing above what is left."""
        over = np.asarray(taken - left)
        worst = int(np.argmax(over))
        if over[worst] > _RELATIVE * scale:
            self.faults.append(f"{what}: {over[worst]:.6g} too much at {self.index[worst % self.steps]}")

    def _battery(self, name: str) -> None:
        spec = self.site["battery"][name]
        charge, discharge, stored = (
            self.column(f"{name}.{kind}") for kind in ("charge_kw", "discharge_kw", "energy_kwh")
        )
        eta_c, eta_d = spec.get("charge_efficiency", 0.95), spec.get("discharge_efficiency", 0.95)
        rated, give = spec["energy_kwh"], spec.get("discharge_kw", spec["power_kw"])
        take = spec["power_kw"] if spec.get("grid_charging", True) else 0.0
        low = self.series(spec.get("soc_min_frac", 0.1)) * rated
        high = self.series(spec.get("soc_max_frac", 0.95)) * rated
        net = discharge - charge
        up, down = self.claimed_kw(name, "up"), self.claimed_kw(name, "down")
        self.most(f"{name} gives more than its rating", net + up, np.full(self.steps, give), give)
        if up.any() or down.any():
            self.most(f"{name} takes more than its rating", down - net, np.full(self.steps, take), spec["power_kw"])
        gained = self.step_h * (eta_c * charge - discharge / eta_d - spec.get("auxiliary_kw", 0.0))
        kept = (1.0 - spec.get("self_discharge_frac_per_h", 0.0)) ** self.step_h
        before = np.append((stored[0] - gained[0]) / kept, stored[:-1])
        for at_frac, taken in self.claimed_kwh(name, "up"):
            then = at_frac * stored + (1.0 - at_frac) * before
            self.most(f"{name} has no energy behind calls up", (taken > 0) * (low + taken / eta_d - then), 0, rated)
        for at_frac, taken in self.claimed_kwh(name, "down"):
            then = at_frac * stored + (1.0 - at_frac) * before
            self.most(f"{name} has no room behind calls down", (taken > 0) * (then + taken / eta_d - high), 0, rated)
        for side, sold, net_kw, rating in (("discharge", up, net, give), ("charge", down, -net, spec["power_kw"])):
            points = spec.get(f"{side}_taper", [])
            if points and sold.any():
                *_, (_, taken) = self.claimed_kwh(name, "up" if side == "discharge" else "down")
                then = stored - taken / eta_d if side == "discharge" else stored + taken / eta_d
                slopes = self.taper(points, then / rated)
                self.most(f"{name} gives more than its taper", (sold > 0) * (net_kw + sold - rating * slopes), 0, give)

    def _load(self, name: str) -> None:
        spec = self.site["load"][name]
        up = self.claimed_kw(name, "up")
        if not up.any():
            return
        power, drawn = self.series(spec["power_kw"]), self.column(f"{name}.load_kw")
        kept = (1.0 - spec.get("curtailable_frac", 0.0)) * power
        scale = float(power.max())
        self.most(f"{name} drops more than it may", up, drawn - kept, scale)
        self.most(f"{name} drops less on average than is called", self.claimed_kw(name, "down"), power - drawn, scale)
        for product, terms in self.held.items():
            if self.power(product, name, "up").any():
                if terms["duration_h"] > spec.get("max_curtailment_h", 4.0):
                    self.faults.append(f"{name} can't stay dropped as long as {product} calls")
                if terms.get("notice_h", 0.0) < spec.get("notice_h", 0.0):
                    self.faults.append(f"{name} needs more notice than {product} gives")

    def _tank(self, name: str) -> None:
        cooling = self.site["facility"][name].get("cooling") or {}
        tank = cooling.get("tank")
        up, down = self.claimed_kw(name, "up"), self.claimed_kw(name, "down")
        if not (up.any() or down.any()):
            return
        assert tank is not None, name
        cop = self.by_temperature(name, cooling["cop"], "cop")
        net = self.column(f"{name}.tank_discharge_kw") - self.column(f"{name}.tank_charge_kw")
        held, plant = self.column(f"{name}.tank_kwh"), self.column(f"{name}.cooling_kw")
        change = np.append(-self.step_h * net[0], np.diff(held))
        self.most(f"{name} melts more than it may", cop * up + net, np.full(self.steps, tank["discharge_kw"]), 100)
        self.most(f"{name} fills more than it may", cop * down - net, np.full(self.steps, tank["charge_kw"]), 100)
        self.most(f"{name} stops more cooling than runs", up, plant, 100)
        if "capacity_kw" in cooling:
            self.most(
                f"{name} starts more cooling than it has", cop * (plant + down), cooling["capacity_kw"] + 0 * cop, 100
            )
        for at_frac, taken in self.claimed_kwh(name, "up", cop):
            then = held - (1.0 - at_frac) * change
            self.most(f"{name} has no cold behind calls up", (taken > 0) * (taken - then), 0, tank["energy_kwh"])
        for at_frac, taken in self.claimed_kwh(name, "down", cop):
            then = held - (1.0 - at_frac) * change
            self.most(
                f"{name} has no room behind calls down",
                (taken > 0) * (then + taken - tank["energy_kwh"]),
                0,
                tank["energy_kwh"],
            )

    def _work(self, name: str) -> None:
        per_kw = 1.0 / self.kw_per_unit(name)
        work = self.site["workload"][name]
        installed = self.site["cluster"][work["cluster"]]["installed_units"]
        rate, waiting = self.column(f"{name}.work_units"), self.column(f"{name}.backlog_unit_h")
        up, down = self.claimed_kw(name, "up"), self.claimed_kw(name, "down")
        if not (up.any() or down.any()):
            return
        room = min(installed, work.get("max_units", installed))
        self.most(f"{name} stops more units than work", up * per_kw, rate - self.least_units(name), installed)
        self.most(f"{name} starts more units than it may", down * per_kw + rate, room + 0 * rate, installed)
        everyone = sum(
            self.column(f"{other}.running_units")
            for other, spec in self.site["workload"].items()
            if spec["cluster"] == work["cluster"]
        )
        self.most(f"{name} starts more units than are free", down * per_kw + everyone, installed + 0 * rate, installed)
        for at_frac, taken in self.claimed_kwh(name, "down", per_kw):
            then = waiting - (1.0 - at_frac) * self.step_h * (self.arriving(name) - rate)
            self.most(f"{name} has no work waiting behind calls down", (taken > 0) * (taken - then), 0, installed)
        for _, delayed in self.claimed_kwh(name, "up", per_kw):
            limit = self.most_waiting(name)
            self.most(f"{name} misses deadlines after calls", (delayed > 0) * (waiting + delayed - limit), 0, installed)
            recovery_h = max(terms.get("recovery_h", 4.0) for terms in self.held.values())
            self._caught_up(f"{name} can't catch up", delayed * (up > 0), room - rate, recovery_h, installed)

    def _cluster_recovery(self) -> None:
        recovery_h = max([terms.get("recovery_h", 4.0) for terms in self.held.values()], default=0.0)
        for cluster, spec in self.site.get("cluster", {}).items():
            classes = [name for name, work in self.site["workload"].items() if work["cluster"] == cluster]
            delayed, running, sold = np.zeros(self.steps), np.zeros(self.steps), np.zeros(self.steps)
            for name in classes:
                running = running + self.column(f"{name}.running_units")
                sold = sold + self.claimed_kw(name, "up")
                *_, (_, taken) = self.claimed_kwh(name, "up", 1.0 / self.kw_per_unit(name))
                delayed = delayed + taken
            installed = spec["installed_units"]
            self._caught_up(
                f"{cluster} can't catch up", delayed * (sold > 0), installed - running, recovery_h, installed
            )

    def _caught_up(self, what: str, delayed: _Array, free: _Array, recovery_h: float, scale: float) -> None:
        count = int(recovery_h / self.step_h + 1e-9)
        total = np.append(0.0, np.cumsum(free)) * self.step_h
        last = np.minimum(np.arange(self.steps) + count, self.steps - 1)
        in_time = total[last + 1] - total[np.arange(self.steps) + 1]
        self.most(what, delayed, in_time + 0.0, scale)

    def _grid(self) -> None:
        grid, rating = self.site.get("grid", {}), np.inf
        if "transformer_kva" in grid:
            rating = grid["transformer_kva"] * grid.get("power_factor", 1.0)
        net = self.net
        up = sum((self.claimed_kw(name, "up") for name in self.providers), np.zeros(self.steps))
        down = sum((self.claimed_kw(name, "down") for name in self.providers), np.zeros(self.steps))
        cap = (self.site.get("contract") or {}).get("exchange_cap_kw", np.inf)
        export = np.minimum(np.minimum(self.series(grid.get("export_limit_kw", 0.0)), rating), self.series(cap))
        if not all(battery.get("export", True) for battery in self.site.get("battery", {}).values()):
            export = 0.0 * export
        imports = np.minimum(np.minimum(self.series(grid.get("import_limit_kw", np.inf)), rating), self.series(cap))
        scale = float(np.abs(net).max()) + 1.0
        if up.any():
            self.most("calls up export more than the connection carries", (up > 0) * (up - net - export), 0 * up, scale)
        if down.any() and np.isfinite(imports).all():
            self.most(
                "calls down import more than the connection carries", (down > 0) * (down + net - imports), 0 * up, scale
            )

    def _bids(self, name: str, product: Mapping[str, Any]) -> None:
        offered = self.inside(product.get("window", []))
        named = product.get("providers") or self.providers
        totals = {
            way: sum((self.power(name, provider, way) for provider in self.providers), np.zeros(self.steps))
            for way in ("up", "down")
        }
        for provider in set(self.providers) - set(named):
            if self.power(name, provider, "up").any() or self.power(name, provider, "down").any():
                self.faults.append(f"{name} is sold by {provider}, which it does not name")
        ways = {"up": ["up"], "down": ["down"]}.get(product["direction"], ["up", "down"])
        scale = max(1.0, float(max(total.max() for total in totals.values())))
        for way, total in totals.items():
            if way not in ways or total[~offered].any():
                self.most(f"{name} is sold {way} where it is not offered", total * ~(offered & (way in ways)), 0, scale)
        if len(ways) == 2:
            self.most(f"{name} is not symmetric", np.abs(totals["up"] - totals["down"]), 0, scale)
        if "max_kw" in product:
            self.most(f"{name} is sold above max_kw", totals[ways[0]], product["max_kw"] + 0 * offered, scale)
        commitment = product.get("commitment", "day")
        if commitment != "interval":
            self._constant(name, totals[ways[0]], offered & self._in_time(name, product, named), commitment, scale)
            block = product.get("min_block_kw", 0.0)
            sold = np.where(totals[ways[0]] > _RELATIVE * scale, totals[ways[0]], np.inf)
            self.most(f"{name} is sold below its block", block - sold, 0, scale)

    def _in_time(self, name: str, product: Mapping[str, Any], named: Iterable[str]) -> _Array:
        """Intervals in which it can be provided: work that is called at the end can't be caught up (T,)."""
        if any(provider not in self.site.get("workload", {}) for provider in named):
            return np.ones(self.steps, dtype=bool)
        last = int(np.ceil((product["duration_h"] + product.get("recovery_h", 4.0)) / self.step_h - 1e-9))
        return np.arange(self.steps) < self.steps - last

    def _constant(self, name: str, total: _Array, offered: _Array, commitment: str, scale: float) -> None:
        groups = self.day if commitment == "day" else self.month
        for group in np.unique(groups[offered]):
            values = total[offered & (groups == group)]
            if values.max() - values.min() > _RELATIVE * scale:
                self.faults.append(f"{name} is not the same all {commitment}: {values.min():g} to {values.max():g}")

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
            if values.max() - values.min() > _RELATIVE * scale:
                self.faults.append(f"{name} promises {values.min():g} to {values.max():g} kW in one event")
            if values.max() > _RELATIVE * scale:
                joined[self.month[where[0]]] += delivered[where].max() > _RELATIVE * scale
                self.most(f"{name} promises less than its block", product.get("min_block_kw", 0.0) - values, 0, scale)
                if "underdelivery_price_per_kwh" not in product:
                    block = product.get("min_block_kw", 0.0)
                    self.most(f"{name} delivers less than its block", block - delivered[where], 0, scale)
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
        over = (delivered > _RELATIVE * scale) * (delivered - counted)
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
