"""Branches: every one is solved, the cheapest certified one is taken, and what cannot be chosen is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from storage_opt.errors import InfeasibleError, InputError
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.choosing import Question, choose, questions_in
from storage_opt.studies.dispatch import optimize

SUPPLY: dict[str, Any] = {
    "regime": "direct_two_part",
    "energy_price_per_kwh": [0.1] * 8 + [0.3] * 16,
    "line_loss_per_kwh": 0.005,
    "transmission_per_kwh": 0.05,
    "system_operation_per_kwh": 0.03,
    "funds_per_kwh": 0.02,
    "access_capacity_kva": 1_500.0,
    "load_factor_frac": 0.6,
    "basic": {
        "mode": "capacity",
        "capacity_kva": 1_500.0,
        "contract_kw": 900.0,
        "price_per_kva": 19.5,
        "price_per_kw": 31.2,
    },
}
ALL = (Question.REGIME, Question.BASIS, Question.DEMAND)


def site(supply: dict[str, Any] | None = None, **parts: Any) -> Site:
    """1 MW of load for four days, half of it wind, and a battery."""
    rng = np.random.default_rng(11)
    described = {
        "name": "choice",
        "horizon": {"start": "2027-04-01", "end": "2027-04-05"},
        "load": {"dc": {"power_kw": 1_000.0}},
        "generator": {"wind": {"capacity_kw": 1_200.0, "profile": rng.uniform(0, 0.9, 96)}},
        "battery": {"bess": {"energy_kwh": 800.0, "power_kw": 300.0}},
        "contract": {"supply": SUPPLY | (supply or {})},
    }
    spec = SiteSpec.model_validate(described | parts)
    return Site(spec, spec.horizon.build())


def alone(made: Site, regime: str, **basic: Any) -> float:
    """Cost of one branch, written by hand instead of chosen."""
    raw = SUPPLY | {"regime": regime, "basic": SUPPLY["basic"] | basic}
    contract = type(made.spec.contract).model_validate({"supply": raw})
    return optimize(replace(made, spec=made.spec.model_copy(update={"contract": contract}))).ledger.total


def test_the_branches_are_those_of_a_search_by_hand() -> None:
    made = site()
    result = choose(made, ALL)
    by_hand = {
        f"{regime}, {mode}": alone(made, regime, mode=mode)
        for regime in ("direct_single_capacity", "direct_two_part")
        for mode in ("capacity", "actual_demand", "contract_demand")
    } | {
        f"{regime}, contract_demand, optimal": alone(made, regime, mode="contract_demand", contract_kw="optimal")
        for regime in ("direct_single_capacity", "direct_two_part")
    }
    assert {branch.name: branch.cost for branch in result.branches} == pytest.approx(by_hand, rel=1e-7)
    (chosen,) = [branch for branch in result.branches if branch.chosen]
    assert chosen.name == min(by_hand, key=lambda name: by_hand[name])
    assert result.ledger.total == pytest.approx(min(by_hand.values()), rel=1e-9)
    assert result.certificate.certified


def test_one_question_leaves_the_rest_as_written() -> None:
    names = [branch.name for branch in choose(site(), (Question.REGIME,)).branches]
    assert names == ["direct_single_capacity, capacity", "direct_two_part, capacity"]
    names = [branch.name for branch in choose(site(), (Question.BASIS,)).branches]
    assert names == ["direct_two_part, capacity", "direct_two_part, actual_demand"]


def test_branches_that_differ_in_a_constant_are_proven_instead_of_solved_again() -> None:
    """Single capacity or two parts is a constant when consumption is given: one solve serves both."""
    result = choose(site({"access_capacity_kva": 500_000.0}), (Question.REGIME,))
    assert result.branches[1].chosen
    assert [attempt.status for attempt in result.certificate.attempts] == ["optimum of another branch, proven again"]
    assert result.certificate.certified


def test_an_infeasible_branch_is_told_and_when_all_are_the_reason_is_given() -> None:
    with pytest.raises(InfeasibleError):
        choose(site(grid={"import_limit_kw": 10.0}), ALL)


def test_what_leaves_no_choice_is_refused() -> None:
    with pytest.raises(InputError, match="leaves no choice"):
        choose(site({"regime": "ordinary_market"}), ALL)
    with pytest.raises(InputError, match="no basic charge"):
        choose(site({"basic": None}), ALL)
    plain = site().spec.model_copy(update={"contract": None})
    without = Site(plain, plain.horizon.build())
    with pytest.raises(InputError, match="no supply contract"):
        choose(without, ALL)
    with pytest.raises(InputError, match="'weather' cannot be chosen"):
        questions_in("regime, weather")
    assert questions_in("basis, regime,basis") == (Question.BASIS, Question.REGIME)
