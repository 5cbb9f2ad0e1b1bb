"""What the rules of a contract leave of export, for a site that can only curtail."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from storage_opt.horizon import Horizon
from storage_opt.modeler import Sense
from storage_opt.rules.base import ContractRule
from storage_opt.rules.cap import PowerCap
from storage_opt.rules.share import ShareRule
from storage_opt.schedule import GRID, Flow, FlowKind, Metered

__all__ = ["export_cap_kw", "within_export_ratios"]

_Array = NDArray[np.float64]
_EXPORT = Metered.of(Flow(GRID, FlowKind.EXPORT_KW))


def export_cap_kw(rules: Iterable[ContractRule], horizon: Horizon) -> _Array:
    """Most export that every cap of the contract allows (T,), infinite without one. [kW]"""
    caps = [rule.limit_kw for rule in rules if isinstance(rule, PowerCap) and rule.metered == _EXPORT]
    return np.minimum.reduce(caps) if caps else np.full(horizon.steps, np.inf)


def within_export_ratios(
    rules: Iterable[ContractRule], surplus_kw: _Array, gain: _Array, available_kw: _Array, horizon: Horizon
) -> _Array:
    """Most export that keeps every yearly ratio (T,), infinite where none binds. [kW]

    Parameters
    ----------
    rules : iterable of ContractRule
        Rules of the contract.
    surplus_kw : (T,) array
        Export without the ratios; negative where the site imports. [kW]
    gain : (T,) array
        What a kWh of export earns; the dearest intervals keep theirs. [money/kWh]
    available_kw : (T,) array
        Output the plants could give. [kW]
    horizon : Horizon
        The intervals.
    """
    most = np.full(horizon.steps, np.inf)
    h = horizon.step_h
    for rule in rules:
        if not isinstance(rule, ShareRule) or rule.rule.sense is not Sense.CAP or rule.part != _EXPORT:
            continue
        year = np.flatnonzero(rule.counted.inside)
        whole_kwh = float(available_kw[year].sum()) * h + rule.counted.whole_before_kwh
        room_kwh = max(rule.share_frac * whole_kwh - rule.counted.part_before_kwh, 0.0)
        energy = np.maximum(np.minimum(surplus_kw, most), 0.0)[year] * h
        if energy.sum() <= room_kwh:
            continue
        dearest = np.argsort(-gain[year], kind="stable")
        before = np.cumsum(energy[dearest]) - energy[dearest]
        kept = np.clip(room_kwh - before, 0.0, energy[dearest]) / h
        most[year[dearest]] = np.minimum(most[year[dearest]], kept)
    return most
