"""Parts of a site that are sound by themselves and do not fit together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Misfit", "MisfitError"]


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing that does not fit.

    Parameters
    ----------
    key : tuple of str
        Where it stands in the site file.
    what : str
        What is wrong, in a sentence without a full stop.
    hint : str
        One action that mends it.
    """

    key: tuple[str, ...]
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{'.'.join(self.key)}: {self.what}; {self.hint}"


class MisfitError(ValueError):
    """All that does not fit together at a site."""

    def __init__(self, misfits: Iterable[Misfit]) -> None:
        self.misfits = tuple(misfits)
        super().__init__("\n".join(str(misfit) for misfit in self.misfits))
