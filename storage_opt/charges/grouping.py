"""Sets of intervals, and the chunks that keep rows and columns of the problem short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["Groups", "chunks", "incidence"]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Sets of intervals measured together.

    Parameters
    ----------
    ids : (T,) int array
        Group of each interval, -1 where a window excludes it.
    period : (G,) int array
        Billing period each group belongs to.
    labels : tuple of str
        Band label of each group's entries: empty for whole billing periods, the date for days.
    """

    ids: NDArray[np.intp]
    period: NDArray[np.intp]
    labels: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of groups G."""
        return len(self.labels)

    def to_periods(self, count: int) -> sp.csr_array:
        """Matrix that sums groups into `count` billing periods."""
        return incidence(self.period, count).T.tocsr()


def incidence(ids: NDArray[np.intp], count: int) -> sp.csr_array:
    """Matrix (n, count) with a one where row i belongs to group ``ids[i]``; rows of -1 are empty."""
    rows = np.flatnonzero(ids >= 0)
    ones = np.ones(rows.size)
    return sp.csr_array((ones, (rows, ids[rows])), shape=(ids.size, count))


def chunks(ids: NDArray[np.intp], length: int | None = None) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Chunk of each item and group of each chunk.

    A chunk holds `length` consecutive items of a group; by default the square root of the largest group,
    which makes the chunks about as many as the items in each.
    """
    length = length or max(1, int(np.ceil(np.sqrt(np.bincount(ids, minlength=1).max()))))
    order = np.argsort(ids, kind="stable")
    sizes = np.bincount(ids)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    within = np.empty_like(ids)
    within[order] = np.arange(ids.size) - starts[ids[order]]
    cells, chunk = np.unique(ids * (ids.size + 1) + within // length, return_inverse=True)
    return chunk.astype(np.intp), (cells // (ids.size + 1)).astype(np.intp)
