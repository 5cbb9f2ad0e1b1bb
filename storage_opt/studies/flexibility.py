"""What flexibility earns, by solving the site without it, and with a little more of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from storage_opt.errors import InfeasibleError
from storage_opt.ledger.baseline import consumption_flows
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import FlowKind
from storage_opt.spec.load import LoadSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import InMemory
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.flexibility_result import Flexibility, MoreOfIt
from storage_opt.studies.rebates import solve_site

__all__ = ["value_of_flexibility", "without_flexibility", "without_storage"]


def value_of_flexibility(
    site: Site,
    *,
    steps: bool = True,
    solver: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Flexibility:
    """Solve a site with and without flexibility of work and of storage.

    Parameters
    ----------
    site : Site
        A site with compute.
    steps : bool
        Whether to solve once more for each class and key: an hour of delay, a percent of interruptible work; and for
        each cluster: one unit.
    solver, progress
        As for :func:`~storage_opt.studies.dispatch.optimize`.

    Raises
    ------
    InputError, InfeasibleError, UnboundedError, SolverError
        As :func:`~storage_opt.studies.dispatch.optimize` does.

    Notes
    -----
    Contract rules hold in all four runs. A site that keeps them only by its flexibility has no schedule without it; the
    cost of such a run is that without rules, which is lower, so what flexibility earns is then understated.
    """
    tell = progress or _silent

    broken: list[str] = []

    def cost(variant: Site, words: str) -> float:
        tell(f"flexibility: {words}")
        charges, rules = lower_site(variant), lower_rules(variant)
        try:
            return solve_site(variant, charges, rules, solver=solver, explain=False).cost
        except InfeasibleError:
            if not rules:
                raise
            broken.append(words)
            return solve_site(variant, charges, (), solver=solver).cost

    both = cost(site, "work and storage")
    found = Flexibility(
        cost(without_storage(without_flexibility(site)), "neither"),
        cost(without_storage(site), "work alone"),
        cost(without_flexibility(site), "storage alone"),
        both,
        without_rules=tuple(broken),
    )
    if not steps:
        return found
    more = tuple(
        MoreOfIt(key, words, before, after, both - cost(variant, words))
        for key, words, before, after, variant in _one_step_more(site)
    )
    return replace(found, steps=more)


def without_flexibility(site: Site) -> Site:
    """The site with buildings as fixed loads: work runs as it arrives, tanks and rooms rest."""
    loads = {
        flow.owner: LoadSpec(power_kw=InMemory(values))
        for flow, values in consumption_flows(site).items()
        if flow.kind is FlowKind.LOAD_KW
    }
    spec = _changed(site.spec, load=loads, facility={}, cluster={}, workload={})
    return replace(site, spec=spec, jobs={})


def without_storage(site: Site) -> Site:
    """The site without batteries, and so without backup."""
    return replace(site, spec=_changed(site.spec, battery={}, backup=None))


def _one_step_more(site: Site) -> Iterator[tuple[str, str, float, float, Site]]:
    for name, work in site.spec.workload.items():
        if work.kind == "inference":
            continue
        step = max(1.0, site.horizon.step_h)
        delay = work.max_delay_h
        longer = _with_work(site, name, max_delay_h=delay + step)
        yield f"workload.{name}.max_delay_h", f"one more hour of delay for {name}", delay, delay + step, longer
        share = work.max_suspended_frac
        if share is not None and share < 1.0:
            wider = min(share + 0.01, 1.0)
            words = f"one more % of {name} that may be suspended"
            yield (
                f"workload.{name}.max_suspended_frac",
                words,
                share,
                wider,
                _with_work(site, name, max_suspended_frac=wider),
            )
    for name, cluster in site.spec.cluster.items():
        units = cluster.installed_units
        bigger = cluster.model_copy(update={"installed_units": units + 1.0})
        spec = _changed(site.spec, cluster={**site.spec.cluster, name: bigger})
        yield (
            f"cluster.{name}.installed_units",
            f"one more unit of {name}",
            units,
            units + 1.0,
            replace(site, spec=spec),
        )


def _with_work(site: Site, name: str, **update: float) -> Site:
    work = site.spec.workload[name].model_copy(update=update)
    return replace(site, spec=_changed(site.spec, workload={**site.spec.workload, name: work}))


def _changed(spec: SiteSpec, **update: object) -> SiteSpec:
    return spec.model_copy(update=update)


def _silent(message: str) -> None:
    del message
