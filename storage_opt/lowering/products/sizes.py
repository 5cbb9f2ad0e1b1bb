"""Whether providers are large enough for what a product asks."""

from __future__ import annotations

from collections.abc import Sequence

from storage_opt.catalog.products import ProductRow
from storage_opt.lowering.products.provider import Provider
from storage_opt.lowering.refusal import refuse

__all__ = ["require_backing", "require_size", "together_kw"]

_SLIVER = 1e-9


def together_kw(providers: Sequence[Provider], direction: str, duration_h: float) -> float:
    """Most that providers can give together for the whole of a call. [kW]"""
    sides = [side for provider in providers if (side := provider.side(direction)) is not None]
    return sum(min(float(side.most_kw.max(initial=0.0)), side.most_kwh / duration_h) for side in sides)


def require_backing(
    providers: Sequence[Provider], directions: Sequence[str], least_kw: float | None, duration_h: float, key: str
) -> None:
    """Refuse what could not be delivered for the whole of a call even by full providers."""
    for direction in directions:
        most_kw = together_kw(providers, direction, duration_h)
        if most_kw and (least_kw or 0.0) <= most_kw * (1.0 + _SLIVER):
            continue
        names = ", ".join(provider.name for provider in providers)
        asked = f"{least_kw:,.6g} kW" if least_kw else "a call"
        what = (
            f"{asked} for {duration_h:g} h is more than can be backed: {names} give at most {most_kw:,.6g} kW for so "
            "long"
        )
        refuse(f"{key}.min_block_kw" if least_kw else key, what, "lower it, shorten duration_h, or add storage")


def require_size(providers: Sequence[Provider], directions: Sequence[str], row: ProductRow | None, key: str) -> None:
    """Refuse a preset whose market asks for more power or energy than the providers have."""
    if row is None:
        return
    for direction in directions:
        power = sum(s.rated_kw for p in providers if (s := p.side(direction)) is not None)
        energy = sum(s.most_kwh for p in providers if (s := p.side(direction)) is not None)
        for least, most, unit in ((row.least_kw, power, "kW"), (row.least_kwh, energy, "kWh")):
            if least is not None and most < least * (1.0 - _SLIVER):
                what = f"`{row.product}` asks for {least:,.6g} {unit} or more, the providers have {most:,.6g} {unit}"
                refuse(f"{key}.preset", what, "join an aggregator and type in its price, or leave the product out")
