"""Certified optimal storage schedules for data-centre sites, and bills that an independent ledger agrees with.

Examples
--------
>>> import storage_opt
>>> site = storage_opt.load_site(storage_opt.profile_folder("industrial"))
>>> site.horizon.steps
8760
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage_opt.catalog.profiles import profile_folder, profile_names
    from storage_opt.errors import (
        Conflict,
        Fault,
        FormulationError,
        InfeasibleError,
        InputError,
        SolverError,
        StorageOptError,
        UnboundedError,
    )
    from storage_opt.horizon import Horizon
    from storage_opt.io.schedule_file import read_schedule, write_schedule
    from storage_opt.io.site_file import load_site
    from storage_opt.io.site_writer import write_site
    from storage_opt.ledger.ledger import Ledger
    from storage_opt.model.certificate import Certificate
    from storage_opt.schedule import Flow, FlowKind, Schedule
    from storage_opt.spec.life import LifeSpec
    from storage_opt.spec.resolved import Site
    from storage_opt.spec.site import SiteSpec
    from storage_opt.studies.billing import bill
    from storage_opt.studies.dispatch import optimize
    from storage_opt.studies.flexibility import value_of_flexibility
    from storage_opt.studies.islanding import Islanding, simulate_islanding
    from storage_opt.studies.life import life
    from storage_opt.studies.life_result import LifeResult
    from storage_opt.studies.result import DispatchResult
    from storage_opt.studies.sizing.result import SizingResult
    from storage_opt.studies.sizing.scenarios import size_scenarios
    from storage_opt.studies.sizing.study import size
    from storage_opt.studies.stack import value_stack
    from storage_opt.studies.whole_intervals import whole_intervals

_HOME = {
    "Certificate": "model.certificate",
    "Conflict": "errors",
    "DispatchResult": "studies.result",
    "Fault": "errors",
    "Flow": "schedule",
    "FlowKind": "schedule",
    "FormulationError": "errors",
    "Horizon": "horizon",
    "InfeasibleError": "errors",
    "InputError": "errors",
    "Islanding": "studies.islanding",
    "Ledger": "ledger.ledger",
    "LifeResult": "studies.life_result",
    "LifeSpec": "spec.life",
    "Schedule": "schedule",
    "Site": "spec.resolved",
    "SiteSpec": "spec.site",
    "SizingResult": "studies.sizing.result",
    "SolverError": "errors",
    "StorageOptError": "errors",
    "UnboundedError": "errors",
    "bill": "studies.billing",
    "life": "studies.life",
    "load_site": "io.site_file",
    "optimize": "studies.dispatch",
    "profile_folder": "catalog.profiles",
    "profile_names": "catalog.profiles",
    "read_schedule": "io.schedule_file",
    "simulate_islanding": "studies.islanding",
    "size": "studies.sizing.study",
    "size_scenarios": "studies.sizing.scenarios",
    "value_of_flexibility": "studies.flexibility",
    "value_stack": "studies.stack",
    "whole_intervals": "studies.whole_intervals",
    "write_schedule": "io.schedule_file",
    "write_site": "io.site_writer",
}
"""Where each public name lives; imported on first use, so that `storage-opt --help` stays instant."""

__all__ = [
    "Certificate",
    "Conflict",
    "DispatchResult",
    "Fault",
    "Flow",
    "FlowKind",
    "FormulationError",
    "Horizon",
    "InfeasibleError",
    "InputError",
    "Islanding",
    "Ledger",
    "LifeResult",
    "LifeSpec",
    "Schedule",
    "Site",
    "SiteSpec",
    "SizingResult",
    "SolverError",
    "StorageOptError",
    "UnboundedError",
    "bill",
    "life",
    "load_site",
    "optimize",
    "profile_folder",
    "profile_names",
    "read_schedule",
    "simulate_islanding",
    "size",
    "size_scenarios",
    "value_of_flexibility",
    "value_stack",
    "whole_intervals",
    "write_schedule",
    "write_site",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        message = f"module 'storage_opt' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"storage_opt.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
