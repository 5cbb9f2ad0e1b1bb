"""Sites whose products can't be sold as they are written, and what a user must be told about them."""

from __future__ import annotations

from tests.support.broken_sites import BrokenCase
from tests.support.site_folders import SiteDraft

__all__ = ["GOOD_PRODUCTS", "PRODUCT_CASES"]

GOOD_PRODUCTS = """
[regulation.peak]
direction = "up"
duration_h = 2
price_held_per_kw_day = 0.3
window = [{hours = ["17:00-21:00"]}]

[response.dr]
events = [{start = 2026-01-14T18:00:00, end = 2026-01-14T20:00:00}]
price_per_kwh = 2.0

[incentive.new]
kind = "discharge"
eligible = true
price_per_kwh = 0.01
"""

WORK = """
[facility.hall]
[cluster.gpu]
facility = "hall"
installed_units = 100
idle_kw_per_unit = 0.2
full_kw_per_unit = 1.0
[workload.chat]
cluster = "gpu"
kind = "inference"
units = 40
[workload.capped]
cluster = "gpu"
kind = "batch"
units = 10
max_delay_h = 6
speed_curve = [{speed_frac = 0.5, power_frac = 0.4}, {speed_frac = 1, power_frac = 1}]
[workload.ramped]
cluster = "gpu"
kind = "batch"
units = 10
max_delay_h = 6
ramp_units_per_h = 5
[workload.slow]
cluster = "gpu"
kind = "batch"
units = 10
max_delay_h = 6
notice_h = 2
"""


def _case(name: str, old: str, new: str, *tells: str, more: str = "") -> BrokenCase:
    def mutate(site: SiteDraft) -> None:
        site.text += GOOD_PRODUCTS
        site.replace(old, new)
        site.text += more

    return BrokenCase(name, mutate, tells)


_DURATION = "duration_h = 2\n"
_PEAK_PRICE = "price_held_per_kw_day = 0.3\n"
_EVENT = "{start = 2026-01-14T18:00:00, end = 2026-01-14T20:00:00}"
_DR_PRICE = "price_per_kwh = 2.0\n"
_ELIGIBLE = "eligible = true\n"
_DROPPED = 'column = "load (MW)"}\ncurtailable_frac = 0.2\ncurtailment_cost_per_kwh = 1'


def _dropped_too_long(site: SiteDraft) -> None:
    site.text += GOOD_PRODUCTS
    site.replace('column = "load (MW)"}', f"{_DROPPED}\nmax_curtailment_h = 1")
    site.replace(_DURATION, _provider("plant"))


def _provider(name: str) -> str:
    return f'{_DURATION}providers = ["{name}"]\n'


