"""A compiled site: matrices for the solvers, and names to read their answers by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites
from storage_opt.charges.base import Charge
from storage_opt.horizon import Horizon
from storage_opt.model.builder import VariableRecord
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.model.tie_break import TieBreak
from storage_opt.modeler import Expression, Limit, Rule
from storage_opt.schedule import Flow

__all__ = ["ChargeTerm", "Columns", "OppositeColumns", "Program", "Rows", "Slacks"]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Where a variable stands in the matrices, and where its bounds come from."""

    name: str
    where: slice
    lower: tuple[Limit, ...]
    upper: tuple[Limit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Where a constraint stands in the matrices."""

    name: str
    where: slice
    is_equality: bool
    rule: Rule | None
    implied: bool = False
    """Whether it only follows from rules, and so falls when those are relaxed."""


@dataclass(frozen=True, slots=True, eq=False)
class ChargeTerm:
    """A charge and its cost expression."""

    charge: Charge
    cost: Expression


@dataclass(frozen=True, slots=True, eq=False)
class OppositeColumns:
    """Columns of two variables of which one must be zero, with an upper bound each (T,).

    The slack of an inequality has the column that it gets behind all others, in the order of :class:`Slacks`.
    """

    opposites: Opposites
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    first_most: NDArray[np.float64]
    second_most: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Slacks:
    """Inequalities whose slack a pair excludes (S,), the most it can be, and its typical size."""

    rows: NDArray[np.intp]
    most: NDArray[np.float64]
    size: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Program:
    """The compiled problem.

    Parameters
    ----------
    horizon : Horizon
        The intervals.
    form : StandardForm
        Matrices in the user's units.
    scaling : Scaling
        To numbers of order one and back.
    tie_break : TieBreak
        What is wanted among equal optima.
    columns, rows : tuple
        Names of variables and constraints.
    flows : mapping of Flow to expression
        Flows in terms of the variables.
    terms : tuple of ChargeTerm
        The charges whose sum is the objective.
    opposites : tuple of OppositeColumns
        Pairs of variables of which one must be zero.
    slacks : Slacks
        The inequalities whose slacks stand in pairs, a horizon of each.
    whole : (N,) int array
        Columns that are whole numbers in the end.
    whole_spans : (N, 2) int array
        First interval that each of them decides about, and the one after the last.
    """

    horizon: Horizon
    form: StandardForm
    scaling: Scaling
    tie_break: TieBreak
    variables: tuple[VariableRecord, ...]
    columns: tuple[Columns, ...]
    rows: tuple[Rows, ...]
    flows: Mapping[Flow, Expression]
    terms: tuple[ChargeTerm, ...]
    opposites: tuple[OppositeColumns, ...]
    slacks: Slacks
    whole: NDArray[np.intp]
    whole_spans: NDArray[np.intp]

    def put(self, x: NDArray[np.float64]) -> None:
        """Give every variable its value, so that flows and costs can be read."""
        for record, columns in zip(self.variables, self.columns, strict=True):
            record.variable.save_value(x[columns.where])

    def flow_values(self, x: NDArray[np.float64]) -> dict[Flow, NDArray[np.float64]]:
        """Every flow at x (T,)."""
        self.put(x)
        return {flow: _value(expression) for flow, expression in self.flows.items()}

    def values(self, x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        """The variable of a name at x. Raises KeyError when there is none."""
        for columns in self.columns:
            if columns.name == name:
                return x[columns.where]
        raise KeyError(name)

    def line_costs(self, x: NDArray[np.float64]) -> dict[str, float]:
        """Cost of each charge at x by line name. [money]"""
        self.put(x)
        return {term.charge.line.name: float(_value(term.cost)) for term in self.terms}


def _value(expression: Expression) -> NDArray[np.float64]:
    value: NDArray[np.float64] = np.asarray(getattr(expression, "value", expression), dtype=np.float64)
    return value
