"""Rules a baseline breaks, in words: they are reported for it, not enforced."""

from __future__ import annotations

from collections.abc import Iterable

from storage_opt.rules.base import RuleCheck

__all__ = ["broken_rule_notes"]


def broken_rule_notes(checks: Iterable[RuleCheck]) -> tuple[str, ...]:
    """One note for each rule that a schedule without storage does not keep."""
    return tuple(
        f"baseline breaks the contract: {check.words} must be {check.sense} {check.required:.6g} {check.unit}, "
        f"is {check.achieved:.6g} {check.unit}; its cost is that of a site that does not comply"
        for check in checks
        if not check.ok
    )
