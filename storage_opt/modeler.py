"""What assets and charges may ask of the model under construction.

Physics (`assets`) and money (`charges`) state variables, limits and rules through this protocol; `model`
implements it with CVXPY. Expressions are CVXPY expressions, used through operators only, so a charge never
imports a solver and settles without one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from storage_opt.horizon import Horizon
    from storage_opt.schedule import Metered

__all__ = ["Expression", "Limit", "Modeler", "Rule", "Sense"]

Expression: TypeAlias = Any
"""A CVXPY expression; CVXPY is untyped."""

_Kept = TypeVar("_Kept")


class Sense(StrEnum):
    """Which way a rule bounds, and so which way it would have to give."""

    CAP = "cap"
    FLOOR = "floor"
    EXACT = "exact"
    SWITCH = "switch"
    """On or off: it may have to give, but one more unit of it means nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A named requirement, in the user's words, that diagnosis and duals speak of.

    Parameters
    ----------
    name : str
        Constraint name, such as ``grid.import_limit``.
    words : str
        The rule in words, such as ``grid import limit``.
    unit : str
        Unit of its right-hand side, such as ``kW``.
    key : str
        Where the user wrote it: dotted path in the site file.
    sense : Sense
        Whether it is a cap, a floor or an exact value.
    required : float or None
        Its value where it is one number for the whole horizon, so that what can be reached is told beside it. [unit]
    """

    name: str
    words: str
    unit: str
    key: str
    sense: Sense = Sense.CAP
    required: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """A bound on a variable, with the rule it comes from.

    Parameters
    ----------
    rule : Rule or None
        Where the bound comes from; bounds of several rules may compete, the tightest binds. None marks a bound of
        nature, which is never up for relaxation.
    values : (n,) array
        The bound. [rule.unit]
    implied : bool
        Whether the bound only follows from other limits, and so falls when those are relaxed.
    is_exact : bool
        Whether the value itself matters; an implied bound without it only has to be large enough.
    """

    rule: Rule | None
    values: NDArray[np.float64]
    implied: bool = False
    is_exact: bool = False

    @property
    def is_enough(self) -> bool:
        """Whether it only has to be large enough."""
        return self.implied and not self.is_exact


class Modeler(Protocol):
    """The model under construction."""

    @property
    def horizon(self) -> Horizon:
        """The intervals."""

    @property
    def balance(self) -> Metered | None:
        """A combination of flows that is zero in every interval; None before the bus is assembled."""

    def variable(
        self,
        name: str,
        size: int,
        *,
        lower: Sequence[Limit] | float | None = None,
        upper: Sequence[Limit] | float | None = None,
        money: bool = False,
        even: float = 0.0,
        prompt: NDArray[np.float64] | float = 0.0,
        whole: NDArray[np.intp] | None = None,
    ) -> Expression:
        """A named variable (size,); a plain number is a bound of nature, never up for relaxation.

        `money` marks an amount of money, so that scaling can tell it from power. Among schedules of equal
        cost, `even` weighs the wish for small and even values, `prompt` that for small ones, such as work that waits.
        `whole` marks decisions that are whole numbers in the end, by the first interval of each and the one after its
        last (size, 2).
        """

    def require(self, name: str, constraint: Expression, rule: Rule | None = None) -> None:
        """Add a named constraint; with a `rule` it can be reported and relaxed in the user's words."""

    def group_totals(self, name: str, values: Expression, ids: NDArray[np.intp], count: int) -> Expression:
        """Sums of `values` (T,) in each of `count` groups; `ids` (T,) is -1 where no group applies.

        Chained through partial sums, so that no row or column of the problem is long.
        """

    def shared(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """What `make` returned the first time it was called for an equal `key`: one expression for several charges."""

    def once(self, owner: object, make: Callable[[], _Kept]) -> _Kept:
        """What `make` returned the first time it was called for `owner` (compared by identity)."""
