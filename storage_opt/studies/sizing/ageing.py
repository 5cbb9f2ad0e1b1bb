"""Sizes, schedule and life in agreement: batteries are sized as they are on average of the life that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.finance.fade import mean_health_frac
from storage_opt.finance.project import Row
from storage_opt.spec.finance import FinanceSpec
from storage_opt.studies.aged import Health
from storage_opt.studies.life import life
from storage_opt.studies.life_result import BatteryLife, LifeResult
from storage_opt.studies.sizing.building import best_to_build
from storage_opt.studies.sizing.catalogue import Best
from storage_opt.studies.sizing.problem import Ageing, SizingProblem

__all__ = ["Lived", "cells_cost", "sized_for_life"]

_MOST_ROUNDS = 8
_SETTLED_FRAC = 1e-3
"""Movement of every size, as a share of itself, at which sizes and life agree."""
_Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """Sizes with the life that they lead to.

    Parameters
    ----------
    problem : SizingProblem
        With batteries as they are on average of that life.
    best : Best
        The sizes.
    life : LifeResult or None
        The project year by year; None where nothing ages.
    rounds : int
        Times that sizes and life were worked out.
    moved_frac : float
        How far the last round moved any size, as a share of it.
    """

    problem: SizingProblem
    best: Best
    life: LifeResult | None = None
    rounds: int = 1
    moved_frac: float = 0.0

    @property
    def settled(self) -> bool:
        """Whether sizes and life agree."""
        return self.moved_frac <= _SETTLED_FRAC


def sized_for_life(problem: SizingProblem) -> Lived:
    """The best sizes and, where `[finance.life]` is given, the life that goes with them.

    Notes
    -----
    Each round sizes batteries in the mean state of the last life, weighted by discount factors, and with the present
    worth of the cells that are renewed; and then works out the life at these sizes. Where sizes swing between two, the
    mean state of the rounds is taken.
    """
    finance = problem.objective.finance
    found = Lived(problem, best_to_build(problem))
    if finance.life is None:
        return found
    mean: list[Mapping[str, Health]] = []
    for rounds in range(1, _MOST_ROUNDS + 1):
        site = problem.new_at(found.best.values)
        if not any(battery.energy_kwh for battery in site.spec.battery.values()):
            return found
        if problem.tell:
            problem.tell(f"life of the batteries, round {rounds}")
        lived = life(site, finance.life, years=finance.years, checks=1, solver=problem.solver)
        mean.append({name: _mean(battery, _weights(finance)) for name, battery in lived.batteries.items()})
        ageing = Ageing(_middle(mean), _cells(problem, lived))
        again = problem.with_ageing(ageing)
        best = best_to_build(again)
        moved = np.abs(best.values - found.best.values) / np.maximum(np.abs(found.best.values), 1e-9)
        found = Lived(again, best, lived, rounds, float(moved.max()))
        if found.settled:
            break
    if found.rounds > 1 or not found.settled:
        lived = life(
            problem.new_at(found.best.values), finance.life, years=finance.years, checks=1, solver=problem.solver
        )
        found = Lived(found.problem, found.best, lived, found.rounds, found.moved_frac)
    return found


def cells_cost(finance: FinanceSpec, lived: LifeResult) -> Row:
    """What is paid for new cells in each year, in prices of year 0 (Y,). [money]"""
    total = np.zeros(finance.years)
    for name, battery in lived.batteries.items():
        total = total + _price_of_cells(finance, name) * (battery.augmented_kwh + battery.replaced_kwh)
    return total


def _price_of_cells(finance: FinanceSpec, name: str) -> float:
    """Price of a kWh of new cells in prices of year 0; nothing where the battery has no cost. [money/kWh]"""
    cost = finance.cost.get(name)
    if cost is None:
        return 0.0
    return cost.capex_per_kwh if cost.replacement_per_kwh is None else cost.replacement_per_kwh


def _cells(problem: SizingProblem, lived: LifeResult) -> dict[str, float]:
    """What cells cost for each kWh of rated energy, a year of the first year's money. [money/(kWh year)]"""
    objective = problem.objective
    found = {}
    for name, battery in lived.batteries.items():
        bought = (battery.augmented_kwh + battery.replaced_kwh) / battery.path.rated_kwh
        worth = objective.worth.of_augmentation(_price_of_cells(objective.finance, name) * bought)
        found[name] = -worth / objective.present_worth_of_saving
    return found


def _weights(finance: FinanceSpec) -> _Vector:
    weights: _Vector = (1.0 + finance.discount_rate_frac) ** -np.arange(1.0, finance.years + 1.0)
    return weights


def _mean(battery: BatteryLife, weights: _Vector) -> Health:
    path = battery.path
    stands = path.energy_frac > 0
    return Health(
        mean_health_frac(path.energy_frac, weights),
        mean_health_frac(path.efficiency_frac[stands], weights[stands]) if stands.any() else 1.0,
        mean_health_frac(path.installed_kwh / path.rated_kwh, weights),
        mean_health_frac(battery.renewal_price_frac, weights),
    )


def _middle(rounds: list[Mapping[str, Health]]) -> dict[str, Health]:
    """The last state, or the mean of the last two once sizes have had time to settle."""
    latest = rounds[-1]
    if len(rounds) <= _MOST_ROUNDS // 2:
        return dict(latest)
    before = rounds[-2]
    return {
        name: Health(
            (health.energy_frac + before[name].energy_frac) / 2.0,
            (health.efficiency_frac + before[name].efficiency_frac) / 2.0,
            (health.installed_frac + before[name].installed_frac) / 2.0,
            (health.renewal_price_frac + before[name].renewal_price_frac) / 2.0,
        )
        if name in before
        else health
        for name, health in latest.items()
    }
