"""What a sizing for several years answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from storage_opt.finance.risk import cvar, mean_and_tail
from storage_opt.model.joint_scenarios import Risk
from storage_opt.spec.resolved import Site
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.sizing.result import BuiltSize, SizingCertificate, SizingTiming

__all__ = ["AVERAGE", "COMMON", "Candidate", "ScenarioOutcome", "ScenarioSizing"]

_Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScenarioOutcome:
    """The common sizes in one year.

    Parameters
    ----------
    name : str
        Name of the scenario.
    weight : float
        Probability among the years that sizes are chosen for, or among the others.
    out_of_sample : bool
        Whether sizes are only tried on it.
    cost_per_year : float
        Weighted bill and sizes, as the objective counts them; infinite where no schedule keeps all rules. [money/year]
    bill_per_year, bill_before_per_year : float
        Bill with the sizes, and the best one without anything new. [money/year]
    npv : float
        Net present value of the project when every year is like this one. [money]
    dispatch : DispatchResult or None
        Its schedule, bill and proof; None where there is none.
    """

    name: str
    weight: float
    out_of_sample: bool
    cost_per_year: float
    bill_per_year: float
    bill_before_per_year: float
    npv: float
    dispatch: DispatchResult | None


@dataclass(frozen=True, eq=False)
class Candidate:
    """Sizes that one could have chosen, and what they cost in every year.

    Costs are those of the joint problem, which nothing can beat: those of the best schedules unless opposite flows or
    rebates have to be decided, and comparable among candidates in any case.

    Parameters
    ----------
    name : str
        ``common``, ``average year``, or the scenario that they are best for.
    values : (K,) array
        The sizes. [unit]
    costs_per_year : (S,) array
        Weighted bill and sizes in each year; infinite where there is no schedule. [money/year]
    objective_per_year : float
        Mean and tail over the years that sizes are chosen for. [money/year]
    """

    name: str
    values: _Vector
    costs_per_year: _Vector
    objective_per_year: float


@dataclass(frozen=True, eq=False)
class ScenarioSizing:
    """Sizes that are good for several years, and the proof.

    Parameters
    ----------
    site : Site
        The site of the first year with these sizes.
    sizes : tuple of BuiltSize
        What is built.
    risk : Risk
        How much bad years weigh.
    outcomes : tuple of ScenarioOutcome
        The common sizes in each year (S).
    candidates : tuple of Candidate
        The common sizes, those of the average year where there is one, and of each year alone; none when not asked for.
    certificate : SizingCertificate
        The proof, over the span of the first year.
    worth_of_saving : float
        Net present value of a unit of money saved every year. [money/(money/year)]
    notes : tuple of str
        What was taken for granted.
    timing : SizingTiming
        Wall time of the stages.
    """

    site: Site
    sizes: tuple[BuiltSize, ...]
    risk: Risk
    outcomes: tuple[ScenarioOutcome, ...]
    candidates: tuple[Candidate, ...]
    certificate: SizingCertificate
    worth_of_saving: float
    notes: tuple[str, ...] = ()
    timing: SizingTiming = field(default_factory=SizingTiming)

    def value(self, name: str) -> float:
        """The size of a name, such as ``bess.energy_kwh``. Raises KeyError when there is none."""
        for built in self.sizes:
            if built.size.name == name:
                return built.value
        raise KeyError(name)

    def candidate(self, name: str) -> Candidate | None:
        """The candidate of a name, or None."""
        return next((one for one in self.candidates if one.name == name), None)

    @cached_property
    def inside(self) -> tuple[ScenarioOutcome, ...]:
        """Years that the sizes are chosen for."""
        return tuple(outcome for outcome in self.outcomes if not outcome.out_of_sample)

    @cached_property
    def outside(self) -> tuple[ScenarioOutcome, ...]:
        """Years that the sizes are only tried on."""
        return tuple(outcome for outcome in self.outcomes if outcome.out_of_sample)

    @property
    def expected_npv(self) -> float:
        """Mean net present value over the years that sizes are chosen for. [money]"""
        return _mean(self.inside, "npv")

    @property
    def expected_npv_outside(self) -> float | None:
        """The same over the years that sizes are only tried on; None without any. [money]"""
        return _mean(self.outside, "npv") if self.outside else None

    @property
    def worst(self) -> ScenarioOutcome:
        """The year with the lowest net present value, of all."""
        return min(self.outcomes, key=lambda outcome: outcome.npv)

    @property
    def expected_cost_per_year(self) -> float:
        """Mean cost over the years that sizes are chosen for. [money/year]"""
        return _mean(self.inside, "cost_per_year")

    @property
    def cvar_per_year(self) -> float:
        """Mean cost of the worst of those years, at the level of the risk. [money/year]"""
        costs = np.array([outcome.cost_per_year for outcome in self.inside])
        return cvar(costs, np.array([outcome.weight for outcome in self.inside]), self.risk.level_frac)

    @cached_property
    def evpi_per_year(self) -> float | None:
        """Expected value of perfect information: what sizing for each year alone would save; None when not asked for.

        Never negative. [money/year]
        """
        alone, common = self.alone_per_year, self.candidate(COMMON)
        return None if alone is None or common is None else common.objective_per_year - self._judged(alone)

    @cached_property
    def vss_per_year(self) -> float | None:
        """Value of the stochastic solution: what sizing for the average year would lose; None without such a year.

        Never negative; infinite where those sizes have no schedule in some year. [money/year]
        """
        average, common = self.candidate(AVERAGE), self.candidate(COMMON)
        return None if average is None or common is None else average.objective_per_year - common.objective_per_year

    @cached_property
    def over_best_single_per_year(self) -> float | None:
        """What the best of the sizes for one year alone would lose; None when not asked for. [money/year]"""
        names = {outcome.name for outcome in self.inside}
        single = [one.objective_per_year for one in self.candidates if one.name in names]
        common = self.candidate(COMMON)
        return min(single) - common.objective_per_year if single and common is not None else None

    @cached_property
    def alone_per_year(self) -> _Vector | None:
        """Cost of each year with the sizes that are best for it alone (S,); NaN where they are not known."""
        costs = np.full(len(self.outcomes), np.nan)
        for number, outcome in enumerate(self.outcomes):
            own = self.candidate(outcome.name)
            if own is not None:
                costs[number] = own.costs_per_year[number]
        return None if all(np.isnan(costs)) else costs

    def regret_per_year(self, candidate: Candidate) -> _Vector:
        """What sizes cost more in each year than those that are best for it (S,). [money/year]"""
        alone = self.alone_per_year
        regret: _Vector = candidate.costs_per_year - (np.nan if alone is None else alone)
        return regret

    def _judged(self, costs: _Vector) -> float:
        inside = np.array([not outcome.out_of_sample for outcome in self.outcomes])
        weights = np.array([outcome.weight for outcome in self.outcomes])
        return mean_and_tail(costs[inside], weights[inside], self.risk.level_frac, self.risk.weight_frac)


COMMON, AVERAGE = "common sizes", "average year"


def _mean(outcomes: tuple[ScenarioOutcome, ...], what: str) -> float:
    weights = np.array([outcome.weight for outcome in outcomes])
    return float(np.array([getattr(outcome, what) for outcome in outcomes]) @ weights / weights.sum())
