"""The sizing of a site as one problem: compiled once, solved for open, fixed or limited sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.rebate import RebatedCharge
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.open_sizes import OpenSize, open_sizes, resized
from storage_opt.lowering.site import lower_site
from storage_opt.lowering.stated_sizes import as_stated
from storage_opt.model.compile import compile_program
from storage_opt.model.joint import Demands, SizeRow, joint_program
from storage_opt.model.program import Program
from storage_opt.model.sized import SizedProgram, sized_program
from storage_opt.modeler import Limit
from storage_opt.rules.base import ContractRule
from storage_opt.rules.share import ShareRule
from storage_opt.spec.resolved import Site
from storage_opt.studies.aged import Health, aged
from storage_opt.studies.rebates import PLAIN, InBranch, Solved, solve_branches
from storage_opt.studies.sizing.backed import least_backed
from storage_opt.studies.sizing.limits import size_rows
from storage_opt.studies.sizing.objective import Objective, objective
from storage_opt.studies.whole_years import require_whole_years

__all__ = ["NEW", "Ageing", "SizingProblem"]

_Vector = NDArray[np.float64]

_BEYOND = 0.02
"""Share by which bounds of sizes lie outside of an end that is a rule."""
_NOISE = 1e-7
"""Share of the range within which a size stands at its end."""


@dataclass(frozen=True, slots=True, eq=False)
class Ageing:
    """What batteries are on average of a project.

    Parameters
    ----------
    health : mapping of str to Health
        Mean state of each battery that ages.
    cells_cost_per_kwh_year : mapping of str to float
        What renewing cells costs for each kWh of rated energy, a year of the first year's money. [money/(kWh year)]
    """

    health: Mapping[str, Health] = field(default_factory=dict)
    cells_cost_per_kwh_year: Mapping[str, float] = field(default_factory=dict)


NEW = Ageing()
"""Every year is as the first."""


@dataclass(eq=False)
class SizingProblem:
    """A site with open sizes.

    Parameters
    ----------
    site : Site
        The site.
    sizes : tuple of OpenSize
        What is open (K).
    objective : Objective
        What is minimised: the weighted bill of the horizon, and the sizes for as long.
    solver : str or None
        Solver the user asked for.
    tell : callable or None
        Told what happens.
    ageing : Ageing
        What batteries are on average of the project, and what keeping them so costs.
    left_out : frozenset of str
        Assets that are not built: their sizes are what stands already.
    """

    site: Site
    sizes: tuple[OpenSize, ...]
    objective: Objective
    solver: str | None = None
    tell: Callable[[str], None] | None = None
    ageing: Ageing = NEW
    left_out: frozenset[str] = frozenset()
    _sized: dict[InBranch, SizedProgram] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site, *, solver: str | None = None, tell: Callable[[str], None] | None = None) -> SizingProblem:
        """The problem that a site states in `[sizing]` and `[finance]`; without `[sizing]`, its sizes as they are.

        Raises
        ------
        InputError
            When nothing is open, something open has no cost, or the bill can't stand for years; lists all faults.
        """
        require_whole_years(site)
        site = as_stated(site)
        sizes = open_sizes(site)
        return cls(site, sizes, objective(site, sizes), solver, tell)

    @cached_property
    def is_convex(self) -> bool:
        """Whether the optimal cost is a convex function of the sizes: no rebate is open."""
        return not any(isinstance(charge, RebatedCharge) for charge in lower_site(self.new_at(self.highest)))

    @cached_property
    def lowest(self) -> _Vector:
        """Smallest admissible sizes (K,)."""
        return least_backed(self.site_at, np.array([size.range.lowest for size in self.sizes]), self.highest)

    @property
    def highest(self) -> _Vector:
        """Largest sizes that are looked at (K,)."""
        return np.array([size.highest for size in self.sizes])

    @property
    def existing(self) -> _Vector:
        """Sizes that stand already (K,)."""
        return np.array([size.range.existing for size in self.sizes])

    @property
    def is_left_out(self) -> NDArray[np.bool_]:
        """Sizes of assets that are not built (K,)."""
        return np.array([size.is_bought and size.asset in self.left_out for size in self.sizes], dtype=np.bool_)

    def _spared(self) -> float:
        """Fixed investment of assets that are not built. [money]"""
        return sum(self.objective.finance.cost[asset].capex for asset in self.left_out)

    @property
    def cost_per_unit(self) -> _Vector:
        """What a unit of each size costs over the horizon, cells that are renewed included (K,). [money/unit]"""
        cells = np.array([self.ageing.cells_cost_per_kwh_year.get(size.asset, 0.0) for size in self.sizes])
        per_unit = np.array([size.energy_kwh_per_unit for size in self.sizes])
        cost: _Vector = (self.objective.size_cost_per_year + cells * per_unit) * self.site.horizon.years
        return cost

    def size_cost(self, values: _Vector) -> float:
        """What sizes cost over the horizon. [money]"""
        return float(self.cost_per_unit @ (values - self.existing))

    def site_at(self, values: _Vector) -> Site:
        """The site with given sizes (K,), as it is on average of the project."""
        return aged(self.new_at(values), self.ageing.health)

    def new_at(self, values: _Vector) -> Site:
        """The site with given sizes (K,) when they are new."""
        return resized(self.site, self.sizes, values)

    def compiled_at(self, values: _Vector, branch: InBranch = PLAIN) -> Program:
        """The program with given sizes (K,), under the weights of the objective."""
        site = self.site_at(values)
        rules = tuple(_in_points_of(rule, self._whole_kwh) for rule in lower_rules(site))
        return compile_program(site, branch(lower_site(site)), rules, self.objective.weights)

    @cached_property
    def _whole_kwh(self) -> Mapping[str, float]:
        """Energy that each ratio is told in points of, at the largest sizes. [kWh]"""
        rules = lower_rules(self.new_at(self.highest))
        return {rule.rule.name: rule.whole_kwh for rule in rules if isinstance(rule, ShareRule)}

    def sized(self, branch: InBranch = PLAIN) -> SizedProgram:
        """The program with its sizes open, compiled the first time that it is asked for."""
        if branch not in self._sized:
            if self.tell:
                self.tell(f"compiling with {len(self.sizes)} open sizes")
            names = [size.name for size in self.sizes]
            self._sized[branch] = sized_program(
                lambda values: self.compiled_at(values, branch), names, self.lowest, self.highest
            )
        return self._sized[branch]

    def solve(self, lower: _Vector | None = None, upper: _Vector | None = None, spent: float = 0.0) -> Solved:
        """Sizes and schedule together, sizes between given limits (K,) or those of the site.

        `spent` is what a catalogue takes of the budget beyond prices per unit.
        The sizes are the last K variables of the optimum. Opposite flows and whole decisions are left open, so that
        nothing can beat its cost; the schedule at its sizes decides them.

        Raises
        ------
        InfeasibleError, UnboundedError, SolverError
            When there is no optimum.
        """
        low = self.lowest if lower is None else lower
        high = self.highest if upper is None else upper
        high = np.where(self.is_left_out, self.existing, high)
        charges = lower_site(self.site_at(self.highest))
        return solve_branches(
            charges,
            self.site.horizon.billing,
            lambda branch: joint_program(self.sized(branch), self.demands(low, high, spent - self._spared())),
            weights=self.objective.weights,
            exact=False,
            solver=self.solver,
            tell=self.tell,
        )

    def demands(self, lower: _Vector, upper: _Vector, spent: float = 0.0) -> Demands:
        """What the sizes cost, and what limits them."""
        rows: Sequence[SizeRow] = size_rows(self.site, self.sizes, self.objective, spent)
        whole = np.array([size.range.is_whole for size in self.sizes])
        least = np.array([size.range.least > size.range.existing for size in self.sizes]) & ~whole
        most = np.array([size.is_limited for size in self.sizes]) & ~whole
        least, most = least & (lower == self.lowest), most & (upper == self.highest)
        room = _BEYOND * (1.0 + self.highest)
        # an end that is a row of its own must not bind twice, or its worth is shared, and must not be one of nature
        lowers = (
            Limit(None, np.where(least, self.existing, lower)),
            Limit(None, np.where(least, lower - room, -np.inf), implied=True),
        )
        uppers = (
            Limit(None, np.where(most, np.inf, upper)),
            Limit(None, np.where(most, upper + room, np.inf), implied=True),
        )
        # what stands already is paid
        paid = -float(self.cost_per_unit @ self.existing)
        return Demands(self.cost_per_unit, lowers, uppers, tuple(rows), paid)

    def sizes_of(self, solved: Solved) -> _Vector:
        """The sizes of an optimum (K,), without the noise of the solver at the ends of their ranges."""
        values: _Vector = solved.optimum.point.x[-len(self.sizes) :].copy()
        near = _NOISE * np.maximum(self.highest, 1e-9)
        values = np.where(values - self.lowest <= near, self.lowest, values)
        return np.where(self.highest - values <= near, self.highest, values)

    def with_ageing(self, ageing: Ageing) -> SizingProblem:
        """The problem with batteries in another state on average of the project."""
        return replace(self, ageing=ageing, _sized={})


def _in_points_of(rule: ContractRule, whole_kwh: Mapping[str, float]) -> ContractRule:
    """A ratio in points of an energy that no size moves, or its coefficients would move with them."""
    return replace(rule, whole_kwh=whole_kwh[rule.rule.name]) if isinstance(rule, ShareRule) else rule
