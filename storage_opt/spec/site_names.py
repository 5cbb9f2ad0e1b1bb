"""Names in a site and what refers to them: what can be judged of a site while other parts of it are broken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from storage_opt.spec.misfit import Misfit

__all__ = ["kinds_of_assets", "names_misfits"]

_OWNERS = (
    "load",
    "facility",
    "cluster",
    "workload",
    "generator",
    "battery",
    "regulation",
    "response",
    "incentive",
)
"""Sections whose entries share one space of names."""
_RESERVED = ("grid", "site")
_PLACES = (("cluster", "stands in", "facility"), ("workload", "runs on", "cluster"))
"""Sections whose entries name an entry of another section, under that section's name."""


def names_misfits(site: object) -> Iterator[Misfit]:
    """What does not fit together of the names in a site.

    Parameters
    ----------
    site : SiteSpec or mapping
        The site, or its file as written, of which parts may be of a wrong kind: those are passed over.
    """
    yield from _missing(site)
    yield from _twice(site)
    yield from _without_place(site)
    yield from _without_battery(site)
    yield from _costs_of_nothing(site)
    yield from _sizes_of_nothing(site)


def kinds_of_assets(site: object) -> dict[str, str]:
    """Kind of each asset that can be paid for, by its name: ``battery``, ``generator``, ``facility``, ``grid``."""
    owned = {name: kind for kind in ("battery", "generator", "facility") for name in _entries(site, kind)}
    return owned | {"grid": "grid"}


def _missing(site: object) -> Iterator[Misfit]:
    """What every site needs."""
    if not _part(site, "tariff") and _part(site, "contract", "supply") is None:
        what = "`tariff` is missing, and no contract says how supply is paid"
        yield Misfit(("tariff",), what, "write a [tariff.NAME] section")
    if not _part(site, "load") and not _part(site, "facility"):
        yield Misfit(("load",), "`load` is missing, and there is no facility", "write a [load.NAME] section")


def _twice(site: object) -> Iterator[Misfit]:
    places: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list, {name: [(name,)] for name in _RESERVED})
    for owner in _OWNERS:
        for name in _entries(site, owner):
            places[name].append((owner, name))
    for name, (_, *again) in places.items():
        if again:
            what = f"name {name!r} is used twice (`grid` and `site` are reserved)"
            yield Misfit(again[0], what, "give each asset a name of its own")


def _without_place(site: object) -> Iterator[Misfit]:
    """Clusters without a building, work without a cluster."""
    for section, stands, place in _PLACES:
        known = _entries(site, place)
        for name, entry in _entries(site, section).items():
            named = _part(entry, place)
            if isinstance(named, str) and named not in known:
                what = f"{section} {name!r} {stands} {place} {named!r}, which the site does not have"
                write = f"write a [{place}.{named}] section"
                yield Misfit(
                    (section, name, place), what, f"name one of {_listed(known)}, or {write}" if known else write
                )


def _without_battery(site: object) -> Iterator[Misfit]:
    """Backup that no battery holds."""
    if _part(site, "backup") is None:
        return
    known = _entries(site, "battery")
    if not known:
        hint = "write a [battery.NAME] section, or leave [backup] out"
        yield Misfit(("backup",), "backup has no battery to hold it", hint)
        return
    held_by = _part(site, "backup", "batteries")
    for name in held_by if isinstance(held_by, Sequence) and not isinstance(held_by, str) else ():
        if name not in known:
            what = f"backup names battery {name!r}, which the site does not have"
            yield Misfit(("backup", "batteries"), what, f"name some of {_listed(known)}")


def _costs_of_nothing(site: object) -> Iterator[Misfit]:
    known = kinds_of_assets(site)
    for name in _entries(site, "finance", "cost"):
        if name not in known:
            what = f"finance.cost names {name!r}, which the site does not have"
            yield Misfit(("finance", "cost", name), what, f"name some of {_listed(known)}")


def _sizes_of_nothing(site: object) -> Iterator[Misfit]:
    """What is open at a site that does not have it."""
    buildings = _entries(site, "facility")
    known_by_section = {
        "battery": _entries(site, "battery"),
        "generator": _entries(site, "generator"),
        "tank": {name: entry for name, entry in buildings.items() if _part(entry, "cooling", "tank") is not None},
    }
    for section, known in known_by_section.items():
        for name in _entries(site, "sizing", section):
            if name not in known:
                what = f"sizing.{section} names {name!r}, which the site does not have"
                listed = _listed(known) or "none here"
                hint = f"name one of {listed}, and describe it first: efficiencies and limits are taken from there"
                yield Misfit(("sizing", section, name), what, hint)


def _entries(whole: object, *keys: str) -> Mapping[str, object]:
    """Entries of a section by name; none where it is missing or no table."""
    found = _part(whole, *keys)
    return found if isinstance(found, Mapping) else {}


def _part(whole: object, *keys: str) -> object:
    """What stands under a path of keys in a spec or a file; None where nothing does."""
    for key in keys:
        whole = whole.get(key) if isinstance(whole, Mapping) else getattr(whole, key, None)
    return whole


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in names)
