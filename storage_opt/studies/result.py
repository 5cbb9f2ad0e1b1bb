"""What a dispatch study returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from storage_opt.ledger.ledger import Ledger
from storage_opt.ledger.provenance import Provenance
from storage_opt.model.certificate import Certificate
from storage_opt.modeler import Sense
from storage_opt.rules.base import RuleCheck
from storage_opt.schedule import Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.backup_result import BackupResult
from storage_opt.studies.compute_result import ComputeResult
from storage_opt.studies.declared import Declared
from storage_opt.studies.flexibility_result import Flexibility
from storage_opt.studies.product_result import Headroom, ProductUse, ValueStack

__all__ = ["BatteryUse", "BatteryWear", "Branch", "Compliance", "DispatchResult", "MarginalValue", "Timing"]


@dataclass(frozen=True, slots=True)
class BatteryWear:
    """Cycles counted by rainflow, and the life that they and time take.

    Parameters
    ----------
    full_cycles : float
        Depths of all cycles together: full equivalent cycles.
    cycles_by_depth : tuple of int
        Number of cycles in each tenth of depth, shallowest first; those below a thousandth are left out.
    mean_soc_frac : float
        Mean state of charge.
    counted_cost : float or None
        Cost of the counted cycles with the depth stress as given; None where no cycle life is. [money]
    planned_cost : float or None
        The same as it was optimised and billed, piecewise linear in depth. [money]
    relative_difference : float or None
        Planned less counted, over counted.
    cycle_life_frac, calendar_life_frac : float or None
        Share of life taken by cycles and by time over the horizon; None where it is not described.
    years_to_end_of_life : float or None
        Years until both have taken the whole life, at this rate; None where nothing takes any.
    """

    full_cycles: float
    cycles_by_depth: tuple[int, ...]
    mean_soc_frac: float
    counted_cost: float | None = None
    planned_cost: float | None = None
    relative_difference: float | None = None
    cycle_life_frac: float | None = None
    calendar_life_frac: float | None = None
    years_to_end_of_life: float | None = None


@dataclass(frozen=True, slots=True)
class BatteryUse:
    """How hard a battery works.

    Parameters
    ----------
    throughput_kwh : float
        Energy delivered at the AC side. [kWh]
    equivalent_cycles : float
        Energy taken from the cells over rated energy.
    losses_kwh : float
        Energy charged, less energy delivered, less the rise of stored energy. [kWh]
    wear : BatteryWear or None
        Its cycles by depth and the life they take; None for a battery without energy.
    """

    throughput_kwh: float
    equivalent_cycles: float
    losses_kwh: float
    wear: BatteryWear | None = None


@dataclass(frozen=True, slots=True)
class MarginalValue:
    """What one more unit of a binding limit is worth, from the duals.

    Parameters
    ----------
    rule : str
        Constraint name, such as ``grid.import_limit``.
    words : str
        The limit in the user's words, such as ``grid import limit``.
    period : str
        Billing period the value belongs to.
    unit : str
        Unit of the limit.
    value : float
        Fall of the cost for one more unit throughout the period. [money/unit]
    binding_intervals : int
        Intervals of the period in which the limit binds.
    sense : Sense
        Whether the limit is eased by more of it (cap), by less (floor), or either way (exact).
    """

    rule: str
    words: str
    period: str
    unit: str
    value: float
    binding_intervals: int
    sense: Sense = Sense.CAP


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall time of each stage. [s]"""

    read_s: float = 0.0
    build_s: float = 0.0
    compile_s: float = 0.0
    solve_s: float = 0.0
    settle_s: float = 0.0
    total_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Branch:
    """One answer to what could be chosen, and what it costs.

    Parameters
    ----------
    name : str
        The answer, such as ``direct_two_part, capacity``.
    cost : float or None
        Optimal cost; None when no schedule keeps all rules. [money]
    state : str
        ``certified``, ``not certified`` or ``infeasible``; of a rebate ``solved``, or ``bound`` where
        the cost is what the branch costs at least.
    chosen : bool
        Whether it is the one that was taken.
    """

    name: str
    cost: float | None
    state: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Compliance:
    """What keeping the rules of a contract costs.

    Parameters
    ----------
    cost_without_rules : float
        Optimal cost if no contract rule had to be kept. [money]
    cost : float
        Optimal cost with the rules less that; the savings would be larger by it. [money]
    broken_by_baseline : tuple of str
        Rules the baseline does not keep, in words.
    """

    cost_without_rules: float
    cost: float
    broken_by_baseline: tuple[str, ...]


@dataclass(frozen=True)
class DispatchResult:
    """The certified schedule of a site, its bill, and the same without storage.

    Parameters
    ----------
    site : Site
        What was solved.
    schedule, ledger : Schedule, Ledger
        The optimal plan and its bill.
    baseline, baseline_ledger : Schedule, Ledger
        The same site and contracts with no storage action, and its bill.
    certificate : Certificate
        The proof.
    streams : mapping of str to float
        Savings by value stream; they sum to `savings`. [money]
    batteries : mapping of str to BatteryUse
        Use of each battery.
    marginals : tuple of MarginalValue
        Binding limits and their worth, most valuable first.
    timing : Timing
        Where the time went.
    notes : tuple of str
        What was decided on the way and what a reader should know.
    baseline_rules : tuple of RuleCheck
        Contract rules measured on the baseline, which does not have to keep them.
    branches : tuple of Branch
        What could be chosen and what each choice costs; empty when nothing was chosen.
    ask_compliance : callable or None
        How to find :attr:`compliance`, which takes a second solve; None without contract rules.
    provenance : Provenance or None
        Where green energy went and where stored energy came from, interval by interval; None without plants.
    declared : tuple of Declared
        What to declare to the grid company, where the contract leaves it to the optimiser.
    compute : ComputeResult or None
        Use of every class of work, and its jobs; None without clusters.
    flexibility : Flexibility or None
        What flexibility earns, when it was asked for.
    products : tuple of ProductUse
        What was sold of each product, and by whom.
    headroom : tuple of Headroom
        What more room of each provider would be worth.
    stack : ValueStack or None
        What each product adds, when it was asked for.
    backup : BackupResult or None
        What is held for a loss of the grid, how long it lasts and what it costs; None without ``[backup]``.
    """

    site: Site
    schedule: Schedule
    ledger: Ledger
    baseline: Schedule
    baseline_ledger: Ledger
    certificate: Certificate
    streams: Mapping[str, float]
    batteries: Mapping[str, BatteryUse]
    marginals: tuple[MarginalValue, ...]
    timing: Timing
    notes: tuple[str, ...]
    baseline_rules: tuple[RuleCheck, ...] = ()
    branches: tuple[Branch, ...] = ()
    ask_compliance: Callable[[], Compliance] | None = field(default=None, repr=False, compare=False)
    provenance: Provenance | None = None
    declared: tuple[Declared, ...] = ()
    compute: ComputeResult | None = None
    flexibility: Flexibility | None = None
    products: tuple[ProductUse, ...] = ()
    headroom: tuple[Headroom, ...] = ()
    stack: ValueStack | None = None
    backup: BackupResult | None = None

    @property
    def savings(self) -> float:
        """Baseline cost minus optimal cost. [money]"""
        return self.baseline_ledger.total - self.ledger.total

    @cached_property
    def compliance(self) -> Compliance | None:
        """What keeping the contract's rules costs; None without any. Solved for when first asked."""
        return None if self.ask_compliance is None else self.ask_compliance()
