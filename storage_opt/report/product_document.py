"""Products as parts of `summary.json`."""

from __future__ import annotations

from dataclasses import asdict

from storage_opt.studies.product_result import ValueStack
from storage_opt.studies.result import DispatchResult

__all__ = ["products_document", "stack_document"]


def products_document(result: DispatchResult) -> dict[str, object] | None:
    """What was sold, by whom, and the worth of headroom; None without products."""
    if not result.products:
        return None
    return {
        "sold": [asdict(use) for use in result.products],
        "headroom": [asdict(room) for room in result.headroom],
    }


def stack_document(stack: ValueStack | None) -> dict[str, object] | None:
    """What each product adds; None where it was not asked for."""
    if stack is None:
        return None
    return {
        "without_products": stack.without_products,
        "together": stack.together,
        "overlap": stack.overlap,
        "products": [asdict(value) for value in stack.products],
    }
