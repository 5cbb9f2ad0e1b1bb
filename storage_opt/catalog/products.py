"""Products of regional markets for flexibility: prices and terms as published, each row with its document and date."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.catalog.china_tables import CHINA, read_rows
from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.errors import Fault, Faults, InputError

__all__ = ["ProductRow", "find_product", "product_rows", "products"]

_Price = Annotated[float, Field(ge=0)]
_Size = Annotated[float, Field(gt=0)]

_PRICES = (
    "price_held_per_kwh",
    "price_held_per_kw_day",
    "price_called_per_kwh",
    "price_per_kwh",
    "price_per_kw",
    "price_per_kw_year",
)
_TERMS = ("direction", "kind", "duration_h", *_PRICES, "net_peak_h")
_SIZES = ("least_kw", "least_kwh")
_USED: Mapping[str, tuple[str, ...]] = {
    "regulation": ("direction", "duration_h", *_PRICES[:3], *_SIZES),
    "response": ("direction", "price_per_kwh", "price_per_kw", *_SIZES),
    "capacity": ("kind", "price_per_kw_year", "net_peak_h", "least_kw"),
    "discharge": ("kind", "price_per_kwh", "least_kw"),
    "charge": ("kind", "price_per_kwh", "least_kw"),
}
"""Cells that a product of a section reads, of an incentive by its kind."""
_DIRECTIONS: Mapping[str, tuple[str, ...]] = {
    "regulation": ("up", "down", "symmetric"),
    "response": ("shave", "fill"),
}


class ProductRow(ProvenanceRow):
    """A product of a region; a cell that is empty says nothing."""

    product: str
    """Code, such as ``gansu_peak_regulation``."""
    english: str
    """English name."""
    chinese: str
    """Chinese name."""
    section: Literal["regulation", "response", "incentive"]
    """Section of the site file that it belongs to."""
    direction: Literal["up", "down", "symmetric", "shave", "fill"] | None = None
    """Direction of the product."""
    kind: Literal["discharge", "charge", "capacity"] | None = None
    """What an incentive pays for."""
    duration_h: _Size | None = None
    """Longest call. [h]"""
    price_held_per_kwh: _Price | None = None
    """Paid for each kW held for an hour. [money/kWh]"""
    price_held_per_kw_day: _Price | None = None
    """Paid for each kW held for a day. [money/kW]"""
    price_called_per_kwh: _Price | None = None
    """Paid for each kWh called. [money/kWh]"""
    price_per_kwh: _Price | None = None
    """Paid for each kWh of response, or by rule. [money/kWh]"""
    price_per_kw: _Price | None = None
    """Paid for each kW promised, once an event. [money/kW]"""
    price_per_kw_year: _Price | None = None
    """Paid for each kW of capacity a year. [money/kW]"""
    net_peak_h: _Size | None = None
    """Longest duration of the net peak load. [h]"""
    least_kw: _Size | None = None
    """Smallest power that may take part. [kW]"""
    least_kwh: _Size | None = None
    """Smallest energy that may take part. [kWh]"""

    @property
    def title(self) -> str:
        """What the row is, for notes."""
        return f"price of {self.english}"

    def values(self) -> dict[str, float | str]:
        """What the row says about the product, by the key of the site file."""
        return {key: value for key in _TERMS if (value := getattr(self, key)) is not None}

    @model_validator(mode="after")
    def _cells_fit_the_section(self) -> Self:
        if (self.section == "incentive") != (self.kind is not None):
            message = "an incentive has a kind, other sections have none"
            raise ValueError(message)
        used = _USED[self.kind or self.section]
        unused = [name for name in (*_TERMS, *_SIZES) if name not in used and getattr(self, name) is not None]
        if unused:
            message = f"{self.kind or self.section} can't use {', '.join(unused)}"
            raise ValueError(message)
        if self.kind is None and self.direction not in _DIRECTIONS[self.section]:
            message = f"direction of a {self.section} is one of {', '.join(_DIRECTIONS[self.section])}"
            raise ValueError(message)
        if all(getattr(self, name) is None for name in _PRICES):
            message = "there is no price"
            raise ValueError(message)
        return self


def product_rows(folder: Path = CHINA) -> tuple[ProductRow, ...]:
    """All products of a folder's table.

    Raises
    ------
    InputError
        With every fault of every row: a cell that a product of its section can't use, a code that is there twice.
    """
    rows, seen, faults = read_rows("products.csv", ProductRow, folder), set[str](), Faults()
    for row in rows:
        if row.product in seen:
            what = f"there are two products named `{row.product}`"
            faults.add(Fault(what, "rename one", "china/products.csv", column="product"))
        seen.add(row.product)
    faults.raise_if_any()
    return rows


@cache
def products() -> tuple[ProductRow, ...]:
    """All products, in the order of the table."""
    return product_rows()


def find_product(code: str) -> ProductRow:
    """The product of a code.

    Raises
    ------
    InputError
        When there is none; the nearest code is suggested.

    Examples
    --------
    >>> find_product("gansu_peak_regulation").price_held_per_kw_day
    0.3
    """
    known = {row.product: row for row in products()}
    if code in known:
        return known[code]
    near = difflib.get_close_matches(code, known, n=1)
    advice = f"did you mean `{near[0]}`? " if near else ""
    hint = f"{advice}docs/reference/products.md lists all: {', '.join(known)}"
    raise InputError([Fault(f"there is no product named `{code}` in the catalog", hint)])
