"""Products of regional markets for flexibility: prices and terms as published, each row with its document and date."""

from __future__ import annotations

import difflib
from functools import cache
from typing import Literal

from storage_opt.catalog.china_tables import read_rows
from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.errors import Fault, InputError

__all__ = ["ProductRow", "find_product", "products"]


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
    duration_h: float | None = None
    """Longest call. [h]"""
    price_held_per_kwh: float | None = None
    """Paid for each kW held for an hour. [money/kWh]"""
    price_held_per_kw_day: float | None = None
    """Paid for each kW held for a day. [money/kW]"""
    price_called_per_kwh: float | None = None
    """Paid for each kWh called. [money/kWh]"""
    price_per_kwh: float | None = None
    """Paid for each kWh of response, or by rule. [money/kWh]"""
    price_per_kw: float | None = None
    """Paid for each kW promised, once an event. [money/kW]"""
    price_per_kw_year: float | None = None
    """Paid for each kW of capacity a year. [money/kW]"""
    net_peak_h: float | None = None
    """Longest duration of the net peak load. [h]"""
    least_kw: float | None = None
    """Smallest power that may take part. [kW]"""
    least_kwh: float | None = None
    """Smallest energy that may take part. [kWh]"""

    @property
    def title(self) -> str:
        """What the row is, for notes."""
        return f"price of {self.english}"

    def values(self) -> dict[str, float | str]:
        """What the row says about the product, by the key of the site file."""
        keys = (
            "direction",
            "kind",
            "duration_h",
            "price_held_per_kwh",
            "price_held_per_kw_day",
            "price_called_per_kwh",
            "price_per_kwh",
            "price_per_kw",
            "price_per_kw_year",
            "net_peak_h",
        )
        return {key: value for key in keys if (value := getattr(self, key)) is not None}


@cache
def products() -> tuple[ProductRow, ...]:
    """All products, in the order of the table."""
    return read_rows("products.csv", ProductRow)


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
