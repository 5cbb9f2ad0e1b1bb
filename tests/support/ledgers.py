"""Ledgers with amounts that no site would give: any sign and size, any parties, so that rounding has to work."""

from __future__ import annotations

from hypothesis import strategies as st

from storage_opt.charges.base import SITE, Entry, Line, Stream
from storage_opt.ledger.ledger import Ledger

__all__ = ["entry", "ledgers"]

PARTIES = ("grid company", "market", "government funds", "plant owner", "battery wear", "Somebody (某人)")
PERIODS = ("2027-06", "2027-07", "2027-08")


def entry(
    name: str = "contract.grid_energy",
    payee: str = "market",
    amount: float = 1.0,
    period: str = "2027-07",
    band: str = "",
    payer: str = SITE,
) -> Entry:
    """An entry of 10 kWh."""
    return Entry(Line(name, payee, Stream.ENERGY, payer), period, band, 10.0, "kWh", amount / 10.0, amount)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """A ledger of up to 30 entries."""
    amounts = st.one_of(st.floats(-1e7, 1e7), st.integers(-2000, 2000).map(lambda mills: mills / 1000))
    one = st.builds(
        entry,
        st.sampled_from(["contract.funds", "two_part.energy", "bess.wear", "contract.basic_power_factor"]),
        st.sampled_from(PARTIES),
        amounts,
        st.sampled_from(PERIODS),
        st.sampled_from(["", "peak", "block 2"]),
    )
    return Ledger(tuple(draw(st.lists(one, max_size=30))))
