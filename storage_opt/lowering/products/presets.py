"""What a product leaves out, filled from the product catalog and told with its source."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from storage_opt.catalog.products import ProductRow, find_product
from storage_opt.errors import InputError
from storage_opt.lowering.refusal import refuse
from storage_opt.spec.incentive import IncentiveSpec
from storage_opt.spec.regulation import RegulationSpec
from storage_opt.spec.response import ResponseSpec

__all__ = ["filled", "gaps_filled", "preset_row"]

_Product = TypeVar("_Product", RegulationSpec, ResponseSpec, IncentiveSpec)


def filled(spec: _Product, key: str) -> _Product:
    """A product with the gaps that its preset fills; what the user wrote stays.

    Parameters
    ----------
    spec : RegulationSpec, ResponseSpec or IncentiveSpec
        What the user wrote.
    key : str
        Where it stands, such as ``regulation.peak``.

    Raises
    ------
    InputError
        When there is no such preset, or it is one of another kind of product.
    """
    row = preset_row(spec, key)
    if row is None:
        return spec
    _require_same_direction(spec, row, key)
    given = {name: getattr(spec, name) for name in spec.model_fields_set}
    try:
        whole = type(spec).model_validate({name: row.values()[name] for name in gaps_filled(spec, row)} | given)
    except ValidationError as error:
        problem = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        refuse(f"{key}.preset", f"`{row.product}` does not go with what is written: {problem}", "change one of them")
    return whole


def gaps_filled(spec: _Product, row: ProductRow) -> tuple[str, ...]:
    """Keys that a preset fills, because the user left them out."""
    known = type(spec).model_fields
    return tuple(name for name in row.values() if name in known and name not in spec.model_fields_set)


def _require_same_direction(spec: _Product, row: ProductRow, key: str) -> None:
    """A price for one direction is no price for another."""
    for name in ("direction", "kind"):
        written, published = getattr(spec, name, None), getattr(row, name)
        if name in spec.model_fields_set and published is not None and written != published:
            what = f"is {written!r}, but `{row.product}` is a price for {published!r}"
            refuse(f"{key}.{name}", what, "leave it out, or take another preset")


def preset_row(spec: _Product, key: str) -> ProductRow | None:
    """The catalog row of a product's preset; None without one."""
    if spec.preset is None:
        return None
    section = key.split(".", maxsplit=1)[0]
    try:
        row = find_product(spec.preset)
    except InputError as error:
        refuse(f"{key}.preset", error.faults[0].what, error.faults[0].hint)
    if row.section != section:
        refuse(f"{key}.preset", f"`{row.product}` is a preset of [{row.section}]", f"write it as [{row.section}.NAME]")
    return row
