"""A site with its series read: everything a study needs, in one immutable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from storage_opt.horizon import Horizon
from storage_opt.spec.series import FileColumn, InMemory, Series
from storage_opt.spec.site import SiteSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Site"]


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
    """

    spec: SiteSpec
    horizon: Horizon
    columns: Mapping[FileColumn, NDArray[np.float64]] = field(default_factory=dict)
    source: Path | None = None
    notes: tuple[str, ...] = ()

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
        return Site(self.spec, part, columns, self.source, self.notes)
