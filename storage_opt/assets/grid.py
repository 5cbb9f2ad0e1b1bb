"""The connection to the public grid: import, export, transformer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites, Ports
from storage_opt.modeler import Limit, Modeler, Rule
from storage_opt.schedule import GRID, Flow, FlowKind

__all__ = ["GridConnection"]

_FAINT = 0.01
"""Evenness of exchange decides only what evenness of the batteries leaves open."""


@dataclass(frozen=True, slots=True, eq=False)
class GridConnection:
    """Import and export within their limits.

    Parameters
    ----------
    import_limit_kw : (T,) array or None
        Most import; None when only the transformer limits it. [kW]
    export_limit_kw : (T,) array
        Most export. [kW]
    transformer_kw : float or None
        Transformer rating times power factor. [kW]
    most_import_kw, most_export_kw : (T,) array
        What the bus could lack, and have left over, at most. [kW]
    import_caps, export_caps : tuple of Limit
        Further caps, of a contract; infinite where there is none. [kW]

    Notes
    -----
    Because import and export exclude each other, `most_import_kw` and `most_export_kw` bound them by nature.
    ``import_limit``:  ``import_t <= limit_t``;  ``export_limit``:  ``export_t <= limit_t``;
    ``transformer``:  both at most rating times power factor.
    """

    import_limit_kw: NDArray[np.float64] | None
    export_limit_kw: NDArray[np.float64]
    transformer_kw: float | None
    most_import_kw: NDArray[np.float64]
    most_export_kw: NDArray[np.float64]
    import_caps: tuple[Limit, ...] = ()
    export_caps: tuple[Limit, ...] = ()

    def build(self, model: Modeler) -> Ports:
        """State import and export."""
        steps = self.export_limit_kw.size
        rating: list[Limit] = []
        if self.transformer_kw is not None:
            rule = Rule("grid.transformer", "transformer rating", "kW", "grid.transformer_kva")
            rating = [Limit(rule, np.full(steps, self.transformer_kw))]
        import_limits = [*rating, *self.import_caps]
        if self.import_limit_kw is not None:
            rule = Rule("grid.import_limit", "grid import limit", "kW", "grid.import_limit_kw")
            import_limits.append(Limit(rule, self.import_limit_kw))
        rule = Rule("grid.export_limit", "grid export limit", "kW", "grid.export_limit_kw")
        export_limits = [*rating, Limit(rule, self.export_limit_kw), *self.export_caps]

        import_flow, export_flow = Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW)
        import_limits.append(Limit(None, self.most_import_kw, implied=True))
        export_limits.append(Limit(None, self.most_export_kw, implied=True))
        imported = model.variable("grid.import_kw", steps, lower=0.0, upper=import_limits, even=_FAINT)
        exported = model.variable("grid.export_kw", steps, lower=0.0, upper=export_limits, even=_FAINT)
        return Ports(
            {import_flow: imported, export_flow: exported},
            supply=(import_flow,),
            demand=(export_flow,),
            opposites=(Opposites.of(import_flow, export_flow),),
        )
