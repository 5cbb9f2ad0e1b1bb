"""Load given as a series, of which a part may be dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Ports
from storage_opt.modeler import Limit, Modeler, Rule
from storage_opt.schedule import Flow, FlowKind

__all__ = ["FixedLoad"]


@dataclass(frozen=True, slots=True, eq=False)
class FixedLoad:
    """Consumption without choice, apart from what may be dropped.

    Parameters
    ----------
    name : str
        Name of the load.
    power_kw : (T,) array
        Power drawn when nothing is dropped. [kW]
    curtailable_frac : float
        Share of it that may be dropped. [0-1]

    Notes
    -----
    ``curtailable``:  ``dropped[t] <= share power[t]``;  ``load[t] = power[t] - dropped[t]``.
    """

    name: str
    power_kw: NDArray[np.float64]
    curtailable_frac: float = 0.0

    @property
    def least_kw(self) -> NDArray[np.float64]:
        """Power drawn when all that may be is dropped (T,). [kW]"""
        return (1.0 - self.curtailable_frac) * self.power_kw

    def build(self, model: Modeler) -> Ports:
        """Bring the load to the bus."""
        flow = Flow(self.name, FlowKind.LOAD_KW)
        if not self.curtailable_frac:
            return Ports({flow: self.power_kw}, demand=(flow,))
        rule = Rule(
            f"{self.name}.curtailable",
            f"load of {self.name} that may be dropped",
            "kW",
            f"load.{self.name}.curtailable_frac",
        )
        most = Limit(rule, self.curtailable_frac * self.power_kw)
        dropped = Flow(self.name, FlowKind.DROPPED_KW)
        power = model.variable(dropped.column, self.power_kw.size, lower=0.0, upper=[most])
        return Ports({flow: self.power_kw - power, dropped: power}, demand=(flow,))
