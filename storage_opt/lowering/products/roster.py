"""Who can provide flexibility at a site."""

from __future__ import annotations

from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.products.batteries import battery_provider
from storage_opt.lowering.products.consumers import cold_provider, load_provider, work_providers
from storage_opt.lowering.products.provider import Provider
from storage_opt.lowering.refusal import refuse
from storage_opt.spec.resolved import Site

__all__ = ["chosen_providers", "providers"]


def providers(site: Site) -> tuple[Provider, ...]:
    """Every provider of a site, also those that can't give or take anything, worked out once for each site."""
    return site.once(_found)


def _found(site: Site) -> tuple[Provider, ...]:
    batteries = [battery_provider(site, name) for name in site.spec.battery]
    buildings = [cold_provider(facility) for facility in compute_plan(site).facilities.values()]
    loads = [load_provider(site, name) for name in site.spec.load]
    return (*batteries, *work_providers(site), *buildings, *loads)


def chosen_providers(
    site: Site, names: tuple[str, ...], directions: tuple[str, ...], duration_h: float, notice_h: float, key: str
) -> tuple[Provider, ...]:
    """The providers of a product: those that are named, or all that can.

    Raises
    ------
    InputError
        When one that is named does not exist or can't take part, or when none can.
    """
    known = {provider.name: provider for provider in providers(site)}
    for name in names:
        if name not in known:
            hint = f"name one of {', '.join(known)}" if known else "the site has nothing that could"
            refuse(f"{key}.providers", f"there is no provider `{name}`", hint)
        reasons = [_why_not(known[name], direction, duration_h, notice_h) for direction in directions]
        if all(reasons):
            refuse(f"{key}.providers", f"`{name}` can't take part: {reasons[0]}", "leave it out, or name another")
    chosen = [known[name] for name in names] if names else list(known.values())
    able = [p for p in chosen if any(not _why_not(p, d, duration_h, notice_h) for d in directions)]
    for direction in directions:
        if not any(not _why_not(provider, direction, duration_h, notice_h) for provider in able):
            reasons = [f"{p.name}: {_why_not(p, direction, duration_h, notice_h)}" for p in chosen]
            what = f"nothing at the site can be called {direction} for {duration_h:g} h with {notice_h:g} h notice"
            told = f" ({'; '.join(reasons)})" if reasons else ""
            refuse(key, what + told, "add a battery, or leave the product out")
    return tuple(able)


def _why_not(provider: Provider, direction: str, duration_h: float, notice_h: float) -> str:
    side = provider.side(direction)
    if side is None:
        return provider.why_not.get(direction, "it can't")
    if provider.notice_h > notice_h:
        return f"it needs {provider.notice_h:g} h notice, the product gives {notice_h:g} h"
    if side.longest_h < duration_h:
        return f"it can stand {side.longest_h:g} h, a call lasts {duration_h:g} h"
    return ""
