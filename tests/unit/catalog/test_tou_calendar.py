"""Time-of-use calendars: closed days, precedence, half hours, variants."""

from __future__ import annotations

from datetime import date

import pytest

from storage_opt.catalog.china_tables import read_rows
from storage_opt.catalog.tou_calendar import calendar_codes, day_of, runs, tou_calendar, tou_calendars, variants_of
from storage_opt.catalog.tou_rows import HALF_HOURS, Period, TouRow, VariantRow
from storage_opt.errors import InputError
from storage_opt.spec.floating_base import FloatingBase

DAY = date(2026, 9, 1)
MONTHS = range(1, 13)


def letters(day):
    return "".join(period.value[0] for period in day)


def hours(day):
    """One letter an hour; only for days without half hours."""
    text = letters(day)
    assert text[::2] == text[1::2]
    return text[::2]


def _id(calendar):
    return f"{calendar.grid}-{calendar.row.valid_from.year}"


@pytest.mark.parametrize("calendar", tou_calendars(), ids=_id)
def test_every_calendar_closes_24_hours_in_every_month(calendar):
    assert sorted(month for row in calendar.rows for month in row.months) == list(MONTHS)
    for month in MONTHS:
        day = calendar.days[month - 1]
        found = runs(day)
        assert (found[0][0], found[-1][1]) == (0, HALF_HOURS)
        assert all(first[1] == second[0] for first, second in zip(found, found[1:], strict=False))
        assert sum(end - begin for begin, end, _ in found) == HALF_HOURS
        if calendar.has_multipliers:
            assert set(day) <= calendar.multipliers(month).keys()


@pytest.mark.parametrize("calendar", tou_calendars(), ids=_id)
def test_each_half_hour_has_the_first_period_in_precedence_that_claims_it(calendar):
    """tip > deep > peak > valley > flat, counted here from the rows without the code that resolves it."""
    for row in calendar.rows:
        for month in row.months:
            for place, period in enumerate(calendar.days[month - 1]):
                claims = [
                    name
                    for name, its in (
                        ("tip", row.tip_hours),
                        ("deep", row.deep_hours),
                        ("peak", row.peak_hours),
                        ("valley", row.valley_hours),
                    )
                    if place in its
                ]
                assert period == (claims or ["flat"])[0]


@pytest.mark.parametrize("calendar", tou_calendars(), ids=_id)
def test_multipliers_are_in_order(calendar):
    if not calendar.has_multipliers:
        assert calendar.grid in {"NX", "GS"}
        return
    order = [Period.DEEP, Period.VALLEY, Period.FLAT, Period.PEAK, Period.TIP]
    for month in MONTHS:
        values = [calendar.multipliers(month)[period] for period in order if period in calendar.multipliers(month)]
        assert values == sorted(values)
        assert calendar.multipliers(month)[Period.FLAT] == 1.0


def test_precedence():
    claims = {
        Period.VALLEY: range(10),
        Period.DEEP: range(2, 5),
        Period.PEAK: range(4, 20),
        Period.TIP: range(4, 6),
    }
    assert letters(day_of(claims)) == "vvddtt" + "p" * 14 + "f" * 28


# ------------------------------------------------------------------------------------------- days written out by hand


@pytest.mark.parametrize(
    ("grid", "month", "day"),
    [
        ("NM_W", 1, "vvvvffppfffvvvvvffppppff"),
        ("NM_W", 7, "ffffffppfffvvddvffpttpff"),
        ("NM_E", 6, "vvvvvfpppffvddfffpttppff"),
        ("BJ", 8, "vvvvvvvfffpttffftpppppfv"),
        ("BJ", 4, "vvvvvvvfffpppffffpppppfv"),
        ("SH", 7, "vvvvvvffppppttpfffpppfvv"),
        ("SH", 9, "vvvvvvffpppppppfffpppfvv"),
        ("SD", 12, "ffvvvvfppfvdddvftttppfff"),
        ("GD", 8, "vvvvvvvvffptffpttppfffff"),
        ("XJ", 7, "ffffvvvvpppffvddvffppttp"),
        ("HE_S", 4, "fffvvvvffffvdddfpppppppp"),
    ],
)
def test_days_written_out(grid, month, day):
    assert hours(tou_calendar(grid, DAY).days[month - 1]) == day


