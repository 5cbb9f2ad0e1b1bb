"""Collects named variables, constraints and group totals in CVXPY while assets and charges state them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.grouping import chunks, incidence
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Limit, Rule
from storage_opt.schedule import Metered

__all__ = ["ConstraintRecord", "ModelBuilder", "VariableRecord"]

_LONGEST_SUM = 96
_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True, eq=False)
class VariableRecord:
    """A variable with its bounds by origin."""

    name: str
    variable: Expression
    lower: tuple[Limit, ...]
    upper: tuple[Limit, ...]
    money: bool
    even: float
    prompt: NDArray[np.float64] | float
    whole: NDArray[np.intp] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ConstraintRecord:
    """A constraint with its name and, where a user can change it, its rule."""

    name: str
    constraint: Expression
    rule: Rule | None


class ModelBuilder:
    """The model under construction; see :class:`storage_opt.modeler.Modeler`."""

    def __init__(self, horizon: Horizon) -> None:
        self._horizon = horizon
        self.balance: Metered | None = None
        self.variables: list[VariableRecord] = []
        self.constraints: list[ConstraintRecord] = []
        self._kept: dict[int, tuple[object, object]] = {}
        self._shared: dict[Hashable, object] = {}

    @property
    def horizon(self) -> Horizon:
        """The intervals."""
        return self._horizon

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
        """A named variable (size,) within its limits; the tightest of several binds."""
        low = _tightest(lower, size, np.maximum, -np.inf)
        high = _tightest(upper, size, np.minimum, np.inf)
        variable = cp.Variable(size, name=name, bounds=[low, high])
        self.variables.append(
            VariableRecord(name, variable, _limits(lower), _limits(upper), money, even, prompt, whole)
        )
        return variable

    def require(self, name: str, constraint: Expression, rule: Rule | None = None) -> None:
        """Add a named constraint."""
        self.constraints.append(ConstraintRecord(name, constraint, rule))

    def group_totals(self, name: str, values: Expression, ids: NDArray[np.intp], count: int) -> Expression:
        """Sums in each group, as a tree of partial sums of at most 96 terms."""
        kept = np.flatnonzero(ids >= 0)
        groups = ids[kept]
        current = values if kept.size == ids.size else values[kept]
        level = 0
        while groups.size and np.bincount(groups).max() > _LONGEST_SUM:
            level += 1
            parts, groups = chunks(groups, _LONGEST_SUM)
            partial = self.variable(f"{name}.partial_{level}", groups.size)
            self.require(f"{name}.partial_{level}", partial == incidence(parts, groups.size).T.tocsr() @ current)
            current = partial
        total = self.variable(f"{name}.total", count)
        self.require(f"{name}.total", total == incidence(groups, count).T.tocsr() @ current)
        return total

    def shared(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """What `make` returned the first time for an equal key."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]  # type: ignore[return-value]

    def once(self, owner: object, make: Callable[[], _Kept]) -> _Kept:
        """What `make` returned the first time for this owner."""
        if id(owner) not in self._kept:
            self._kept[id(owner)] = (owner, make())
        return self._kept[id(owner)][1]  # type: ignore[return-value]


def _limits(bound: Sequence[Limit] | float | None) -> tuple[Limit, ...]:
    return () if bound is None or isinstance(bound, float) else tuple(bound)


def _tightest(
    bound: Sequence[Limit] | float | None, size: int, choose: np.ufunc, without: float
) -> NDArray[np.float64]:
    if bound is None:
        return np.full(size, without)
    if isinstance(bound, float):
        return np.full(size, bound)
    tightest: NDArray[np.float64] = choose.reduce([limit.values for limit in bound])
    return tightest
