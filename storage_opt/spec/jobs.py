"""Jobs of a log on the clock of a horizon: what `io` reads and the workload is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["JobTable"]


@dataclass(frozen=True, eq=False)
class JobTable:
    """Jobs in the order of their submission.

    Parameters
    ----------
    ids : tuple of str
        Name of each job in its log.
    rows : (J,) int array
        Row of each job in its file, as a spreadsheet numbers it.
    submit_h : (J,) array
        Submission, counted from the start of the horizon. [h]
    duration_h : (J,) array
        Time that the job takes on all its units at full speed. [h]
    units : (J,) array
        Units that the job uses at once, and can't exceed. [unit]
    deadline_h : (J,) array
        When it must be done, counted from the start of the horizon; NaN where the log does not say. [h]
    """

    ids: tuple[str, ...]
    rows: NDArray[np.intp]
    submit_h: NDArray[np.float64]
    duration_h: NDArray[np.float64]
    units: NDArray[np.float64]
    deadline_h: NDArray[np.float64]

    @property
    def count(self) -> int:
        """Number of jobs."""
        return len(self.ids)

    @property
    def work_unit_h(self) -> NDArray[np.float64]:
        """Work of each job (J,). [unit h]"""
        return self.units * self.duration_h

    def between(self, start_h: float, end_h: float) -> JobTable:
        """Jobs that are submitted in a span and would end in it if they ran at once, on the clock of the span.

        Parameters
        ----------
        start_h, end_h : float
            The span, counted as the submissions are. [h]
        """
        inside = (self.submit_h >= start_h) & (self.submit_h + self.duration_h <= end_h)
        kept = np.flatnonzero(inside)
        return JobTable(
            tuple(self.ids[job] for job in kept),
            self.rows[kept],
            self.submit_h[kept] - start_h,
            self.duration_h[kept],
            self.units[kept],
            self.deadline_h[kept] - start_h,
        )
