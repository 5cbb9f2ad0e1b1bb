"""Dispatch of a year of a project, remembered by the health of its batteries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Stream
from storage_opt.errors import StorageOptError
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.life import LifeSpec
from storage_opt.spec.resolved import Site
from storage_opt.studies.aged import Health, aged
from storage_opt.studies.dispatch import optimize
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.used_life import ageing, life_frac

__all__ = ["CHARGED", "CYCLES", "DISCHARGED", "LIFE", "PER_KWH", "SAME_HEALTH", "Dispatches", "YearFigures"]

SAME_HEALTH = 1e-5
"""Difference in every share of :class:`~storage_opt.studies.aged.Health` up to which one dispatch serves two years."""

LIFE, CYCLES, PER_KWH, DISCHARGED, CHARGED = range(5)
"""Columns of :attr:`YearFigures.use`."""


@dataclass(frozen=True, slots=True, eq=False)
class YearFigures:
    """What a project needs of one dispatched year, as a full year.

    Parameters
    ----------
    savings : (S,) array
        Baseline less plan by stream, in the order of :class:`Stream`. [money]
    use : (B, 5) array
        Of each battery: share of life taken, equivalent full cycles, energy delivered for each kWh held [kWh/kWh],
        energy delivered and energy charged at the AC side [kWh].
    streams : frozenset of Stream
        Streams that the bill has.
    certified : bool
        Whether the dispatch is proven.
    """

    savings: NDArray[np.float64]
    use: NDArray[np.float64]
    streams: frozenset[Stream]
    certified: bool

    @property
    def cash(self) -> float:
        """Savings without the price of wear, which nobody is paid. [money]"""
        return float(self.savings[[stream is not Stream.WEAR for stream in Stream]].sum())


@dataclass(slots=True, eq=False)
class Dispatches:
    """Dispatches of a site, one for each state of health that is asked for.

    Parameters
    ----------
    site : Site
        With batteries as they were when new.
    spec : LifeSpec
        Fade of batteries that do not describe theirs.
    solver, tell
        As for :func:`~storage_opt.studies.dispatch.optimize`.
    """

    site: Site
    spec: LifeSpec
    solver: str | None
    tell: Callable[[str], None]
    known: list[tuple[Mapping[str, Health], YearFigures]] = field(default_factory=list)

    def of(self, year: int, health: Mapping[str, Health]) -> YearFigures:
        """Figures of a year, counted from 0, in a state of health.

        Raises
        ------
        InfeasibleError, UnboundedError, SolverError
            When the aged site has no optimum; a note says in which year.
        """
        for before, figures in self.known:
            if max((before[name].differs(health[name]) for name in health), default=0.0) <= SAME_HEALTH:
                return figures
        state = ", ".join(f"{name} {100 * share.energy_frac:.1f} %" for name, share in health.items())
        self.tell(f"year {year + 1}: {state}")
        try:
            result = optimize(aged(self.site, health), solver=self.solver)
        except StorageOptError as error:
            error.add_note(f"in year {year + 1} of the project, with rated energy down to: {state}")
            raise
        figures = _figures(result, self.spec, ageing(self.site))
        self.known.append((health, figures))
        return figures


def _figures(result: DispatchResult, spec: LifeSpec, names: tuple[str, ...]) -> YearFigures:
    years = result.site.horizon.years
    before, after = result.baseline_ledger.by_stream(), result.ledger.by_stream()
    savings = np.array([before.get(stream, 0.0) - after.get(stream, 0.0) for stream in Stream]) / years
    use = np.array([_use(result, name, spec, years) for name in names]).reshape(len(names), 5)
    return YearFigures(savings, use, frozenset({*before, *after}), result.certificate.certified)


def _use(result: DispatchResult, name: str, spec: LifeSpec, years: float) -> tuple[float, ...]:
    battery, use = result.site.spec.battery[name], result.batteries[name]
    charged = float(result.schedule[Flow(name, FlowKind.CHARGE_KW)].sum()) * result.site.horizon.step_h / years
    delivered = use.throughput_kwh / years
    per_kwh = delivered / battery.energy_kwh if battery.energy_kwh else 0.0
    return life_frac(battery, use, spec, years), use.equivalent_cycles / years, per_kwh, delivered, charged
