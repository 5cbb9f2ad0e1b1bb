"""A small good site in a folder, as text and tables that tests can change before they are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

ZONE = "Asia/Shanghai"
START, END = "2026-01-01", "2026-03-01"

SITE = """\
name = "works"
currency = "CNY"

[horizon]
start = 2026-01-01
end = 2026-03-01

[grid]
import_limit_kw = 2000
export_limit_kw = 300

[load.plant]
power_kw = {file = "load.csv", column = "load (MW)"}

[generator.pv]
capacity_kw = 500
profile = {file = "pv.csv", column = "pv_frac"}

[battery.bess]
energy_kwh = 1000
power_kw = 500
soc_min_frac = 0.1
soc_max_frac = 0.9
initial_soc_frac = 0.5
final_soc = 0.5

[tariff.grid]

[[tariff.grid.energy]]
tou = [
    {period = "peak", hours = ["08:00-12:00", "18:00-22:00"], price_per_kwh = 1.2},
    {period = "valley", hours = ["23:00-07:00"], price_per_kwh = 0.3},
    {period = "flat", price_per_kwh = 0.7},
]

[[tariff.grid.demand]]
price_per_kw = 30

[tariff.sale]
meter = "export"
paid_to_site = true

[[tariff.sale.energy]]
name = "sale"
price_per_kwh = {file = "price.csv", column = "price_cny_per_mwh"}
"""


@dataclass
class SiteDraft:
    """A site that is not written yet.

    Parameters
    ----------
    text : str
        Content of `site.toml`.
    tables : dict of str to DataFrame or bytes
        Files beside it: frames are written as CSV, bytes as they are.
    """

    text: str
    tables: dict[str, pd.DataFrame | bytes] = field(default_factory=dict)
    links: dict[str, Path] = field(default_factory=dict)

    def replace(self, old: str, new: str) -> None:
        """Change the text; what is to be changed must be there."""
        assert old in self.text, old
        self.text = self.text.replace(old, new, 1)

    def cut(self, begin: str) -> None:
        """Cut the text off where `begin` stands."""
        self.text = self.text[: self.text.index(begin)]

    def frame(self, name: str) -> pd.DataFrame:
        """A table, to be changed in place."""
        table = self.tables[name]
        assert isinstance(table, pd.DataFrame)
        return table

    def csv(self, name: str) -> bytes:
        """A table as the bytes of its CSV file."""
        return self.frame(name).to_csv(index=False).encode()

    def write(self, folder: Path) -> Path:
        """Write everything; returns the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        # lone surrogates stand for bytes that are no UTF-8
        (folder / "site.toml").write_bytes(self.text.encode("utf-8", "surrogateescape"))
        for name in self.tables:
            table = self.tables[name]
            (folder / name).write_bytes(table if isinstance(table, bytes) else self.csv(name))
        for name, target in self.links.items():
            (folder / name).symlink_to(target)
        return folder


def stamps(start: str = START, end: str = END, step: str = "60min", form: str = "%Y-%m-%d %H:%M") -> list[str]:
    """Wall-clock stamps of a table."""
    return list(pd.date_range(start, end, freq=step, inclusive="left").strftime(form))


def good_site() -> SiteDraft:
    """Two winter months of a works with PV, battery, time-of-use tariff and export; hourly."""
    index = pd.date_range(START, END, freq="60min", inclusive="left")
    hour = index.hour.to_numpy()
    rng = np.random.default_rng(7)
    load = 0.9 + 0.4 * np.sin((hour - 6) / 24 * 2 * np.pi) + 0.05 * rng.random(hour.size)
    sun = np.clip(np.sin((hour - 6) / 12 * np.pi), 0.0, None) * rng.uniform(0.5, 0.9, hour.size)
    time = index.strftime("%Y-%m-%d %H:%M")
    return SiteDraft(
        SITE,
        {
            "load.csv": pd.DataFrame({"time": time, "load (MW)": load.round(4)}),
            "pv.csv": pd.DataFrame({"time": time, "pv_frac": sun.round(4)}),
            "price.csv": pd.DataFrame({"time": time, "price_cny_per_mwh": (250 + 50 * rng.random(hour.size)).round(2)}),
        },
    )


def one_series_site(
    column: str,
    *,
    start: str,
    end: str,
    step: int = 60,
    zone: str = ZONE,
    currency: str = "CNY",
    key: str = "load.it.power_kw",
) -> str:
    """Text of a site with a single series, written as an inline table, at one of three keys."""
    series = {"load.it.power_kw": "100", "generator.wind.profile": "0.5", "price": "0.5"} | {key: column}
    return f"""\
name = "one series"
currency = "{currency}"
[horizon]
start = {start}
end = {end}
step_minutes = {step}
zone = "{zone}"
[load.it]
power_kw = {series["load.it.power_kw"]}
[generator.wind]
capacity_kw = 50
profile = {series["generator.wind.profile"]}
[[tariff.grid.energy]]
price_per_kwh = {series["price"]}
"""
