"""The program at sizes: against compiling it, against its own slopes, and whether its cost is convex."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from storage_opt.errors import FormulationError, InputError
from storage_opt.model.optimum import solve_program, solve_relaxed
from storage_opt.studies.sizing.problem import SizingProblem
from tests.support.contracts import contract_sites
from tests.support.product_sites import product_sites
from tests.support.random_sites import descriptions
from tests.support.sizing_sites import at_sizes, built, finance
from tests.support.sizing_strategies import (
    FEW,
    PHASES,
    SOME,
    TOLERANCE,
    Described,
    close,
    optimum,
    small,
    solved_at,
)

# ------------------------------------------------------------------------------- the program at sizes


def opened(site: Described, draw: st.DrawFn) -> Described:
    """Whatever can grow by itself, open: batteries without tapers in both, with tapers at their duration, plants."""
    batteries = {}
    for name, battery in site.get("battery", {}).items():
        energy, power = battery["energy_kwh"], battery["power_kw"]
        if battery.get("charge_taper") or battery.get("discharge_taper"):
            batteries[name] = {"energy_kwh": {"most": 1.5 * energy}, "duration_h": energy / power}
        elif draw(st.booleans()):
            batteries[name] = {"energy_kwh": {"least": 0.5 * energy, "most": 2.0 * energy}}
        else:
            batteries[name] = {"energy_kwh": {"most": 2.0 * energy}, "power_kw": {"least": 0.2 * power, "most": power}}
    plants = {
        name: {"capacity_kw": {"most": plant["capacity_kw"]}} for name, plant in site.get("generator", {}).items()
    }
    sizing: Described = {"battery": batteries}
    if plants and draw(st.booleans()):
        sizing["generator"] = plants
    cost = {name: {"capex_per_kwh": 10.0, "capex_per_kw": 5.0} for name in batteries}
    cost |= {name: {"capex_per_kw": 100.0} for name in plants}
    return site | {"sizing": sizing, "finance": finance(cost)}


@st.composite
def any_site(draw: st.DrawFn) -> Described:
    """A random site of one of the kinds, its sizes open."""
    kind = draw(st.sampled_from(["plain", "contract", "products", "backup"]))
    match kind:
        case "contract":
            site = draw(contract_sites())
            site["sizing_of_grid"] = draw(st.booleans())
        case "products":
            site = draw(product_sites(days=2))
        case _:
            site = draw(descriptions(odd=False, minimum=False))
    grid = site.pop("sizing_of_grid", False)
    if kind == "backup":
        site["backup"] = {"ride_through_h": 0.25, "critical_kw": 10.0, "batteries": ["bess_0"]}
        site["battery"]["bess_0"].pop("discharge_taper", None)
    found = opened(site, draw)
    if grid and "access_capacity_kva" in site["contract"]["supply"]:
        found["sizing"]["grid"] = {"access_capacity_kva": {"least": 300.0, "most": 600.0}}
    return found


def between(problem: SizingProblem, parts: list[float]) -> np.ndarray:
    return problem.lowest + np.array(parts[: len(problem.sizes)]) * (problem.highest - problem.lowest)


_parts = st.lists(st.integers(0, 16).map(lambda n: n / 16), min_size=8, max_size=8)


@SOME
@given(any_site(), _parts)
def test_the_program_at_sizes_is_the_one_that_compiling_gives(site, parts):
    problem = SizingProblem.of(built(site))
    try:
        sized = problem.sized()
    except (FormulationError, InputError):
        assume(False)  # refused by name; what is refused is in tests/unit/model
        return
    sizes = between(problem, parts)
    names = [one.name for one in problem.sizes]
    mine = optimum(sized.at(sizes))
    try:
        fresh = solved_at(at_sizes(site, dict(zip(names, sizes.tolist(), strict=True))))
    except InputError:
        assume(False)  # a product that nothing backs, as at size zero, is refused before anything is compiled
        return
    if np.isfinite(fresh) and not close(mine, fresh):
        # what only has to be large enough stays that of the largest sizes, so that parts of a decision, and import and
        # export at once, may cost less; decided, they come to the same
        assert mine <= fresh
        exact = [solve_program(one).point.optimality.cost for one in (sized.at(sizes), problem.compiled_at(sizes))]
        assert exact[0] == pytest.approx(exact[1], rel=2 * TOLERANCE)
    else:
        assert close(mine, fresh)


def test_most_random_sites_are_not_refused():
    # the law above would hold of nothing if everything were refused
    refused = []

    @settings(max_examples=10, deadline=None, derandomize=True, database=None, phases=PHASES)
    @given(any_site())
    def count(site):
        try:
            SizingProblem.of(built(site)).sized()
        except (FormulationError, InputError) as error:
            refused.append(str(error)[:80])

    count()
    assert len(refused) <= 3, refused


@SOME
@given(any_site(), _parts, _parts)
def test_slopes_are_subgradients_and_cost_is_convex(site, first, second):
    problem = SizingProblem.of(built(site))
    try:
        sized = problem.sized()
    except (FormulationError, InputError):
        assume(False)
        return
    s, t = between(problem, first), between(problem, second)
    program = sized.at(s)
    assume(np.isfinite(optimum(program)))
    point = solve_relaxed(program).point
    here = point.optimality.cost
    there, halfway = optimum(sized.at(t)), optimum(sized.at((s + t) / 2.0))
    slope = sized.gradient(program, point)
    scale = abs(here) + float(np.abs(slope) @ np.abs(t - s))
    assert there >= here + slope @ (t - s) - TOLERANCE * scale
    assert halfway <= (here + there) / 2.0 + TOLERANCE * scale


@FEW
@given(small(), _parts)
def test_slopes_are_differences_away_from_kinks(site, parts):
    problem = SizingProblem.of(built(site))
    sized = problem.sized()
    inside = [0.1 + 0.8 * part + 0.013 for part in parts]
    sizes = between(problem, inside)
    program = sized.at(sizes)
    slope = sized.gradient(program, solve_relaxed(program).point)
    for number, span in enumerate(problem.highest - problem.lowest):
        step = np.eye(len(sizes))[number] * 1e-3 * span
        less, more, here = (
            solve_relaxed(sized.at(at)).point.optimality.cost for at in (sizes - step, sizes + step, sizes)
        )
        down, up = (here - less) / step.sum(), (more - here) / step.sum()
        near = 1e-3 * (abs(down) + abs(up)) + 2e-7 * abs(here) / step.sum()
        # a slope lies between the one-sided ones; away from kinks the three are one
        assert down - near <= slope[number] <= up + near
