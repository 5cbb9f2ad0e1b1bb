"""What a sizing answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storage_opt.charges.base import Stream
from storage_opt.finance.cash_flow import CashFlow
from storage_opt.lowering.open_sizes import OpenSize
from storage_opt.model.certificate import TOLERANCE
from storage_opt.spec.resolved import Site
from storage_opt.studies.life_result import LifeResult
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.sizing.problem import SizingProblem

__all__ = ["BuiltSize", "SizeLimit", "SizingCertificate", "SizingResult", "SizingTiming"]


@dataclass(frozen=True, slots=True)
class BuiltSize:
    """One size of the answer.

    Parameters
    ----------
    size : OpenSize
        What was open.
    value : float
        Best size. [unit of the kind]
    capex : float
        Investment for what is new. [money]
    cost_per_year : float
        What it costs a year of the first year's money, for what is new. [money/year]
    worth_per_unit_year : float
        By how much the optimum would fall a year if a unit more stood here for nothing. [money/(unit year)]
    """

    size: OpenSize
    value: float
    capex: float
    cost_per_year: float
    worth_per_unit_year: float

    @property
    def at_end(self) -> str:
        """Which end of its range it stands at: ``least``, ``most``, or empty."""
        near = 1e-6 * max(self.size.highest, 1e-9)
        if self.size.highest - self.size.range.lowest <= near:
            return "fixed"
        if self.value >= self.size.highest - near:
            return "most"
        return "least" if self.value <= self.size.range.lowest + near else ""


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """A limit on the sizes that binds: a range, a duration, the budget, the land.

    Parameters
    ----------
    name, words, unit, key : str
        The rule.
    worth_per_year : float
        By how much the objective falls a year for one more unit of it. [money/(unit year)]
    """

    name: str
    words: str
    unit: str
    key: str
    worth_per_year: float


@dataclass(frozen=True, slots=True)
class SizingCertificate:
    """The evidence that no other sizes are better.

    Parameters
    ----------
    cost, bound : float
        Weighted bill and sizes over the horizon as built and settled, and what nothing can beat. [money]
    dispatch_certified : bool
        Whether the schedule at these sizes is certified by itself.
    solves : int
        Joint problems that it took.
    """

    cost: float
    bound: float
    dispatch_certified: bool
    solves: int = 1

    @property
    def relative_gap(self) -> float:
        """Cost less bound over the size of the cost."""
        return abs(self.cost - self.bound) / max(abs(self.cost), 1e-9)

    @property
    def certified(self) -> bool:
        """Whether the sizes are proven optimal."""
        return bool(self.dispatch_certified and self.relative_gap <= TOLERANCE)


@dataclass(frozen=True, slots=True)
class SizingTiming:
    """Wall time. [s]"""

    compile_s: float = 0.0
    solve_s: float = 0.0
    dispatch_s: float = 0.0
    total_s: float = 0.0


@dataclass(frozen=True, eq=False)
class SizingResult:
    """The sizes that pay, their schedule, bill and cash flow, and the proof.

    Parameters
    ----------
    site : Site
        The site with these sizes.
    sizes : tuple of BuiltSize
        What is built.
    limits : tuple of SizeLimit
        Limits that bind.
    dispatch : DispatchResult
        Schedule and bill of the first year at these sizes.
    saving_per_year : mapping of Stream to float
        Best bill of the site without anything new, less the bill with these sizes, by stream. [money/year]
    bill_before : mapping of Stream to float
        Best bill of the horizon without anything new, by stream. [money]
    cash_flow : CashFlow
        The project year by year.
    certificate : SizingCertificate
        The proof.
    problem : SizingProblem
        What was solved, compiled, with batteries as they are on average of their life: what lies around the best sizes
        is asked of it.
    notes : tuple of str
        What was taken for granted.
    timing : SizingTiming
        Wall time of the stages.
    life : LifeResult or None
        The project year by year; None where nothing ages.
    """

    site: Site
    sizes: tuple[BuiltSize, ...]
    limits: tuple[SizeLimit, ...]
    dispatch: DispatchResult
    saving_per_year: Mapping[Stream, float]
    bill_before: Mapping[Stream, float]
    cash_flow: CashFlow
    certificate: SizingCertificate
    problem: SizingProblem
    notes: tuple[str, ...] = ()
    timing: SizingTiming = field(default_factory=SizingTiming)
    life: LifeResult | None = None

    @property
    def bill_before_per_year(self) -> float:
        """Best bill of the site without anything new. [money/year]"""
        return sum(self.bill_before.values()) / self.site.horizon.years

    def value(self, name: str) -> float:
        """The best size of a name, such as ``bess.energy_kwh``. Raises KeyError when there is none."""
        for built in self.sizes:
            if built.size.name == name:
                return built.value
        raise KeyError(name)

    @property
    def cash_saving_per_year(self) -> float:
        """What the site pays less a year, wear left out. [money/year]"""
        return sum(amount for stream, amount in self.saving_per_year.items() if stream is not Stream.WEAR)
