"""Failures a user can act on.

StorageOptError
├── InputError         something the user wrote is wrong; lists every fault found     exit code 2
├── FormulationError   a charge or rule is not convex and has no exact branch          exit code 2
├── InfeasibleError    the rules contradict each other; names the smallest set         exit code 3
├── UnboundedError     the cost can fall without end; names the missing limit          exit code 3
└── SolverError        no solver delivered an answer that could be certified           exit code 4
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = [
    "Conflict",
    "Fault",
    "Faults",
    "FormulationError",
    "InfeasibleError",
    "InputError",
    "SolverError",
    "StorageOptError",
    "UnboundedError",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in the input, where it is, and one thing to do about it.

    Parameters
    ----------
    what : str
        What is wrong, in a sentence without a full stop, with the value and its unit.
    hint : str
        One action that mends it.
    file : str
        File as the user named it; empty when the input did not come from a file.
    key : str
        Dotted path in the site file, such as ``battery.bess.energy_kwh``.
    row : int or None
        Line of a table as a spreadsheet numbers it: the header is row 1.
    column : str
        Column header of a table.
    """

    what: str
    hint: str
    file: str = ""
    key: str = ""
    row: int | None = None
    column: str = ""

    @property
    def place(self) -> str:
        """Where the fault is, most general first; empty when nothing is known."""
        parts = [self.file, f"`{self.key}`" if self.key else ""]
        parts.append(f"row {self.row}" if self.row is not None else "")
        parts.append(f"column `{self.column}`" if self.column else "")
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place else ""
        return f"{self.what}{where}"


class StorageOptError(Exception):
    """Base of every failure this package raises on purpose; each can be sent from one process to another."""

    exit_code = 1

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[StorageOptError], words: tuple[object, ...], facts: Mapping[str, object]) -> StorageOptError:
    """A failure as it was: made of its words and facts, not of what it was first made of."""
    error = kind.__new__(kind, *words)
    error.__dict__.update(facts)
    return error


class InputError(StorageOptError):
    """Everything that is wrong in the input, found in one pass."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{fault}; hint: {fault.hint}" for fault in self.faults))


@dataclass(slots=True)
class Faults:
    """Collects faults so that a user sees all of them at once."""

    found: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Keep a fault for the report at the end."""
        self.found.append(fault)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Keep several faults."""
        self.found.extend(faults)

    def raise_if_any(self) -> None:
        """Raise :class:`InputError` with all faults, or return when there is none."""
        if self.found:
            raise InputError(self.found)


class FormulationError(StorageOptError):
    """A term would make the problem non-convex; the message names the term."""

    exit_code = 2

    def __init__(self, term: str, reason: str, hint: str) -> None:
        self.term, self.reason, self.hint = term, reason, hint
        super().__init__(f"`{term}` {reason}; hint: {hint}")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A rule of the smallest contradicting set, and what it alone would have to give.

    Parameters
    ----------
    name : str
        Constraint name, such as ``grid.import_limit``.
    words : str
        The rule in the user's words.
    relaxation : float or None
        Least uniform relaxation that makes the site feasible while all other rules hold; None
        when relaxing this rule alone does not suffice.
    unit : str
        Unit of the relaxation.
    key : str
        Where to change it in the site file.
    required, attainable : float or None
        What the rule requires, and the most (of a cap: the least) that can be reached while all others hold; None where
        it is not one number. [unit]
    """

    name: str
    words: str
    relaxation: float | None
    unit: str
    key: str
    required: float | None = None
    attainable: float | None = None

    def __str__(self) -> str:
        if self.relaxation is None:
            return f"{self.words} (`{self.key}`)"
        give = f"would have to give by {self.relaxation:,.6g} {self.unit}"
        if self.attainable is None:
            return f"{self.words} (`{self.key}`): {give}"
        reach = f"{self.required:,.6g} required, {self.attainable:,.6g} can be reached"
        return f"{self.words} (`{self.key}`): {reach}, so it {give}"


class InfeasibleError(StorageOptError):
    """No schedule keeps all rules; holds the smallest set of rules that conflict.

    Parameters
    ----------
    conflicts : iterable of Conflict
        The rules, each with what it alone would have to give.
    together : iterable of Conflict
        Least changes of several of them at once; empty when one rule gives it all.
    reason : str
        Why there is no schedule, where that is no conflict of rules; empty otherwise.
    """

    exit_code = 3

    def __init__(self, conflicts: Iterable[Conflict], together: Iterable[Conflict] = (), reason: str = "") -> None:
        self.conflicts, self.together, self.reason = tuple(conflicts), tuple(together), reason
        if not self.conflicts:
            super().__init__(f"no schedule keeps all rules{f': {reason}' if reason else ''}")
            return
        lines = "\n".join(f"  - {conflict}" for conflict in self.conflicts)
        if self.together:
            lines += f"\n  least changes together: {self._changes}"
        clash = "these contradict each other" if len(self.conflicts) > 1 else "this one cannot be kept"
        super().__init__(f"no schedule keeps all rules; {clash}:\n{lines}")

    @property
    def _changes(self) -> str:
        return " and ".join(
            f"`{c.key}` by {c.relaxation:,.6g} {c.unit}"
            + (f" to {c.attainable:,.6g}" if c.attainable is not None else "")
            for c in self.together
        )

    @property
    def hint(self) -> str:
        """The cheapest single way out, when there is one."""
        if not self.conflicts:
            return "relax what forces energy onto the bus, such as an energy floor or output that must be taken"
        single = [c for c in self.conflicts if c.relaxation is not None]
        if not single and self.together:
            return f"relax {self._changes}"
        if not single:
            return "relax two or more of these rules together"
        which = "relax" if len(self.conflicts) == 1 else "relax one of them, for instance"
        return f"{which} `{single[0].key}` by {single[0].relaxation:,.6g} {single[0].unit}"


class UnboundedError(StorageOptError):
    """The cost can be lowered without end; names the flows that run away."""

    exit_code = 3

    def __init__(self, flows: Iterable[str], hint: str) -> None:
        self.flows, self.hint = tuple(flows), hint
        super().__init__(f"cost falls without end along {', '.join(f'`{f}`' for f in self.flows)}; hint: {hint}")


class SolverError(StorageOptError):
    """No solver delivered a usable answer; says what each one did."""

    exit_code = 4

    def __init__(self, message: str, hint: str) -> None:
        self.hint = hint
        super().__init__(f"{message}; hint: {hint}")
