"""Random valid sites for property tests."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.generator import GeneratorSpec
from storage_opt.spec.grid import GridSpec
from storage_opt.spec.horizon import HorizonSpec
from storage_opt.spec.load import LoadSpec
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.tariff import (
    DemandChargeSpec,
    DemandTier,
    EnergyChargeSpec,
    EnergyTier,
    FixedChargeSpec,
    Meter,
    MinimumBillSpec,
    RatchetSpec,
    TariffSpec,
    TouRule,
)

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Sydney", "UTC")
HOURS_A_DAY, MONTHS = 24, 12

names = st.from_regex(r"\A[a-z][a-z0-9_\-]{0,8}\Z") | st.sampled_from(["储能", "服务器", "Halle-1"])
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30) | st.sampled_from(
    ['"', "\\", "# no", "多行\n文"]
)


def numbers(low: float = 0.0, high: float = 1e6) -> st.SearchStrategy[float]:
    """Finite numbers as people and programs write them."""
    return st.integers(int(low), int(high)).map(float) | st.floats(low, high, allow_subnormal=False)


fractions = st.floats(0, 1, allow_subnormal=False)
prices = numbers(-2, 3)


def file_columns(dimension: str) -> st.SearchStrategy[dict[str, Any]]:
    """Columns of tables that need not exist."""
    return st.fixed_dictionaries(
        {"file": st.just("table.csv"), "column": st.sampled_from([f"load ({dimension})", "负荷", "x"])},
        optional={
            "unit": st.just(dimension),
            "resample": st.sampled_from(["mean", "hold"]),
            "multiply": st.floats(0.1, 10),
            "sheet": st.just("Tabelle 1"),
        },
    )


def series(values: st.SearchStrategy[float], *, files: bool = False, dimension: str = "kW") -> st.SearchStrategy[Any]:
    """A value over the horizon in each form a site file knows."""
    rows = st.lists(values, min_size=HOURS_A_DAY, max_size=HOURS_A_DAY)
    forms = values | st.lists(values, min_size=MONTHS, max_size=MONTHS) | rows | rows.map(lambda row: [row] * MONTHS)
    return forms | file_columns(dimension) if files else forms


@st.composite
def horizons(draw: st.DrawFn, days: int = 70) -> HorizonSpec:
    """Whole days in zones with and without summer time."""
    start = draw(st.dates(date(2018, 1, 2), date(2030, 1, 1)))
    end = start + timedelta(days=draw(st.integers(1, days)))
    special = draw(st.lists(st.dates(start, end), unique=True, max_size=3))
    return HorizonSpec(
        start=draw(st.sampled_from([start, datetime.combine(start, datetime.min.time())])),
        end=end,
        zone=draw(st.sampled_from(ZONES)),
        step_minutes=draw(st.sampled_from([5, 15, 30, 60])),
        reading_day=draw(st.integers(1, 28)),
        holidays=tuple(special[:2]),
        workdays=tuple(special[2:]),
    )


@st.composite
def batteries(draw: st.DrawFn) -> BatterySpec:
    """Batteries whose window, start and end agree."""
    low, start, high = sorted(draw(st.tuples(fractions, fractions, fractions)))
    free_end = st.sampled_from(["cyclic", "free"]) | st.just(start) | st.just({"at_least": low})
    return BatterySpec.model_validate(
        {
            "energy_kwh": draw(numbers(1)),
            "power_kw": draw(numbers()),
            "discharge_kw": draw(st.none() | numbers()),
            "charge_efficiency": draw(st.floats(0.5, 1)),
            "soc_min_frac": draw(st.sampled_from([low, [low] * MONTHS, [low] * HOURS_A_DAY])),
            "soc_max_frac": high,
            "initial_soc_frac": start,
            "final_soc": draw(free_end),
            "self_discharge_frac_per_h": draw(st.sampled_from([0.0, 0.001])),
            "grid_charging": draw(st.booleans()),
            "ramp_kw_per_h": draw(st.none() | numbers()),
            "charge_taper": draw(
                st.sampled_from([(), ({"soc_frac": 0.8, "power_frac": 1.0}, {"soc_frac": 1.0, "power_frac": 0.2})])
            ),
            "max_cycles_per_day": draw(st.none() | numbers(0, 3)),
            "wear_cost_per_kwh": draw(numbers(0, 1)),
        }
    )


@st.composite
def energy_charges(draw: st.DrawFn, name: str, *, files: bool = False) -> EnergyChargeSpec:
    """A price, time-of-use rules or rising tiers."""
    way = draw(st.sampled_from(["price", "tou", "tiers"]))
    if way == "price":
        price = draw(series(prices, files=files, dimension="CNY/MWh"))
        return EnergyChargeSpec.model_validate({"name": name, "price_per_kwh": price})
    if way == "tiers":
        low, high = sorted(draw(st.tuples(prices, prices)))
        tiers = (EnergyTier(up_to_kwh=draw(numbers(1)), price_per_kwh=low), EnergyTier(price_per_kwh=high))
        return EnergyChargeSpec(name=name, tiers=tiers)
    window = draw(st.sampled_from(["22:00-06:00", "08:00-12:00", "00:00-24:00"]))
    months = tuple(draw(st.lists(st.integers(1, MONTHS), unique=True, max_size=4)))
    rules = (TouRule(period="peak", hours=(window,), months=months, price_per_kwh=draw(prices)),)
    return EnergyChargeSpec(name=name, tou=(*rules, TouRule(period="rest", price_per_kwh=draw(prices))))


@st.composite
def demand_charges(draw: st.DrawFn, name: str) -> DemandChargeSpec:
    """A flat or monthly price, or rising tiers; with and without ratchet."""
    price = numbers(0, 100)
    ratchet = RatchetSpec(share_frac=draw(fractions), months=(7, 8), history_kw=(10.0, 20.5))
    more: dict[str, Any] = {
        "name": name,
        "top_n": draw(st.integers(1, 3)),
        "floor_kw": draw(numbers()),
        "ratchet": draw(st.sampled_from([None, ratchet])),
    }
    if draw(st.booleans()):
        low, high = sorted(draw(st.tuples(price, price)))
        tiers = (DemandTier(up_to_kw=draw(numbers(1)), price_per_kw=low), DemandTier(price_per_kw=high))
        return DemandChargeSpec(tiers=tiers, **more)
    return DemandChargeSpec(price_per_kw=draw(price | st.tuples(*[price] * MONTHS)), **more)


@st.composite
def tariffs(draw: st.DrawFn, *, files: bool = False) -> TariffSpec:
    """A tariff on import or load with a few charges of each kind."""
    return TariffSpec(
        meter=draw(st.sampled_from([Meter.IMPORT, Meter.LOAD])),
        payee=draw(texts),
        energy=tuple(draw(energy_charges(f"energy{n}", files=files)) for n in range(draw(st.integers(0, 2)))),
        demand=tuple(draw(demand_charges(f"demand{n}")) for n in range(draw(st.integers(0, 2)))),
        fixed=(FixedChargeSpec(per_period=draw(numbers(0, 1e5))),) if draw(st.booleans()) else (),
        minimum_bill=MinimumBillSpec(per_period=draw(numbers(0, 1e5))) if draw(st.booleans()) else None,
    )


@st.composite
def site_specs(draw: st.DrawFn, *, files: bool = False) -> SiteSpec:
    """Whole sites; `files` also refers to tables, which do not exist."""
    owners = draw(st.lists(names, min_size=4, max_size=4, unique_by=str.casefold))
    powers, shares = numbers(0, 1e5), fractions
    return SiteSpec(
        name=draw(texts.filter(bool)),
        currency=draw(st.sampled_from(["CNY", "EUR", "USD"])),
        description=draw(texts),
        horizon=draw(horizons()),
        grid=GridSpec.model_validate(
            {
                "import_limit_kw": draw(st.none() | series(powers, files=files)),
                "export_limit_kw": draw(series(powers, files=files)),
                "transformer_kva": draw(st.none() | powers),
            }
        ),
        load={owners[0]: LoadSpec.model_validate({"power_kw": draw(series(powers, files=files))})},
        generator={
            owner: GeneratorSpec.model_validate(
                {"capacity_kw": draw(powers), "profile": draw(series(shares, files=files, dimension="%"))}
            )
            for owner in owners[1 : 1 + draw(st.integers(0, 1))]
        },
        battery={owner: draw(batteries()) for owner in owners[2 : 2 + draw(st.integers(0, 2))]},
        tariff=draw(st.dictionaries(names, tariffs(files=files), min_size=1, max_size=2)),
    )
