"""Products that a site can back at given sizes; what it can't, it does not sell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from storage_opt.errors import Fault, InputError
from storage_opt.lowering.products.events import event_responses
from storage_opt.lowering.products.held import held_powers
from storage_opt.lowering.products.incentives import incentives
from storage_opt.spec.resolved import Site

__all__ = ["selling_what_it_can"]

_SECTIONS: dict[str, Callable[[Site], object]] = {
    "regulation": held_powers,
    "response": event_responses,
    "incentive": incentives,
}


def selling_what_it_can(site: Site) -> tuple[Site, tuple[str, ...]]:
    """The site without products that it cannot back, and their names; faults of other kinds are left to be found."""
    dropped: list[str] = []
    for section, lowered in _SECTIONS.items():
        try:
            lowered(site)
        except InputError as error:
            names = {_product(fault, section) for fault in error.faults}
            kept = {name: spec for name, spec in getattr(site.spec, section).items() if name not in names}
            dropped += [name for name in getattr(site.spec, section) if name in names]
            site = replace(site, spec=site.spec.model_copy(update={section: kept}))
    return site, tuple(dropped)


def _product(fault: Fault, section: str) -> str:
    """Name of the product that a fault is about: ``regulation.peak.min_block_kw`` is about ``peak``."""
    parts = fault.key.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == section else ""
