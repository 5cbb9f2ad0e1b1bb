"""What energy and power cost: any industrial tariff as a list of charges.

A site may have several tariffs; each meters one flow (`meter`). A tariff's charges add up. Time windows
are wall-clock, half-open and may cross midnight; each interval belongs to the calendar day and month it
starts in. A window boundary must fall on an interval boundary.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from storage_opt.horizon import DayType
from storage_opt.spec.fields import (
    EnergyKwh,
    Fraction,
    Money,
    MoneyPerKva,
    MoneyPerKw,
    MoneyPerKwh,
    Name,
    PowerKw,
    Quantity,
    SignedPriceSeries,
    Spec,
)

__all__ = [
    "DemandChargeSpec",
    "DemandTier",
    "EnergyChargeSpec",
    "EnergyTier",
    "FixedChargeSpec",
    "Meter",
    "MinimumBillSpec",
    "NetBillingSpec",
    "RatchetSpec",
    "TariffSpec",
    "TouRule",
    "Window",
]

_WINDOW = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")


def _valid_window(text: str) -> str:
    match = _WINDOW.match(text)
    if not match or (match.group(3) == "24" and match.group(4) != "00"):
        message = f"window {text!r} must read like '06:00-08:30'; it may cross midnight and end at '24:00'"
        raise ValueError(message)
    start, _, end = text.partition("-")
    if start == end:
        message = f"window {text!r} is empty; write '00:00-24:00' for the whole day"
        raise ValueError(message)
    return text


WindowText = Annotated[str, AfterValidator(_valid_window)]
MonthNumber = Annotated[int, Field(ge=1, le=12)]


class Meter(StrEnum):
    """The flow a tariff measures."""

    IMPORT = "import"
    EXPORT = "export"
    NET = "net"
    LOAD = "load"


class Window(Spec):
    """When a rule applies: all conditions together."""

    months: tuple[MonthNumber, ...] = ()
    """Calendar months; empty means all."""
    days: tuple[DayType, ...] = ()
    """Day types (``weekday``, ``weekend``, ``holiday``); empty means all."""
    hours: tuple[WindowText, ...] = ()
    """Wall-clock windows such as ``"18:00-22:00"`` or ``"22:00-06:00"``; empty means the whole day."""


class TouRule(Window):
    """A time-of-use period. A rule without months, days and hours fills what the others leave."""

    period: Name
    """Name of the period on the bill, such as ``peak``, ``flat``, ``valley``."""
    price_per_kwh: MoneyPerKwh
    """Price of energy in the period."""

    @property
    def is_rest(self) -> bool:
        """Whether this rule fills what the others leave."""
        return not (self.months or self.days or self.hours)


class EnergyTier(Spec):
    """A block of a rising block tariff."""

    up_to_kwh: EnergyKwh | None = None
    """Energy a billing period at which the block ends; left out in the last."""
    price_per_kwh: MoneyPerKwh
    """Price of energy within the block."""


class NetBillingSpec(Spec):
    """Import and export offset within a billing period; a surplus earns a credit."""

    price_per_kwh: MoneyPerKwh
    """Price of the period's net import."""
    credit_per_kwh: MoneyPerKwh
    """Credit for the period's net export; not above the price."""


class EnergyChargeSpec(Spec):
    """Money per kWh: exactly one of a price, time-of-use rules, tiers or net billing."""

    name: Name = "energy"
    """Line on the bill."""
    price_per_kwh: SignedPriceSeries | None = None
    """Price: a number, calendar table or column; also for a surcharge per kWh."""
    tou: tuple[TouRule, ...] = ()
    """Time-of-use periods; together they must cover every interval exactly once."""
    tiers: tuple[EnergyTier, ...] = ()
    """Blocks by energy of the billing period."""
    net_billing: NetBillingSpec | None = None
    """Netting of import and export over the billing period; needs ``meter = "net"``."""

    @model_validator(mode="after")
    def _exactly_one_way(self) -> Self:
        ways = {
            "price_per_kwh": self.price_per_kwh is not None,
            "tou": bool(self.tou),
            "tiers": bool(self.tiers),
            "net_billing": self.net_billing is not None,
        }
        given = [name for name, is_given in ways.items() if is_given]
        if len(given) != 1:
            advice = "put each into a charge of its own" if given else "add one"
            message = f"give exactly one of {', '.join(ways)}; got {', '.join(given) or 'none'}; {advice}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _tiers_must_rise(self) -> Self:
        _check_tiers([tier.up_to_kwh for tier in self.tiers], [tier.price_per_kwh for tier in self.tiers])
        if self.net_billing and self.net_billing.credit_per_kwh > self.net_billing.price_per_kwh:
            message = "credit_per_kwh is above price_per_kwh, which is not convex; bill import and export separately"
            raise ValueError(message)
        return self


class RatchetSpec(Spec):
    """Billed demand is at least a share of the highest demand of other periods."""

    share_frac: Fraction
    """Share of that highest demand."""
    months: tuple[MonthNumber, ...] = ()
    """Calendar months whose demand counts; empty means all."""
    last_periods: Annotated[int, Field(ge=1, le=36)] | None = None
    """Number of preceding billing periods that count; left out, all periods of the horizon count for all
    (the ratchet of a repeating year)."""
    history_kw: tuple[PowerKw, ...] = ()
    """Demand of the billing periods before the horizon, oldest first."""


