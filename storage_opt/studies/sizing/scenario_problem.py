"""The sizing of a site for several years as one problem, and what given sizes cost in each year."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.rebate import Assumed
from storage_opt.errors import Fault, Faults, InfeasibleError
from storage_opt.finance.risk import mean_and_tail
from storage_opt.lowering.open_sizes import OpenSize, open_sizes
from storage_opt.lowering.scenario import Scenario
from storage_opt.lowering.site import lower_site
from storage_opt.model.joint import Demands
from storage_opt.model.joint_scenarios import JointScenarios, Part, Risk, joint_scenarios
from storage_opt.model.mean_program import mean_program
from storage_opt.model.optimum import solve_relaxed
from storage_opt.model.program import Program
from storage_opt.model.sized import SizedProgram
from storage_opt.model.solve import Point
from storage_opt.studies.rebates import PLAIN, InBranch, Solved, solve_branches
from storage_opt.studies.sizing.catalogue import Best, best_of_catalogue, dearer_than_units
from storage_opt.studies.sizing.objective import objective
from storage_opt.studies.sizing.problem import SizingProblem

__all__ = ["JointProblem", "ScenarioProblem", "Year"]

_Vector = NDArray[np.float64]


@dataclass(eq=False)
class JointProblem(SizingProblem):
    """A sizing whose program is put together from those of several years.

    Parameters
    ----------
    build : callable
        The program, given what sizes cost and what limits them.
    """

    build: Callable[[Demands], Program] | None = None

    @cached_property
    def is_convex(self) -> bool:
        """Whether the optimal cost is convex in the sizes: rebates are granted without their threshold, so it is."""
        return True

    def solve(self, lower: _Vector | None = None, upper: _Vector | None = None, spent: float = 0.0) -> Solved:
        """Sizes and schedules of all years together; see :meth:`SizingProblem.solve`."""
        assert self.build is not None
        began = perf_counter()
        low = self.lowest if lower is None else lower
        high = self.highest if upper is None else upper
        program = self.build(self.demands(low, high, spent))
        compile_s = perf_counter() - began
        if self.tell:
            self.tell(f"solving {program.form.size:,} variables")
        return Solved(program, solve_relaxed(program, solver=self.solver, tell=self.tell), compile_s=compile_s)


@dataclass(frozen=True, eq=False)
class Year:
    """One year of the problem.

    Parameters
    ----------
    scenario : Scenario
        The site in that year.
    problem : SizingProblem
        Its sizing alone.
    scale : float
        Factor from its cost to that of the span of the first year, such as 8760 / 8784.
    """

    scenario: Scenario
    problem: SizingProblem
    scale: float

    @cached_property
    def branch(self) -> InBranch:
        """Charges of the branch that no schedule beats: where rebates are open, every period has them."""
        if self.problem.is_convex:
            return PLAIN
        return InBranch.all(self.problem.site.horizon.billing.count, Assumed.OPEN)

    def part(self, weight: float) -> Part:
        """The year as a part of the joint problem, with its probability."""
        return Part(self.scenario.name, self.problem.sized(self.branch), weight, self.scale)

    def least_at(self, values: _Vector) -> float:
        """Weighted bill that no schedule beats at given sizes (K,), as in the joint problem; infinite without any."""
        program = self.problem.sized(self.branch).at(values)
        try:
            return solve_relaxed(program, solver=self.problem.solver, explain=False).point.optimality.cost
        except InfeasibleError:
            return np.inf

    def exact_at(self, values: _Vector) -> float:
        """Weighted bill of the best schedule at given sizes (K,), everything decided. [money]"""
        problem = self.problem
        return solve_branches(
            lower_site(problem.site_at(values)),
            problem.site.horizon.billing,
            lambda branch: problem.compiled_at(values, branch),
            weights=problem.objective.weights,
            solver=problem.solver,
            explain=False,
        ).optimum.point.optimality.cost


@dataclass(frozen=True, eq=False)
class ScenarioProblem:
    """Common sizes for several years.

    Parameters
    ----------
    years : tuple of Year
        All years (S), those that sizes are only tried on too.
    joint : JointProblem
        The problem of those that sizes are chosen for; money is that of the span of the first of them.
    risk : Risk
        How much bad years weigh.
    """

    years: tuple[Year, ...]
    joint: JointProblem
    risk: Risk

    @classmethod
    def of(
        cls,
        scenarios: Sequence[Scenario],
        risk: Risk,
        *,
        solver: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> ScenarioProblem:
        """The problem of several sites that differ in their year.

        Raises
        ------
        InputError
            When the scenarios do not fit together, nothing is open, or something open has no cost; lists all faults.
        """
        faults = Faults()
        faults.extend(_misfits(scenarios, risk))
        faults.raise_if_any()
        sizes = _common([open_sizes(scenario.site) for scenario in scenarios])
        first = next(scenario for scenario in scenarios if not scenario.out_of_sample).site
        wanted = objective(first, sizes)
        years = tuple(
            Year(
                scenario,
                SizingProblem(scenario.site, sizes, wanted, solver, tell),
                first.horizon.years / scenario.site.horizon.years,
            )
            for scenario in scenarios
        )
        found = cls(years, JointProblem(first, sizes, wanted, solver, tell), risk)
        found.joint.build = lambda demands: found.program(demands).program
        return found

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Years that the sizes are chosen for (S,)."""
        return np.array([not year.scenario.out_of_sample for year in self.years])

    @cached_property
    def weights(self) -> _Vector:
        """Probability of each year, among those that sizes are chosen for or among the others (S,)."""
        given = np.array([year.scenario.weight for year in self.years])
        return given / np.where(self.inside, given[self.inside].sum(), given[~self.inside].sum() or 1.0)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Years that the sizes are chosen for, compiled."""
        return tuple(
            year.part(float(weight))
            for year, weight, inside in zip(self.years, self.weights, self.inside, strict=True)
            if inside
        )

    def program(self, demands: Demands) -> JointScenarios:
        """The joint program."""
        return joint_scenarios(self.parts, demands, self.risk)

    def best(self) -> Best:
        """The best common sizes."""
        return best_of_catalogue(self.joint)

    def best_on_average(self) -> _Vector | None:
        """The best sizes for the average year (K,); None where years have different shapes."""
        mean = mean_program(self.parts)
        return None if mean is None else self._best_for(mean)

    def best_alone(self, year: Year) -> _Vector:
        """The best sizes for one year (K,)."""
        return self._best_for(year.part(1.0).sized, year.scale)

    def _best_for(self, sized: SizedProgram, scale: float = 1.0) -> _Vector:
        """Joint problems of one year, whose cost is convex where that of all years together is."""
        part = Part("", sized, 1.0, scale)
        problem = replace(self.joint, build=lambda demands: joint_scenarios([part], demands).program)
        return best_of_catalogue(problem).values

    def guesses(self, best: Best) -> dict[str, Point]:
        """What the joint optimum says of the schedule of each year, where it says something."""
        found = {}
        joint = self.program(self.joint.demands(self.joint.lowest, self.joint.highest))
        for number, part in enumerate(self.parts):
            point = joint.part_point(best.solved.optimum.point, number)
            if point is not None:
                found[part.name] = point
        return found

    def size_cost(self, values: _Vector) -> float:
        """What is paid for sizes (K,) over the span, prices of a catalogue included. [money]"""
        joint = self.joint
        dearer = sum(
            dear * joint.objective.capex_worth(size.asset)
            for number, size in enumerate(joint.sizes)
            if (dear := dearer_than_units(joint, number, float(values[number])))
        )
        return joint.size_cost(values) + dearer * joint.site.horizon.years

    def costs(self, values: _Vector) -> _Vector:
        """What sizes (K,) cost in each year, as in the joint problem; infinite without a schedule (S,). [money]"""
        bills = np.array([year.least_at(values) * year.scale for year in self.years])
        return self.size_cost(values) + bills

    def judged(self, costs: _Vector) -> float:
        """The objective from the costs of all years (S,): mean and tail of those that sizes are chosen for. [money]"""
        inside = self.inside
        return mean_and_tail(costs[inside], self.weights[inside], self.risk.level_frac, self.risk.weight_frac)


def _common(by_year: Sequence[tuple[OpenSize, ...]]) -> tuple[OpenSize, ...]:
    """The sizes of the first year, looked at as far as any year asks."""
    return tuple(replace(sizes[0], highest=max(size.highest for size in sizes)) for sizes in zip(*by_year, strict=True))


def _misfits(scenarios: Sequence[Scenario], risk: Risk) -> Iterator[Fault]:
    """Why scenarios cannot be sized on together."""
    if all(scenario.out_of_sample for scenario in scenarios):
        yield Fault("there is no scenario to size on", "give one with out_of_sample = false", key="sizing.scenario")
        return
    names = [scenario.name for scenario in scenarios]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault(f"two scenarios are called {name!r}", "give each its own name", key="sizing.scenario")
    first = next(scenario for scenario in scenarios if not scenario.out_of_sample)
    for scenario in scenarios:
        key = f"sizing.scenario.{scenario.name}"
        if not 0.0 < scenario.weight < math.inf:
            yield Fault(f"weight {scenario.weight:g} is no probability", "give a weight above 0", key=f"{key}.weight")
        yield from _differences(scenario, first, key)
    if not 0.0 <= risk.level_frac < 1.0:
        hint = (
            f"give shares as 0 to 1: write {risk.level_frac / 100:g}" if risk.level_frac > 1.0 else "give 0 to below 1"
        )
        yield Fault(f"cvar_level_frac {risk.level_frac:g} is no level", hint, key="sizing.risk.cvar_level_frac")
    if not 0.0 <= risk.weight_frac <= 1.0:
        hint = f"give shares as 0 to 1: write {risk.weight_frac / 100:g}" if risk.weight_frac > 1.0 else "give 0 to 1"
        yield Fault(f"cvar_weight_frac {risk.weight_frac:g} is no share", hint, key="sizing.risk.cvar_weight_frac")


def _differences(scenario: Scenario, first: Scenario, key: str) -> Iterator[Fault]:
    mine, its = scenario.site, first.site
    if mine.horizon.step_minutes != its.horizon.step_minutes:
        what = f"its step is {mine.horizon.step_minutes} min, that of {first.name!r} {its.horizon.step_minutes} min"
        yield Fault(what, "give all years the same step", key=f"{key}.horizon.step_minutes")
    for part in ("currency", "finance"):
        if getattr(mine.spec, part) != getattr(its.spec, part):
            what = f"its {part} is not that of {first.name!r}, but one project is sized"
            yield Fault(what, f"give all years the same {part}", key=f"{key}.{part}")
    sizing = [
        site.spec.sizing and site.spec.sizing.model_copy(update={"scenario": {}, "risk": None}) for site in (mine, its)
    ]
    if sizing[0] != sizing[1]:
        what = f"its open sizes are not those of {first.name!r}, but one choice is made for all years"
        yield Fault(what, "give all years the same [sizing]", key=f"{key}.sizing")
