"""Choices that are not convex, made exactly: every branch is solved and the cheapest certified one is taken.

Whether the network is paid by access capacity or in two parts, and whether the basic charge is measured by capacity or
by demand, is one decision for the whole horizon; so the branches are few and each is a convex problem of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

from storage_opt.errors import Fault, InfeasibleError, InputError
from storage_opt.model.solve import Point
from storage_opt.spec.basic_charge import BasicChargeSpec
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.supply import Regime, SupplySpec
from storage_opt.studies.dispatch import dispatched
from storage_opt.studies.result import Branch, DispatchResult

__all__ = ["Question", "choose", "questions_in"]

_DIRECT = (Regime.DIRECT_SINGLE_CAPACITY, Regime.DIRECT_TWO_PART)


class Question(StrEnum):
    """What may be chosen."""

    REGIME = "regime"
    """Single capacity charge (单一容量制) or two parts (两部制)."""
    BASIS = "basis"
    """Basic charge by capacity or by demand (按容量或按需量)."""
    DEMAND = "demand"
    """Demand as measured, as declared where a declaration is written, or declared anew each month."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """One way of answering every question."""

    name: str
    supply: SupplySpec


def questions_in(text: str) -> tuple[Question, ...]:
    """The questions of a list such as ``regime,basis``.

    Raises
    ------
    InputError
        When a name is unknown.
    """
    names = [part.strip() for part in text.split(",") if part.strip()]
    known = {str(question) for question in Question}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"{unknown[0]!r} cannot be chosen" if unknown else "nothing to choose was named"
        raise InputError([Fault(what, f"name one or more of {', '.join(sorted(known))}, separated by commas")])
    return tuple(dict.fromkeys(Question(name) for name in names))


def choose(
    site: Site,
    questions: Iterable[Question],
    *,
    solver: str | None = None,
    progress: Callable[[str], None] | None = None,
    read_s: float = 0.0,
) -> DispatchResult:
    """Solve every branch of a supply contract and return the cheapest, with the table of all.

    Parameters
    ----------
    site : Site
        A site with ``[contract.supply]``.
    questions : iterable of Question
        What may be chosen; everything else stays as written.
    solver, progress, read_s
        As for :func:`~storage_opt.studies.dispatch.optimize`.

    Raises
    ------
    InputError
        When the contract leaves nothing to choose.
    InfeasibleError
        When no branch has a schedule.
    """
    found: list[tuple[_Variant, DispatchResult | None, str]] = []
    failure: InfeasibleError | None = None
    point: Point | None = None
    for variant in _variants(site, tuple(questions)):
        if progress:
            progress(f"branch {variant.name}")
        try:
            # branches that differ in constants only share their optimum, which is proven again instead of found again
            result, point = dispatched(
                _with_supply(site, variant.supply),
                solver=solver,
                progress=progress,
                read_s=read_s,
                guess=point,
                explain=failure is None,
            )
        except InfeasibleError as error:
            failure = failure or error
            found.append((variant, None, "infeasible"))
        else:
            state = "certified" if result.certificate.certified else "not certified"
            found.append((variant, result, state))
    solved = [(variant, result) for variant, result, _ in found if result is not None]
    if not solved and failure is not None:
        raise failure
    chosen, best = min(solved, key=lambda pair: pair[1].ledger.total)
    branches = tuple(
        Branch(variant.name, None if result is None else result.ledger.total, state, variant is chosen)
        for variant, result, state in found
    )
    # rebates that were decided inside the chosen branch stand below it
    return replace(best, branches=(*branches, *best.branches))


def _variants(site: Site, questions: tuple[Question, ...]) -> Iterator[_Variant]:
    contract = site.spec.contract
    if contract is None or contract.supply is None:
        raise InputError(
            [Fault("there is no supply contract to choose in", "write [contract.supply]", key="contract.supply")]
        )
    supply = contract.supply
    regimes = _regimes(supply) if Question.REGIME in questions else (supply.regime,)
    basics = tuple(_basics(supply, questions)) if {Question.BASIS, Question.DEMAND} & {*questions} else (supply.basic,)
    for basic, regime in product(basics, regimes):
        name = str(regime) if basic is None else f"{regime}, {_named(basic)}"
        yield _Variant(name, supply.model_copy(update={"regime": regime, "basic": basic}))


def _regimes(supply: SupplySpec) -> tuple[Regime, ...]:
    if supply.regime not in _DIRECT:
        what = (
            f"regime `{supply.regime}` leaves no choice; only direct supply may choose between {' and '.join(_DIRECT)}"
        )
        raise InputError([Fault(what, "leave `regime` out of what is chosen", key="contract.supply.regime")])
    return _DIRECT


def _basics(supply: SupplySpec, questions: tuple[Question, ...]) -> Iterator[BasicChargeSpec]:
    written = supply.basic
    if written is None:
        raise InputError([Fault("there is no basic charge to choose", "write `basic`", key="contract.supply.basic")])
    if Question.BASIS in questions or written.mode == "capacity":
        if written.capacity_kva is None and supply.access_capacity_kva is None:
            what = "the basic charge by capacity can't be compared, because no capacity is known"
            raise InputError([Fault(what, "give capacity_kva", key="contract.supply.basic.capacity_kva")])
        if written.price_per_kva is None and supply.region is None:
            what = "the basic charge by capacity can't be compared, because it has no price"
            hint = "give price_per_kva, or region and voltage"
            raise InputError([Fault(what, hint, key="contract.supply.basic.price_per_kva")])
        yield written.model_copy(update={"mode": "capacity", "rebate": None})
    if Question.BASIS not in questions and written.mode == "capacity":
        return
    if Question.DEMAND not in questions:
        yield written if written.mode != "capacity" else written.model_copy(update={"mode": "actual_demand"})
        return
    yield written.model_copy(update={"mode": "actual_demand"})
    if written.contract_kw not in {None, "optimal"}:
        yield written.model_copy(update={"mode": "contract_demand"})
    yield written.model_copy(update={"mode": "contract_demand", "contract_kw": "optimal"})


def _named(basic: BasicChargeSpec) -> str:
    return (
        f"{basic.mode}, optimal" if basic.mode == "contract_demand" and basic.contract_kw == "optimal" else basic.mode
    )


def _with_supply(site: Site, supply: SupplySpec) -> Site:
    contract = (site.spec.contract or ContractSpec()).model_copy(update={"supply": supply})
    return replace(site, spec=site.spec.model_copy(update={"contract": contract}))
