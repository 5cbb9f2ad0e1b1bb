"""The evidence that a schedule is optimal and its bill is right.

All figures are computed here from the compiled problem and the settled ledger; nothing is read from a
solver's own report.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage_opt.rules.base import RuleCheck

__all__ = ["TOLERANCE", "Attempt", "Certificate", "Repair"]

TOLERANCE = 1e-6
"""Largest admissible scaled residual, relative gap and relative ledger mismatch."""

SIMULTANEOUS_TOLERANCE_KWH = 1e-6
"""Energy per kWh of throughput below which two opposite flows count as exclusive."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One solver's try: what it said and how long it took. [s]"""

    solver: str
    status: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Repair:
    """How opposite flows in the same interval were forbidden exactly.

    Parameters
    ----------
    intervals : int
        Pairs of flow and interval that received a binary.
    rounds : int
        Number of mixed-integer solves.
    everywhere : bool
        Whether all intervals received one at once.
    cost : float
        Optimal cost with the prohibition minus without it. [money]
    windows : int
        Parts of the horizon that were decided by themselves; 0 when the problem was solved as a whole.
    """

    intervals: int
    rounds: int
    everywhere: bool
    cost: float
    windows: int = 0


@dataclass(frozen=True, slots=True)
class Certificate:
    """What proves an answer.

    Parameters
    ----------
    solver : str
        Solver whose answer is certified.
    primal_residual, dual_residual : float
        Largest violation of the compiled problem's rows and of stationarity, scaled.
    relative_gap : float
        Cost minus certified lower bound, over the size of the cost.
    simultaneous_kwh : float
        Energy charged while discharging plus energy imported while exporting. [kWh]
    ledger_mismatch_relative : float
        Largest difference between a line of the ledger and the same line of the objective, over the total.
    attempts : tuple of Attempt
        What each solver did, in order.
    repair : Repair or None
        How exclusivity was enforced; None when the relaxation was exact.
    rules : tuple of RuleCheck
        Every contract rule, required and achieved.
    """

    solver: str
    primal_residual: float
    dual_residual: float
    relative_gap: float
    simultaneous_kwh: float
    ledger_mismatch_relative: float
    attempts: tuple[Attempt, ...] = ()
    repair: Repair | None = None
    rules: tuple[RuleCheck, ...] = ()

    @property
    def certified(self) -> bool:
        """Whether every figure is within :data:`TOLERANCE`, flows are exclusive and rules hold."""
        figures = (self.primal_residual, self.dual_residual, self.relative_gap, self.ledger_mismatch_relative)
        return (
            all(figure <= TOLERANCE for figure in figures)
            and self.simultaneous_kwh == 0.0
            and all(rule.ok for rule in self.rules)
        )
