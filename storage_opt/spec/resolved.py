"""A site with its series read: everything a study needs, in one immutable value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from storage_opt.horizon import Horizon
from storage_opt.spec.jobs import JobTable
from storage_opt.spec.series import FileColumn, InMemory, Series
from storage_opt.spec.site import SiteSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ScenarioSeries", "Site"]

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class ScenarioSeries:
    """Series of a scenario that are not those of its site.

    Parameters
    ----------
    horizon : Horizon
        The intervals, of another calendar year perhaps.
    columns : mapping of FileColumn to (T,) array
        Values by the column that the site names, in the model's units.
    notes : tuple of str
        What was decided on the way.
    """

    horizon: Horizon
    columns: Mapping[FileColumn, NDArray[np.float64]]
    notes: tuple[str, ...] = ()

    def between(self, start: datetime, end: datetime, years: int) -> ScenarioSeries:
        """The part between two instants of the site, so many years later."""
        moved = (moment.replace(year=moment.year + years) for moment in (start, end))
        part, where = self.horizon.between(*moved)
        return ScenarioSeries(part, {column: values[where] for column, values in self.columns.items()}, self.notes)


@dataclass(frozen=True)
class Site:
    """A validated site: what the user wrote, and the file columns it refers to, on its horizon.

    Parameters
    ----------
    spec : SiteSpec
        What the user wrote.
    horizon : Horizon
        The intervals; a part of the spec's horizon after :meth:`between`.
    columns : mapping of FileColumn to (T,) array
        Values read from files, in the model's units.
    source : Path or None
        The site file; None for a site built in a program.
    notes : tuple of str
        What was decided on the way, such as resampling; shown with every result.
    jobs : mapping of str to JobTable
        Jobs of the workloads that are described by a log, by name of the workload.
    scenarios : mapping of str to ScenarioSeries
        Series of the scenarios of `[sizing]` that have their own, by name.
    """

    spec: SiteSpec
    horizon: Horizon
    columns: Mapping[FileColumn, NDArray[np.float64]] = field(default_factory=dict)
    source: Path | None = None
    notes: tuple[str, ...] = ()
    jobs: Mapping[str, JobTable] = field(default_factory=dict)
    scenarios: Mapping[str, ScenarioSeries] = field(default_factory=dict)

    def values(self, series: Series) -> NDArray[np.float64]:
        """A series on the horizon (T,), in the unit of its field."""
        if isinstance(series, FileColumn):
            return self.columns[series]
        if isinstance(series, InMemory) and self.horizon.steps != series.values.size:
            return series.on(self._whole)[self._part]
        return series.on(self.horizon)

    @cached_property
    def _whole(self) -> Horizon:
        """The horizon the spec describes, of which this site may cover a part."""
        return self.spec.horizon.build()

    @cached_property
    def _part(self) -> slice:
        return self._whole.between(self.horizon.start_instant, self.horizon.end_instant)[1]

    def between(self, start: datetime | date, end: datetime | date) -> Site:
        """The same site over a part of its horizon.

        Raises
        ------
        ValueError
            When the part reaches outside or is not aligned with the steps.
        """
        part, where = self.horizon.between(start, end)
        columns = {column: values[where] for column, values in self.columns.items()}
        offset_h, span_h = where.start * self.horizon.step_h, part.steps * part.step_h
        jobs = {name: table.between(offset_h, offset_h + span_h) for name, table in self.jobs.items()}
        left_out = {name: self.jobs[name].count - table.count for name, table in jobs.items()}
        notes = tuple(
            f"{count:,} jobs of `{name}` lie outside the part of the horizon, or reach beyond it, and are left out"
            for name, count in left_out.items()
            if count
        )
        scenarios = {
            name: other.between(
                part.start_instant,
                part.end_instant,
                other.horizon.start_instant.year - self.horizon.start_instant.year,
            )
            for name, other in self.scenarios.items()
        }
        return Site(self.spec, part, columns, self.source, self.notes + notes, jobs, scenarios)

    def once(self, make: Callable[[Site], _Made]) -> _Made:
        """What `make` returns for this site, made the first time that it is asked for."""
        if make not in self._made:
            self._made[make] = make(self)
        found: _Made = self._made[make]
        return found

    @cached_property
    def _made(self) -> dict[Callable[[Site], Any], Any]:
        return {}