class DemandTier(Spec):
    """A block of a rising demand price, such as contract demand with dearer excess."""

    up_to_kw: PowerKw | None = None
    """Demand at which the block ends; left out in the last."""
    price_per_kw: MoneyPerKw
    """Price a billing period for demand within the block."""


class DemandChargeSpec(Window):
    """Money per kW of the highest demand in each billing period, day or year, inside the window."""

    name: Name = "demand"
    """Line on the bill."""
    price_per_kw: MoneyPerKw | Annotated[tuple[MoneyPerKw, ...], Field(min_length=12, max_length=12)] | None = None
    """Price a kW and billing period (or day, or year); 12 values give one a calendar month."""
    tiers: tuple[DemandTier, ...] = ()
    """Blocks by demand, instead of a single price."""
    averaging_minutes: Annotated[int, Quantity("min"), Field(gt=0, le=1440)] | None = None
    """Length of the mean that counts as demand, aligned to the clock; by default one interval."""
    per: Literal["billing_period", "day", "year"] = "billing_period"
    """Whether a peak counts for each ``billing_period``, each ``day``, or each ``year``, which is billed at its end."""
    year_start_month: MonthNumber | None = None
    """Month in which a ``year`` starts; left out, years are counted from the first day of the horizon."""
    top_n: Annotated[int, Field(ge=1)] = 1
    """Demand is the mean of this many highest values."""
    top_n_of: Literal["interval", "day"] = "interval"
    """Whether the highest values are taken among intervals or among daily peaks."""
    coincident_at: tuple[datetime, ...] = ()
    """Starts of the system-peak intervals; only they count (coincident peak)."""
    floor_kw: PowerKw = 0.0
    """Least billed demand, such as a share of the contract."""
    carried_kw: PowerKw = 0.0
    """Peak already reached in the billing period (or day, or year) in which the horizon starts."""
    ratchet: RatchetSpec | None = None
    """Lookback to the demand of other periods."""

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.price_per_kw is None) == (not self.tiers):
            message = "needs exactly one of price_per_kw, tiers; add one, or split the charge in two"
            raise ValueError(message)
        _check_tiers([tier.up_to_kw for tier in self.tiers], [tier.price_per_kw for tier in self.tiers])
        return self


class FixedChargeSpec(Spec):
    """Money that does not depend on the schedule; partial periods pay their share of days."""

    name: Name = "fixed"
    """Line on the bill."""
    per_period: Money = 0.0
    """Amount a billing period."""
    per_day: Money = 0.0
    """Amount a day."""
    price_per_kva: MoneyPerKva = 0.0
    """Price a billing period for each kVA of `capacity_kva`."""
    capacity_kva: Annotated[float, Quantity("kVA", None, 0.0), Field(ge=0)] = 0.0
    """Capacity the charge is levied on, such as installed transformers."""


class MinimumBillSpec(Spec):
    """The tariff's charges of a billing period are topped up to a minimum."""

    name: Name = "minimum_bill"
    """Line on the bill."""
    per_period: Money
    """Least amount a billing period; partial periods have their share of days."""


class TariffSpec(Spec):
    """Charges on one metered flow."""

    meter: Meter = Meter.IMPORT
    """Flow that is metered: ``import``, ``export``, ``net`` (import minus export) or ``load``."""
    payee: str = "grid company"
    """Who bills; receives positive amounts."""
    paid_to_site: bool = False
    """True when the payee pays the site, as for export; prices stay positive."""
    energy: tuple[EnergyChargeSpec, ...] = ()
    """Charges per kWh; all of them add up."""
    demand: tuple[DemandChargeSpec, ...] = ()
    """Charges per kW of peak; all of them add up."""
    fixed: tuple[FixedChargeSpec, ...] = ()
    """Charges that do not depend on the schedule."""
    minimum_bill: MinimumBillSpec | None = None
    """Least amount of this tariff in a billing period."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [c.name for c in self.energy] + [c.name for c in self.demand] + [c.name for c in self.fixed]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"line {twice[0]!r} occurs twice; give each charge its own name"
            raise ValueError(message)
        if any(charge.net_billing for charge in self.energy) and self.meter is not Meter.NET:
            message = f'net_billing needs meter = "net", got "{self.meter}"; set meter = "net" in this tariff'
            raise ValueError(message)
        if self.paid_to_site and (self.demand or self.minimum_bill or any(c.tiers for c in self.energy)):
            message = "a tariff paid to the site can hold energy prices and fixed amounts only; move the rest away"
            raise ValueError(message)
        return self


def _check_tiers(ends: list[float | None], prices: list[float]) -> None:
    if not prices:
        return
    if any(end is None for end in ends[:-1]) or ends[-1] is not None:
        message = "every tier but the last needs an upper end, and the last must have none; leave it out there"
        raise ValueError(message)
    known = [end for end in ends if end is not None]
    if any(later <= earlier for earlier, later in zip(known, known[1:], strict=False)):
        message = f"tier ends {known} must rise; order the tiers by their ends"
        raise ValueError(message)
    if any(later < earlier for earlier, later in zip(prices, prices[1:], strict=False)):
        message = f"tier prices {prices} fall, which is not convex; give prices that rise"
        raise ValueError(message)
