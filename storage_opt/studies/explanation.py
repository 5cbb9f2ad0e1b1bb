"""What a model says, as rows a person can read: variables, constraints and charges with their equations."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ChargeRow", "ConstraintRow", "Explanation", "Sizes", "VariableRow"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the compiled problem is.

    Parameters
    ----------
    variables, rows, nonzeros : int
        Columns, rows and entries of the compiled constraint matrix.
    longest_row, longest_column : int
        Most entries in one row and in one column; short ones keep the solver fast.
    """

    variables: int
    rows: int
    nonzeros: int
    longest_row: int
    longest_column: int


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A named variable.

    Parameters
    ----------
    name : str
        Such as ``bess.charge_kw``.
    size : int
        Number of values.
    unit : str
        Unit of the values.
    """

    name: str
    size: int
    unit: str


@dataclass(frozen=True, slots=True)
class ConstraintRow:
    """A named constraint or bound.

    Parameters
    ----------
    name : str
        Such as ``bess.energy_balance``; the part before the first dot is its owner.
    rows : int
        Number of scalar rows.
    equation : str
        In the symbols of the nomenclature, such as ``E[t+1] = (1-sigma) E[t] + h (eta_c c[t] - d[t]/eta_d)``.
    words : str
        The rule in the user's words; empty for physics that nobody chose.
    unit : str
        Unit of the right-hand side; empty when there is no rule.
    key : str
        Where the user wrote it: dotted path in the site file; empty when there is no rule.
    """

    name: str
    rows: int
    equation: str
    words: str = ""
    unit: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A term of the objective.

    Parameters
    ----------
    line : str
        Line of the bill, such as ``two_part.energy``.
    primitive : str
        Class of the charge, such as ``EnergyCharge``.
    equation : str
        Its cost, such as ``h sum_t p[t] f[t]``.
    flow : str
        What it is levied on, such as ``grid.import_kw``.
    payee : str
        Who receives positive amounts.
    """

    line: str
    primitive: str
    equation: str
    flow: str = ""
    payee: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The model of a site, ready to print.

    Parameters
    ----------
    title : str
        Name of the site and its horizon.
    sizes : Sizes
        How large the compiled problem is.
    variables, constraints, charges : tuple of rows
        Everything the model holds, in the order in which it was stated.
    """

    title: str
    sizes: Sizes
    variables: tuple[VariableRow, ...]
    constraints: tuple[ConstraintRow, ...]
    charges: tuple[ChargeRow, ...]
