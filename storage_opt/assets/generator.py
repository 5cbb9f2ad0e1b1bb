"""Wind, PV and other plants with a given availability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Ports
from storage_opt.modeler import Limit, Modeler, Rule, Sense
from storage_opt.schedule import Flow, FlowKind

__all__ = ["Generator"]


@dataclass(frozen=True, slots=True, eq=False)
class Generator:
    """A plant that may use what is available, or must.

    Parameters
    ----------
    name : str
        Name of the plant.
    available_kw : (T,) array
        Capacity times profile. [kW]
    curtailable : bool
        Whether less than what is available may be used.

    Notes
    -----
    ``available``:  ``used_t <= available_t``;  ``must_take``:  ``used_t >= available_t`` unless curtailable;
    curtailed = available - used.
    """

    name: str
    available_kw: NDArray[np.float64]
    curtailable: bool

    def build(self, model: Modeler) -> Ports:
        """State the output and return used, available and curtailed power."""
        lower: list[Limit] | float = 0.0
        if not self.curtailable:
            words = f"output of {self.name} that must be taken"
            rule = Rule(f"{self.name}.must_take", words, "kW", f"generator.{self.name}.curtailable", Sense.FLOOR)
            lower = [Limit(rule, self.available_kw)]
        used = model.variable(
            f"{self.name}.used_kw", self.available_kw.size, lower=lower, upper=[Limit(None, self.available_kw)]
        )
        used_flow = Flow(self.name, FlowKind.USED_KW)
        flows = {
            Flow(self.name, FlowKind.AVAILABLE_KW): self.available_kw,
            used_flow: used,
            Flow(self.name, FlowKind.CURTAILED_KW): self.available_kw - used,
        }
        return Ports(flows, supply=(used_flow,))
