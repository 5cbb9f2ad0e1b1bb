"""How a battery ages: by cycles, deeper ones harder, and by time, fuller ones faster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from storage_opt.spec.fields import Fraction, MoneyPerKwh, Quantity, Spec

__all__ = ["CalendarFadeSpec", "CycleLifeSpec", "DepthCorner", "FadeCorner", "WearSpec"]

_ROUNDING = 1e-9


class DepthCorner(Spec):
    """What one full cycle of a depth costs of the life: as a share, or as the cycles of a data sheet."""

    depth_frac: Annotated[Fraction, Field(gt=0)]
    """Depth of the cycle, as a share of rated energy."""
    life_frac: Annotated[Fraction, Field(gt=0)] | None = None
    """Share of life that one full cycle of that depth uses."""
    cycles: Annotated[float, Field(ge=1)] | None = None
    """Full cycles of that depth until the end of life, instead of `life_frac`."""

    @property
    def used_frac(self) -> float:
        """Share of life that one full cycle uses."""
        return 1.0 / self.cycles if self.life_frac is None and self.cycles else float(self.life_frac or 0.0)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.life_frac is None) == (self.cycles is None):
            message = f"the corner at depth_frac {self.depth_frac} needs exactly one of life_frac, cycles; give one"
            raise ValueError(message)
        return self


class CycleLifeSpec(Spec):
    """Depth stress Phi(d), the share of life that one full cycle of depth d uses: a power law, or corners."""

    coefficient: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of life that one cycle of full depth uses: a in Phi(d) = a d^b."""
    exponent: float | None = None
    """b in Phi(d) = a d^b, at least 1; Xu et al. (2018) have a = 5.24e-4 and b = 2.03 for a lithium NMC cell."""
    corners: tuple[DepthCorner, ...] = ()
    """Corners of Phi in rising order of depth, instead of a power law; Phi(0) = 0 needs no corner."""

    @property
    def deepest_frac(self) -> float:
        """Largest depth at which Phi is known."""
        return self.corners[-1].depth_frac if self.corners else 1.0

    def life_frac(self, depth_frac: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of life that one full cycle of each depth uses; beyond the last corner the last slope goes on."""
        if not self.corners:
            power_law: NDArray[np.float64] = float(self.coefficient or 0.0) * depth_frac ** float(self.exponent or 1.0)
            return power_law
        depth, life = self._points()
        slopes = np.diff(life) / np.diff(depth)
        lines: NDArray[np.float64] = life[:-1] + slopes * (np.asarray(depth_frac)[..., None] - depth[:-1])
        life_frac: NDArray[np.float64] = lines.max(axis=-1)
        return life_frac

    def _points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        depth = [0.0, *(corner.depth_frac for corner in self.corners)]
        life = [0.0, *(corner.used_frac for corner in self.corners)]
        return np.array(depth), np.array(life)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        law = (self.coefficient is not None, self.exponent is not None)
        if any(law) == bool(self.corners) or (any(law) and not all(law)):
            message = "give either coefficient and exponent, or corners; add what is missing, or leave one way out"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _phi_must_be_convex(self) -> Self:
        if self.exponent is not None and self.exponent < 1.0:
            message = (
                f"exponent is {self.exponent}, must be at least 1: below it deep cycles would wear less than "
                "shallow ones, which is not convex; give 1 or more"
            )
            raise ValueError(message)
        points = [(0.0, 0.0), *((corner.depth_frac, corner.used_frac) for corner in self.corners)]
        _require_convex("corners", "depth_frac", points)
        return self


class FadeCorner(Spec):
    """A corner of the calendar fade over state of charge."""

    soc_frac: Fraction
    """State of charge."""
    fade_frac_per_year: Annotated[float, Quantity("1/year", None, 0.0, 1.0), Field(ge=0, le=1)]
    """Share of rated energy lost each year at that state of charge."""


class CalendarFadeSpec(Spec):
    """Fade by time alone, at a convex rate over state of charge."""

    corners: Annotated[tuple[FadeCorner, ...], Field(min_length=1)]
    """Corners of the rate in rising order of state of charge."""
    end_of_life_fade_frac: Annotated[Fraction, Field(gt=0)] = 0.2
    """Loss of rated energy at which the battery is replaced."""

    def lines(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Slopes and intercepts of the lines whose maximum is the rate over state of charge (K,). [1/year]

        Below the lowest corner the rate stays; beyond the outer corners a rising slope goes on.
        """
        soc = np.array([corner.soc_frac for corner in self.corners])
        fade = np.array([corner.fade_frac_per_year for corner in self.corners])
        slopes = np.diff(fade) / np.diff(soc)
        slope = np.concatenate([slopes, [0.0]])
        offset = np.concatenate([fade[:-1] - slopes * soc[:-1], [fade.min()]])
        at = np.unique(np.concatenate([[0.0, 1.0], soc, np.linspace(0.0, 1.0, 1001)]))
        active = np.unique(np.argmax(np.outer(at, slope) + offset, axis=1))
        order = active[np.argsort(slope[active], kind="stable")]
        return slope[order], offset[order]

    @model_validator(mode="after")
    def _rate_must_be_convex(self) -> Self:
        _require_convex("corners", "soc_frac", [(c.soc_frac, c.fade_frac_per_year) for c in self.corners])
        return self


class WearSpec(Spec):
    """Money for the life that use and time take from a battery."""

    replacement_cost_per_kwh: Annotated[MoneyPerKwh, Field(ge=0)]
    """Cost of replacing the battery for each kWh of rated energy."""
    cycle_life: CycleLifeSpec | None = None
    """How much of its life a cycle takes by its depth."""
    segments: Annotated[int, Field(ge=1, le=64)] = 8
    """Equal parts of depth in which the optimiser prices cycles; one makes wear linear in energy, more follow Phi."""
    calendar: CalendarFadeSpec | None = None
    """Fade by time alone."""

    def segment_life_frac(self) -> NDArray[np.float64]:
        """Share of life that a full cycle adds in each segment of depth, shallowest first (J,)."""
        if self.cycle_life is None:
            return np.zeros(self.segments)
        life = self.cycle_life.life_frac(np.arange(self.segments + 1) / self.segments)
        return np.diff(life)

    @model_validator(mode="after")
    def _something_ages(self) -> Self:
        if self.cycle_life is None and self.calendar is None:
            message = "says neither cycle_life nor calendar, so nothing would wear; give one of them"
            raise ValueError(message)
        return self


def _require_convex(name: str, axis: str, points: Sequence[tuple[float, float]]) -> None:
    slopes = []
    for (left, low), (right, high) in zip(points, points[1:], strict=False):
        if right <= left:
            message = f"{name} must be in rising order of {axis}, got {left:g} then {right:g}; sort them"
            raise ValueError(message)
        slopes.append((high - low) / (right - left))
    for number, (earlier, later) in enumerate(zip(slopes, slopes[1:], strict=False), start=1):
        if later < earlier - _ROUNDING * max(abs(earlier), abs(later)):
            message = (
                f"{name} are not convex: the slope falls from {earlier:.6g} to {later:.6g} at {axis} "
                f"{points[number][0]:g}; leave that corner out, or correct it"
            )
            raise ValueError(message)
