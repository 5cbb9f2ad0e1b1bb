"""The connection to the public grid."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from storage_opt.spec.fields import ApparentPowerKva, PowerKwSeries, Quantity, Spec
from storage_opt.spec.series import Constant
from storage_opt.units import Dimension

__all__ = ["GridSpec"]


class GridSpec(Spec):
    """What may be drawn from and fed into the public grid."""

    import_limit_kw: PowerKwSeries | None = None
    """Most power that may be imported; none means only the transformer limits it."""
    export_limit_kw: PowerKwSeries = Constant(0.0)
    """Most power that may be exported; 0 forbids export."""
    transformer_kva: ApparentPowerKva | None = None
    """Rating of the receiving transformers; limits import and export to rating x power factor."""
    power_factor: Annotated[float, Quantity("1", Dimension.FRACTION, 0.0, 1.0), Field(gt=0, le=1)] = 0.95
    """Power factor at the connection point, turning kVA into kW."""
