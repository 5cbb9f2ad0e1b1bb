"""What every contract rule is: a constraint on named flows, and a check of a schedule without a solver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from storage_opt.modeler import Expression, Modeler, Rule
from storage_opt.schedule import Flow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from storage_opt.horizon import Horizon

__all__ = ["TOLERANCE_RELATIVE", "ContractRule", "RuleCheck"]

TOLERANCE_RELATIVE = 1e-6
"""Share of the required value by which an achieved one may miss it through rounding."""


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """A contract rule with its required and achieved value in a settled schedule."""

    name: str
    words: str
    sense: str
    required: float
    achieved: float
    unit: str
    ok: bool


class ContractRule(Protocol):
    """A requirement of a contract or of law."""

    equation: ClassVar[str]
    """The constraint in the symbols of the nomenclature."""

    @property
    def rule(self) -> Rule:
        """Name, words and unit."""

    def require(self, model: Modeler, flows: Mapping[Flow, Expression]) -> None:
        """Add the constraint to the model."""

    def check(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> RuleCheck:
        """Required and achieved value of a schedule, from numbers alone."""
