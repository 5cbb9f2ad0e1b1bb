"""What was decided about products on the way, for the reader of a result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from storage_opt.catalog.provenance_row import stale_note
from storage_opt.lowering.products.events import event_responses
from storage_opt.lowering.products.held import held_powers
from storage_opt.lowering.products.presets import gaps_filled, preset_row
from storage_opt.spec.resolved import Site

__all__ = ["product_notes"]

_SECTIONS = ("regulation", "response", "incentive")


def product_notes(site: Site) -> tuple[str, ...]:
    """Events left out, baselines that may be gamed, losses not counted, and what presets filled in, with its source."""
    expected = (
        f"regulation.{held.name}: the plan is that of the mean of calls; what calls both ways lose is left out"
        for held in held_powers(site)
        if held.spec.call_probability_frac and len(held.directions) > 1
    )
    return (*_of_presets(site), *expected, *(note for product in event_responses(site) for note in product.notes))


def _of_presets(site: Site) -> Iterator[str]:
    horizon = site.horizon
    for section in _SECTIONS:
        for name, spec in getattr(site.spec, section).items():
            row = preset_row(spec, f"{section}.{name}")
            if row is None:
                continue
            trust = f"{row.confidence.value}: {row.confidence.meaning}"
            keys = ", ".join(f"{key} = {row.values()[key]}" for key in gaps_filled(spec, row)) or "nothing was left out"
            yield f"{section}.{name}: {keys}; {row.english} {row.chinese} from {row.document} ({trust})"
            if row.note:
                yield f"{section}.{name}: {row.note}"
            stale = stale_note(row, horizon.first_day, horizon.last_day + timedelta(days=1))
            if stale is not None:
                yield f"{section}.{name}: {stale}"