def test_half_hours_are_kept():
    calendar = tou_calendar("JS", DAY)
    assert calendar.needs_half_hours
    assert not tou_calendar("NM_W", DAY).needs_half_hours
    text = letters(calendar.days[7 - 1])
    assert text[38:44] == "pttttp"  # 19:00 peak, 19:30 to 21:30 tip, 21:30 peak
    assert text[28:30] == "tt"
    assert calendar.multipliers(7)[Period.TIP] == pytest.approx(1.2 * 1.8)


def test_tip_outside_the_peak_stands_on_its_own():
    day = tou_calendar("BJ", DAY).days[7 - 1]
    assert letters(day)[30:36] == "ffttpp"  # 15:00 flat, 16:00 tip, 17:00 peak


# ------------------------------------------------------------------------------------------------- versions, variants


def test_the_version_in_force_is_taken_and_otherwise_the_nearest():
    assert tou_calendar("ZJ", date(2026, 6, 30)).row.document == "浙发改价格〔2024〕21号"
    assert tou_calendar("ZJ", date(2026, 7, 1)).row.document == "浙发改价格〔2026〕112号"
    assert tou_calendar("ZJ", date(2020, 1, 1)).row.document == "浙发改价格〔2024〕21号"
    assert tou_calendar("ZJ", date(2026, 6, 30)).base is FloatingBase.ALL
    assert tou_calendar("ZJ", date(2026, 7, 1)).base is None


def test_zones_share_the_calendar_of_their_province():
    assert tou_calendar("GD_PRD", DAY) is tou_calendar("GD", DAY)
    assert tou_calendar("陕西榆林", DAY).grid == "SN"


def test_a_grid_without_calendar_says_who_has_one():
    with pytest.raises(InputError, match=r"no time-of-use calendar of TJ .*there are NM_W, NM_E, JS"):
        tou_calendar("TJ", DAY)


def test_a_two_part_calendar_is_not_given_to_others():
    with pytest.raises(InputError, match="holds for the two-part tariff only"):
        tou_calendar("SH", DAY, two_part=False)
    assert tou_calendar("NM_W", DAY, two_part=False) is tou_calendar("NM_W", DAY)


@pytest.mark.parametrize(
    ("grid", "variant", "month", "day"),
    [
        ("JS", "holiday", 4, "ffvvvvffff" + "dddd" + "f" + "p" * 7 + "ff"),
        ("ZJ", "holiday", 1, "v" * 7 + "ff" + "d" * 6 + "fppttttp" + "f"),
        ("GD", "hot_day", 6, "vvvvvvvvffptffpttppfffff"),
        ("SH", "rest_day", 4, "d" * 6 + "ffppp" + "f" * 7 + "pppf" + "dd"),
        ("SX", "holiday", 3, "ffvvvfppfvvvvddffppppppp"),
    ],
)
def test_variants_apply_only_when_asked_for(grid, variant, month, day):
    plain, asked = tou_calendar(grid, DAY), tou_calendar(grid, DAY, variant=variant)
    assert hours(asked.days[month - 1]) == day
    assert hours(plain.days[month - 1]) != day
    changed = next(row for row in variants_of(plain) if row.variant == variant)
    assert asked.multipliers(month)[changed.period] == changed.multiplier
    for other in set(MONTHS) - set(changed.months):
        assert asked.days[other - 1] == plain.days[other - 1]
        assert asked.multipliers(other) == plain.multipliers(other)


def test_an_unknown_variant_lists_those_that_exist():
    with pytest.raises(InputError, match="no variant `weekend`; hint: choose `hot_day`"):
        tou_calendar("GD", DAY, variant="weekend")
    with pytest.raises(InputError, match="leave the variant out; it has none"):
        tou_calendar("NM_W", DAY, variant="holiday")


def test_every_row_and_variant_belongs_to_a_calendar():
    rows = [row for calendar in tou_calendars() for row in calendar.rows]
    assert len(rows) == len(read_rows("tou_calendars.csv", TouRow))
    variants = [row for calendar in tou_calendars() for row in variants_of(calendar)]
    assert len(variants) == len(read_rows("tou_variants.csv", VariantRow))
    assert len(calendar_codes()) == 18
