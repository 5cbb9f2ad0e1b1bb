"""Failures go from one process to another as they are: kind, words, exit code and facts."""

from __future__ import annotations

import pickle

import pytest

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

LIMIT = Conflict("grid.import_limit", "import limit", 12.0, "kW", "grid.import_limit_kw")


@pytest.mark.parametrize(
    "error",
    [
        InputError([Fault("-1 kW is out of range", "give no sign", "site.toml", "battery.bess.power_kw")]),
        FormulationError("tiers", "fall", "make them rise"),
        InfeasibleError((LIMIT,)),
        InfeasibleError(()),
        UnboundedError(["bess.energy_kwh"], "give most"),
        SolverError("no solver", "try another"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_failure_is_the_same_after_the_way(error: StorageOptError) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert (str(there), there.args, there.exit_code) == (str(error), error.args, error.exit_code)
    assert vars(there) == vars(error)
