"""Who can provide flexibility at a site."""

from __future__ import annotations

from dataclasses import dataclass

from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.products.batteries import battery_provider
from storage_opt.lowering.products.consumers import cold_provider, load_provider, work_providers
from storage_opt.lowering.products.provider import Provider
from storage_opt.lowering.refusal import refuse
from storage_opt.spec.resolved import Site

__all__ = ["Needs", "chosen_providers", "providers", "why_not"]


def providers(site: Site) -> tuple[Provider, ...]:
    """Every provider of a site, also those that can't give or take anything, worked out once for each site."""
    return site.once(_found)


def _found(site: Site) -> tuple[Provider, ...]:
    batteries = [battery_provider(site, name) for name in site.spec.battery]
    buildings = [cold_provider(facility) for facility in compute_plan(site).facilities.values()]
    loads = [load_provider(site, name) for name in site.spec.load]
    return (*batteries, *work_providers(site), *buildings, *loads)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a product asks of a provider in one direction.

    Parameters
    ----------
    direction : str
        ``up`` or ``down``.
    duration_h : float
        How long a call lasts. [h]
    notice_h : float
        Notice that is given. [h]
    expects_calls : bool
        Whether the plan counts on calls, so that it has to do without them too.
    """

    direction: str
    duration_h: float
    notice_h: float
    expects_calls: bool = False


def chosen_providers(site: Site, names: tuple[str, ...], needs: tuple[Needs, ...], key: str) -> tuple[Provider, ...]:
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
        reasons = [why_not(known[name], need) for need in needs]
        if all(reasons):
            refuse(f"{key}.providers", f"`{name}` can't take part: {reasons[0]}", "leave it out, or name another")
    chosen = [known[name] for name in names] if names else list(known.values())
    for need in needs:
        reasons = [f"{provider.name}: {why}" for provider in chosen if (why := why_not(provider, need))]
        if len(reasons) == len(chosen):
            what = (
                f"nothing at the site can be called {need.direction} for {need.duration_h:g} h with "
                f"{need.notice_h:g} h notice"
            )
            told = f" ({'; '.join(reasons)})" if reasons else ""
            refuse(key, what + told, "add a battery, or leave the product out")
    return tuple(provider for provider in chosen if any(not why_not(provider, need) for need in needs))


def why_not(provider: Provider, needs: Needs) -> str:
    """Why a provider can't provide what is asked; empty when it can."""
    side = provider.side(needs.direction)
    if side is None:
        return provider.why_not.get(needs.direction, "it can't")
    if provider.notice_h > needs.notice_h:
        return f"it needs {provider.notice_h:g} h notice, the product gives {needs.notice_h:g} h"
    if side.longest_h < needs.duration_h:
        return f"it can stand {side.longest_h:g} h, a call lasts {needs.duration_h:g} h"
    other = "down" if needs.direction == "up" else "up"
    if needs.expects_calls and provider.limit(other) is None:
        return f"it could not do without calls that the plan expects: {provider.why_not.get(other, '')}"
    return ""
