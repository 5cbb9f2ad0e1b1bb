"""What flexibility earns: of work by itself, of storage by itself, of both, and what a little more of it would."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Flexibility", "MoreOfIt"]


@dataclass(frozen=True, slots=True)
class MoreOfIt:
    """What one step more of a kind of flexibility would earn.

    Parameters
    ----------
    key : str
        Where it is written: dotted path in the site file.
    words : str
        The step, such as ``one more hour of delay for training``.
    before, after : float
        Value at that key, now and one step further.
    value : float
        Fall of the optimal cost. [money]
    """

    key: str
    words: str
    before: float
    after: float
    value: float


@dataclass(frozen=True, slots=True)
class Flexibility:
    """Optimal costs with and without each kind of flexibility.

    Parameters
    ----------
    cost_of_neither : float
        Optimal cost with work unshifted and no battery; plants may still be curtailed. [money]
    cost_of_work, cost_of_storage, cost_of_both : float
        Optimal cost with only work and cold free, with only the batteries, with both. [money]
    steps : tuple of MoreOfIt
        What one step more would earn.
    without_rules : tuple of str
        Runs in which no schedule keeps the contract; their cost is that without its rules.
    """

    cost_of_neither: float
    cost_of_work: float
    cost_of_storage: float
    cost_of_both: float
    steps: tuple[MoreOfIt, ...] = ()
    without_rules: tuple[str, ...] = ()

    @property
    def by_work(self) -> float:
        """What work and cold earn by themselves. [money]"""
        return self.cost_of_neither - self.cost_of_work

    @property
    def by_storage(self) -> float:
        """What the batteries earn by themselves. [money]"""
        return self.cost_of_neither - self.cost_of_storage

    @property
    def by_both(self) -> float:
        """What both earn together. [money]"""
        return self.cost_of_neither - self.cost_of_both

    @property
    def together(self) -> float:
        """What they earn together beyond the sum, negative where they do the same job. [money]"""
        return self.by_both - self.by_work - self.by_storage
