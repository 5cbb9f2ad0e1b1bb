"""What is benchmarked: each row of the design's table of figures is one spec, registered where it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["BenchSpec", "Phase", "Reach", "all_specs", "register"]

State = dict[str, Any]
Phase = Callable[[State], None]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a figure should reach.

    Parameters
    ----------
    most, least : float or None
        Bounds, in the unit of the figure.
    """

    most: float | None = None
    least: float | None = None

    def holds(self, value: float) -> bool:
        """Whether the figure reaches it."""
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    def __str__(self) -> str:
        parts = [
            f"<= {self.most:g}" if self.most is not None else "",
            f">= {self.least:g}" if self.least is not None else "",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class BenchSpec:
    """A benchmark.

    Parameters
    ----------
    name : str
        Short name, such as ``dispatch_hourly``.
    title : str
        What is measured, in words.
    build : callable
        Makes the input, untimed: takes whether this is a smoke run, returns the state of the phases.
    phases : mapping of str to callable
        Timed one after another; each reads and extends the state.
    figures : callable
        Further figures from the state and the seconds of the phases.
    reach : mapping of str to Reach
        Figures that should reach something; names are phases, ``total_s``, ``memory_mb`` or further figures.
    needs : tuple of str
        Modules without which it is skipped.
    repeat : int
        Runs of the phases; the fastest counts.
    """

    name: str
    title: str
    build: Callable[[bool], State]
    phases: Mapping[str, Phase]
    figures: Callable[[State, Mapping[str, float]], Mapping[str, float]] = field(default=lambda state, seconds: {})
    reach: Mapping[str, Reach] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    repeat: int = 1


_SPECS: dict[str, BenchSpec] = {}


def register(spec: BenchSpec) -> BenchSpec:
    """Add a benchmark; names are unique."""
    if spec.name in _SPECS:
        message = f"benchmark `{spec.name}` is registered twice"
        raise ValueError(message)
    _SPECS[spec.name] = spec
    return spec


def all_specs() -> dict[str, BenchSpec]:
    """Every registered benchmark by name."""
    # importing them registers their specs
    from tests.bench import compute, contract, dispatch, exactness, peers, sizing, stacking, startup, wear  # noqa: F401

    return dict(_SPECS)
