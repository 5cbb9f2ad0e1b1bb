"""Fixed consumption."""

from __future__ import annotations

from storage_opt.spec.fields import PowerKwSeries, Spec

__all__ = ["LoadSpec"]


class LoadSpec(Spec):
    """Consumption that must be served as it is."""

    power_kw: PowerKwSeries
    """Power drawn, interval mean."""
