"""The one place where units of files meet the units of the model (kW, kWh, kVA, h, money per kWh).

Raises
------
ValueError
    From :func:`factor`, when a unit is unknown or of another dimension.
"""

from __future__ import annotations

import re
from enum import StrEnum

__all__ = ["CANONICAL", "Dimension", "factor", "unit_in_header"]


class Dimension(StrEnum):
    """What a number measures."""

    POWER = "power"
    ENERGY = "energy"
    APPARENT_POWER = "apparent power"
    PRICE_PER_ENERGY = "price per energy"
    PRICE_PER_POWER = "price per power"
    FRACTION = "fraction"
    TEMPERATURE = "temperature"
    UNITS = "units"
    HOURS = "duration"
    TOKEN_RATE = "token rate"  # noqa: S105


CANONICAL: dict[Dimension, str] = {
    Dimension.POWER: "kW",
    Dimension.ENERGY: "kWh",
    Dimension.APPARENT_POWER: "kVA",
    Dimension.PRICE_PER_ENERGY: "money/kWh",
    Dimension.PRICE_PER_POWER: "money/kW",
    Dimension.FRACTION: "1",
    Dimension.TEMPERATURE: "degC",
    Dimension.UNITS: "unit",
    Dimension.HOURS: "h",
    Dimension.TOKEN_RATE: "token/s",
}
"""Unit of each dimension inside the model."""

_PREFIX = {"": 1e-3, "k": 1.0, "m": 1e3, "g": 1e6, "t": 1e9, "万": 10.0, "万k": 1e4, "亿k": 1e8}
_PER_UNIT = {"1": 1.0, "-": 1.0, "frac": 1.0, "p.u.": 1.0, "pu": 1.0, "%": 0.01, "pct": 0.01, "percent": 0.01}
_MINOR_MONEY = {
    **dict.fromkeys(("分", "fen", "cent", "cents", "ct", "c", "¢", "p", "pence"), 0.01),
    "角": 0.1,
    "厘": 0.001,
    "万元": 1e4,
}
_MONEY = re.compile(r"^(money|[a-z]{3}|元|人民币|yuan|euro|[¥￥$€£])$")
_BASE = {
    Dimension.POWER: ("w", "瓦"),
    Dimension.ENERGY: ("wh", "瓦时"),
    Dimension.APPARENT_POWER: ("va", "伏安"),
}
_CHINESE = {"千": "k", "兆": "m", "吉": "g", "万千": "万k", "亿千": "亿k"}
_KWH_WORDS = {"度": "kwh", "万度": "万kwh"}


def _prefixed(text: str, bases: tuple[str, ...]) -> float | None:
    for base in bases:
        if text.endswith(base):
            prefix = text[: -len(base)]
            found = _PREFIX.get(_CHINESE.get(prefix, prefix))
            if found is not None:
                return found
    return None


def _price(text: str, dimension: Dimension) -> float | None:
    money, slash, per = text.partition("/")
    if not slash:
        return None
    base = Dimension.ENERGY if dimension is Dimension.PRICE_PER_ENERGY else Dimension.POWER
    quantity = _prefixed(_KWH_WORDS.get(per, per), _BASE[base])
    worth = _MINOR_MONEY.get(money, 1.0 if _MONEY.match(money) else None)
    # a money nobody knows could be a hundredth or a thousand of the site's
    return None if quantity is None or worth is None else worth / quantity


def factor(unit: str, dimension: Dimension) -> float:
    """Multiplier that turns a number in `unit` into the canonical unit of `dimension`.

    Parameters
    ----------
    unit : str
        Such as ``MW``, ``兆瓦``, ``EUR/MWh``, ``元/kWh``, ``%``.
    dimension : Dimension
        What the number must measure.

    Raises
    ------
    ValueError
        When the unit is unknown or measures something else.

    Examples
    --------
    >>> factor("MW", Dimension.POWER)
    1000.0
    >>> factor("EUR/MWh", Dimension.PRICE_PER_ENERGY)
    0.001
    """
    text = unit.strip().lower().replace(" ", "").replace("·", "").replace("_per_", "/")
    found: float | None
    match dimension:
        case Dimension.POWER | Dimension.ENERGY | Dimension.APPARENT_POWER:
            found = _prefixed(_KWH_WORDS.get(text, text), _BASE[dimension])
        case Dimension.PRICE_PER_ENERGY | Dimension.PRICE_PER_POWER:
            found = _price(text, dimension)
        case Dimension.FRACTION:
            found = _PER_UNIT.get(text)
        case Dimension.TEMPERATURE:
            found = 1.0 if text in {"degc", "°c", "℃", "c"} else None
        case Dimension.UNITS:
            found = 1.0 if text in _UNIT_WORDS else None
        case Dimension.HOURS:
            found = _DURATIONS.get(text)
        case Dimension.TOKEN_RATE:
            found = _TOKEN_RATES.get(text)
    if found is None:
        message = f"unit `{unit}` is not a unit of {dimension}; the model uses {CANONICAL[dimension]}"
        raise ValueError(message)
    return found


_UNIT_WORDS = {
    "unit",
    "units",
    "gpu",
    "gpus",
    "npu",
    "npus",
    "accelerator",
    "accelerators",
    "card",
    "cards",
    "卡",
    "张",
}
_DURATIONS = {
    **dict.fromkeys(("h", "hour", "hours", "小时"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes", "分钟"), 1.0 / 60.0),
}
_TOKEN_RATES = {
    **dict.fromkeys(("token/s", "tokens/s", "tok/s", "tps"), 1.0),
    **dict.fromkeys(("ktoken/s", "ktokens/s"), 1e3),
    **dict.fromkeys(("mtoken/s", "mtokens/s"), 1e6),
}

_BRACKETED = re.compile(r"[\[(（【]\s*([^\])）】]+?)\s*[\])）】]")
_SUFFIX = re.compile(r"_(?:([a-z]{3})_(?=per_))?(per_)?(kw|mw|gw|w|kwh|mwh|wh|gwh|kva|mva|frac|pct)$", re.IGNORECASE)


def unit_in_header(header: str) -> str | None:
    """Unit that a column header declares in brackets or as a suffix, or None.

    Examples
    --------
    >>> unit_in_header("负荷 (MW)"), unit_in_header("price_eur_per_mwh"), unit_in_header("load")
    ('MW', 'eur/mwh', None)
    """
    bracketed = _BRACKETED.search(header)
    if bracketed:
        return bracketed.group(1)
    suffix = _SUFFIX.search(header)
    if not suffix:
        return None
    money, per, unit = suffix.groups()
    return f"{money or 'money'}/{unit}" if per else unit
