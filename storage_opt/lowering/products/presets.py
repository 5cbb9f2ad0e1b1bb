"""What a product leaves out, filled from the product catalog and told with its source."""

from __future__ import annotations

from typing import TypeVar

from storage_opt.catalog.products import ProductRow, find_product
from storage_opt.errors import InputError
from storage_opt.lowering.refusal import refuse
from storage_opt.spec.incentive import IncentiveSpec
from storage_opt.spec.regulation import RegulationSpec
from storage_opt.spec.response import ResponseSpec
from storage_opt.spec.series import Constant

__all__ = ["filled", "preset_row"]

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
    gaps = {name: value for name, value in row.values().items() if name not in spec.model_fields_set}
    known = {
        name: Constant(value) if isinstance(value, float) and "per_kwh" in name else value
        for name, value in gaps.items()
        if name in type(spec).model_fields
    }
    return spec.model_copy(update=known)


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