PRODUCT_CASES = (
    _case("payment without eligibility", _ELIGIBLE, "", "incentive.new.eligible", "without eligibility", "114号"),
    _case("eligibility denied", _ELIGIBLE, "eligible = false\n", "incentive.new.eligible"),
    _case(
        "capacity without eligibility",
        f'kind = "discharge"\n{_ELIGIBLE}price_per_kwh = 0.01',
        'kind = "capacity"\nprice_per_kw_year = 330\nnet_peak_h = 4',
        "incentive.new.eligible",
    ),
    _case("payment without a kind", 'kind = "discharge"\n', "", "incentive.new.kind", "is missing"),
    _case("payment without a price", "price_per_kwh = 0.01\n", "", "incentive.new.price_per_kwh", "is missing"),
    _case("payment to no battery", _ELIGIBLE, f'{_ELIGIBLE}batteries = ["bes"]\n', "there is no battery `bes`", "bess"),
    _case(
        "payment per kW to discharging",
        "price_per_kwh = 0.01\n",
        "price_per_kw_year = 330\n",
        "incentive.new",
        "paid per kWh",
    ),
    _case(
        "call longer than the horizon",
        _DURATION,
        "duration_h = 2000\n",
        "regulation.peak.duration_h",
        "longer than the horizon",
    ),
    _case(
        "block that storage can't back",
        _DURATION,
        f"{_DURATION}min_block_kw = 400\n",
        "regulation.peak.min_block_kw",
        "400 kW for 2 h is more than can be backed",
        "380",
    ),
    BrokenCase(
        "call longer than load can stay dropped",
        _dropped_too_long,
        ("regulation.peak.providers", "`plant` can't take part", "it can stand 1 h, a call lasts 2 h"),
    ),
    _case("event outside the horizon", _EVENT, _EVENT.replace("2026", "2027"), "response.dr.events[0]", "2026-01-01"),
    _case("event that cuts intervals", _EVENT, _EVENT.replace("18:00:00", "18:20:00"), "response.dr.events[0]"),
    _case(
        "event that ends before it starts",
        _EVENT,
        _EVENT.replace("20:00:00", "17:00:00"),
        "response.dr",
        "does not end after it starts",
    ),
    _case(
        "events that overlap",
        _EVENT,
        f"{_EVENT}, {_EVENT.replace('18:', '19:').replace('20:', '21:')}",
        "response.dr.events[1]",
        "overlaps another event",
    ),
    _case(
        "event without like day",
        _EVENT,
        _EVENT.replace("01-14", "01-01"),
        "response.dr.baseline",
        "no like day before it",
    ),
    _case(
        "events and windows",
        _DR_PRICE,
        f'{_DR_PRICE}window = [{{hours = ["18:00-20:00"]}}]\n',
        "both `events` and `window`",
    ),
    _case("neither events nor windows", f"events = [{_EVENT}]\n", "", "neither `events` nor `window`"),
    _case(
        "probability over 1",
        _DURATION,
        f"{_DURATION}call_probability_frac = 1.2\n",
        "regulation.peak.call_probability_frac",
        "1.2",
    ),
    _case(
        "negative probability",
        _DURATION,
        f"{_DURATION}call_probability_frac = -0.1\n",
        "regulation.peak.call_probability_frac",
    ),
    _case(
        "provider that is not there",
        _DURATION,
        _provider("bes"),
        "regulation.peak.providers",
        "there is no provider `bes`",
        "bess",
    ),
    _case(
        "provider with a ramp limit",
        "power_kw = 500\n",
        "power_kw = 500\nramp_kw_per_h = 100\n",
        "ramp limit could be broken by a call",
    ),
    _case(
        "load that may not be dropped",
        _DURATION,
        _provider("plant"),
        "`plant` can't take part",
        "no part of it may be dropped",
    ),
    _case("inference as provider", _DURATION, _provider("chat"), "`chat` can't take part", "never waits", more=WORK),
    _case(
        "capped work as provider",
        _DURATION,
        _provider("capped"),
        "`capped` can't take part",
        "capped already",
        more=WORK,
    ),
    _case(
        "work with a ramp limit as provider",
        _DURATION,
        _provider("ramped"),
        "`ramped` can't take part",
        "ramp limit",
        more=WORK,
    ),
    _case(
        "work that needs notice",
        _DURATION,
        _provider("slow"),
        "`slow` can't take part",
        "it needs 2 h notice, the product gives 0 h",
        more=WORK,
    ),
    _case(
        "building without a tank as provider",
        _DURATION,
        _provider("hall"),
        "`hall` can't take part",
        "no tank",
        more=WORK,
    ),
    _case(
        "load that takes more",
        'direction = "up"\nduration_h = 2\n',
        'direction = "down"\nduration_h = 2\nproviders = ["plant"]\n',
        "`plant` can't take part",
        "takes no more",
    ),
    _case("power held for nothing", _PEAK_PRICE, "", "regulation.peak", "is paid nothing"),
    _case("response for nothing", _DR_PRICE, "", "response.dr", "is paid nothing"),
    _case("no direction", 'direction = "up"\n', "", "regulation.peak.direction", "is missing"),
    _case("no duration", _DURATION, "", "regulation.peak.duration_h", "is missing or 0"),
    _case(
        "promise above the most",
        _DR_PRICE,
        f"{_DR_PRICE}committed_kw = 300\nmax_kw = 200\n",
        "committed_kw 300 kW is above max_kw 200 kW",
    ),
    _case(
        "promise that can't be kept",
        _DR_PRICE,
        f"{_DR_PRICE}committed_kw = 3000\n",
        "response.dr.committed_kw",
        "more than can be backed",
    ),
    _case(
        "block of response that can't be reached",
        _DR_PRICE,
        f"{_DR_PRICE}min_block_kw = 3000\n",
        "response.dr.min_block_kw",
        "more than can be backed",
    ),
    _case(
        "block above the most",
        _DURATION,
        f"{_DURATION}min_block_kw = 100\nmax_kw = 50\n",
        "min_block_kw 100 kW is above max_kw 50 kW",
    ),
    _case(
        "promise below the block",
        _DR_PRICE,
        f"{_DR_PRICE}committed_kw = 50\nmin_block_kw = 100\n",
        "committed_kw 50 kW is below min_block_kw 100 kW",
    ),
    _case(
        "promise that pays more than its penalty",
        _DR_PRICE,
        f"{_DR_PRICE}price_per_kw = 10\nunderdelivery_price_per_kwh = 3\n",
        "response.dr.price_per_kw",
        "promising without delivering would earn",
    ),
    _case(
        "block of an interval",
        f"{_DURATION}{_PEAK_PRICE}",
        f'{_DURATION}price_held_per_kwh = 0.1\ncommitment = "interval"\nmin_block_kw = 100\n',
        "min_block_kw is asked of a bid for a day or a month",
    ),
    _case(
        "price by day for intervals",
        _DURATION,
        f'{_DURATION}commitment = "interval"\n',
        "price_held_per_kw_day pays for power held all day",
    ),
    _case("window that cuts intervals", '"17:00-21:00"', '"17:30-21:00"', "regulation.peak.window[0]", "17:30"),
    _case(
        "window that never occurs",
        'hours = ["17:00-21:00"]',
        "months = [7]",
        "regulation.peak.window",
        "no interval of the horizon lies in it",
    ),
    _case(
        "preset that is unknown",
        _DURATION,
        f'{_DURATION}preset = "gansu_peak"\n',
        "regulation.peak.preset",
        "gansu_peak_regulation",
    ),
    _case(
        "preset of another section",
        _DR_PRICE,
        f'{_DR_PRICE}preset = "gansu_peak_regulation"\n',
        "response.dr.preset",
        "is a preset of [regulation]",
    ),
    _case(
        "preset for larger batteries",
        _DURATION,
        f'{_DURATION}preset = "gansu_peak_regulation"\n',
        "regulation.peak.preset",
        "10,000 kW or more",
        "500 kW",
    ),
    _case(
        "called energy paid by rule as well",
        _PEAK_PRICE,
        f"{_PEAK_PRICE}call_probability_frac = 0.1\nprice_called_per_kwh = 0.4\n",
        "incentive.new",
        "the same kWh would be sold twice",
    ),
    _case(
        "baseline told twice",
        _DR_PRICE,
        f"{_DR_PRICE}baseline = {{fixed_kw = 500, history_kw = 500}}\n",
        "both `fixed_kw` and `history_kw`",
    ),
    _case(
        "gaming a curve that is given",
        _DR_PRICE,
        f"{_DR_PRICE}baseline = {{fixed_kw = 500, ungamed = false}}\n",
        "ungamed = false has no meaning",
    ),
    _case(
        "dropping load for nothing",
        'column = "load (MW)"}',
        'column = "load (MW)"}\ncurtailable_frac = 0.2',
        "curtailable_frac without curtailment_cost_per_kwh",
    ),
)
