"""Fixed load: served as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Ports
from storage_opt.modeler import Modeler
from storage_opt.schedule import Flow, FlowKind

__all__ = ["FixedLoad"]


@dataclass(frozen=True, slots=True, eq=False)
class FixedLoad:
    """Consumption without choice.

    Parameters
    ----------
    name : str
        Name of the load.
    power_kw : (T,) array
        Power drawn. [kW]
    """

    name: str
    power_kw: NDArray[np.float64]

    def build(self, model: Modeler) -> Ports:
        """Bring the load to the bus."""
        del model
        flow = Flow(self.name, FlowKind.LOAD_KW)
        return Ports({flow: self.power_kw}, demand=(flow,))
