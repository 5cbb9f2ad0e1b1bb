"""Whether to build at all, where an asset costs something whatever its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np

from storage_opt.errors import Fault, InfeasibleError, InputError
from storage_opt.studies.sizing.catalogue import Best, best_of_catalogue
from storage_opt.studies.sizing.problem import SizingProblem

__all__ = ["best_to_build"]

_MOST_ASSETS = 6


def best_to_build(problem: SizingProblem) -> Best:
    """The best admissible sizes, assets with fixed costs built or not.

    Every choice of such assets is solved by itself; the best of them, with what is fixed added, is the answer, and no
    sizes beat the lowest bound of them all. Fixed costs of what has to be built anyway change nothing and stay out.

    Raises
    ------
    InputError
        When too many assets have fixed costs, or whole sizes too many combinations.
    InfeasibleError
        When no admissible sizes have a schedule.
    """
    fixed = _fixed_costs(problem)
    if not fixed:
        return best_of_catalogue(problem)
    if len(fixed) > _MOST_ASSETS:
        names = ", ".join(f"`{name}`" for name in fixed)
        what = f"{names} have costs whatever their size; at most {_MOST_ASSETS} of such assets can be built or not"
        raise InputError([Fault(what, "give some of them a least size above what stands", key="sizing")])
    found: list[Best] = []
    first: InfeasibleError | None = None
    for kept in product((True, False), repeat=len(fixed)):
        left_out = frozenset(name for name, is_kept in zip(fixed, kept, strict=True) if not is_kept)
        try:
            best = best_of_catalogue(replace(problem, left_out=left_out))
        except InfeasibleError as error:
            first = first or error
            continue
        paid = sum(cost for name, cost in fixed.items() if name not in left_out)
        found.append(replace(best, catalogue_cost=best.catalogue_cost + paid, bound=best.bound + paid))
    if not found:
        assert first is not None
        raise first
    chosen = min(found, key=_cost)
    return replace(chosen, bound=min(best.bound for best in found), solves=sum(best.solves for best in found))


def _cost(best: Best) -> float:
    return best.solved.optimum.point.optimality.cost + best.catalogue_cost


def _fixed_costs(problem: SizingProblem) -> Mapping[str, float]:
    """What assets that need not be built cost whatever their size, over the horizon. [money]"""
    objective, found = problem.objective, dict[str, float]()
    for asset in dict.fromkeys(size.asset for size in problem.sizes if size.is_bought):
        mine = np.array([size.asset == asset and size.is_bought for size in problem.sizes])
        if asset not in objective.finance.cost or np.any(problem.lowest[mine] > problem.existing[mine]):
            continue
        a_year = -objective.worth.fixed_of(asset) / objective.present_worth_of_saving
        if a_year:
            found[asset] = a_year * problem.site.horizon.years
    return found
