"""What each command's help shows as examples."""

from __future__ import annotations

__all__ = ["EXAMPLES"]

EXAMPLES: dict[str, tuple[str, ...]] = {
    "profiles": (
        "storage-opt profiles",
        "storage-opt profiles --format json",
    ),
    "init": (
        "storage-opt init industrial",
        "storage-opt init ulanqab my-site",
    ),
    "check": (
        "storage-opt check my-site",
        "storage-opt check ulanqab --format json",
    ),
    "optimize": (
        "storage-opt optimize ulanqab --out result",
        "storage-opt optimize my-site --from 2027-07-01 --to 2027-08-01 --no-plots",
        "storage-opt optimize my-site --solver HIGHS --format json | jq .cost",
    ),
    "size": (
        "storage-opt size my-site --out project",
        "storage-opt size my-site --map bess.power_kw,bess.energy_kwh --tornado",
        "storage-opt size my-site --break-even 'capex of bess' --worth --no-plots",
        "storage-opt size my-site --scenarios",
        "storage-opt size my-site --format json | jq .finance.after_tax.npv",
    ),
    "bill": (
        "storage-opt bill my-site --schedule metered.csv",
        "storage-opt bill my-site --schedule july.csv --from 2027-07-01 --to 2027-08-01 --statement july.xlsx",
        "storage-opt bill my-site --schedule result/schedule.csv --format csv > bill.csv",
    ),
    "explain": (
        "storage-opt explain my-site",
        "storage-opt explain my-site --solve --from 2027-07-01 --to 2027-08-01",
        "storage-opt explain my-site --format csv > model.csv",
    ),
    "tariff list": (
        "storage-opt tariff list",
        "storage-opt tariff list --format csv > tariffs.csv",
    ),
    "tariff products": (
        "storage-opt tariff products",
        "storage-opt tariff products --format csv > products.csv",
    ),
    "tariff show": (
        "storage-opt tariff show NM_W",
        "storage-opt tariff show SH --voltage 35kV --month 7 --picture shanghai.png",
        "storage-opt tariff show ZJ --on 2026-06-01 --format json",
    ),
    "tariff export": (
        "storage-opt tariff export NM_W --voltage 110kV",
        "storage-opt tariff export GD_PRD --voltage 10kV --name two_part >> my-site/site.toml",
    ),
}
