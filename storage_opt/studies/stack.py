"""What each product adds, alone and on top of the others, by solving the site without it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from storage_opt.errors import Fault, InputError
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.spec.resolved import Site
from storage_opt.studies.product_result import ProductValue, ValueStack
from storage_opt.studies.rebates import solve_site
from storage_opt.studies.result import DispatchResult

__all__ = ["product_names", "value_stack", "with_products"]

_SECTIONS = ("regulation", "response", "incentive")


def value_stack(
    result: DispatchResult, *, solver: str | None = None, progress: Callable[[str], None] | None = None
) -> ValueStack:
    """Solve a site without products, with each alone, and without each.

    Parameters
    ----------
    result : DispatchResult
        The site solved with all its products.
    solver, progress
        As for :func:`~storage_opt.studies.dispatch.optimize`.

    Raises
    ------
    InputError
        When the site has no products.
    InfeasibleError, UnboundedError, SolverError
        When one of these has no optimum.

    Notes
    -----
    With C(S) the optimal cost of a set of products: ``alone_p = C({}) - C({p})``, ``last_p = C(all - p) - C(all)``. A
    set of products is a set of things that may be left undone, so neither is negative, and ``last <= alone`` where
    products compete for the same room.
    """
    site = result.site
    names = product_names(site)
    if not names:
        what = "the site has no products to stack"
        raise InputError([Fault(what, "add [regulation.NAME], [response.NAME] or [incentive.NAME], or drop --stack")])
    known = {frozenset(names): result.ledger.total}

    def cost(kept: Collection[str]) -> float:
        wanted = frozenset(kept)
        if wanted not in known:
            if progress:
                progress(f"stack: {', '.join(sorted(wanted)) or 'no product'}")
            variant = with_products(site, wanted)
            known[wanted] = solve_site(variant, lower_site(variant), lower_rules(variant), solver=solver).cost
        return known[wanted]

    nothing, everything = cost(()), cost(names)
    values = tuple(
        ProductValue(name, nothing - cost((name,)), cost([other for other in names if other != name]) - everything)
        for name in names
    )
    return ValueStack(result.baseline_ledger.total, nothing, everything, values)


def product_names(site: Site) -> tuple[str, ...]:
    """Every product of a site, in the order of its sections."""
    return tuple(name for section in _SECTIONS for name in getattr(site.spec, section))


def with_products(site: Site, kept: Collection[str]) -> Site:
    """The site with only some of its products."""
    sections = {
        section: {name: spec for name, spec in getattr(site.spec, section).items() if name in kept}
        for section in _SECTIONS
    }
    return replace(site, spec=site.spec.model_copy(update=sections))
