"""What lines and bands of a bill are called: in English, and in the words of Chinese electricity bills (电费清单)."""

from __future__ import annotations

import re

from storage_opt.charges.base import Line, Stream
from storage_opt.report.words import both, chinese

__all__ = ["band_words", "item_words"]

_CONTRACT = "contract."
_POWER_FACTOR = "_power_factor"

_ITEMS: dict[str, tuple[str, str]] = {
    "grid_energy": ("Grid energy, market or agency", "电量电费"),
    "contract_difference": ("Medium- and long-term contract difference", "中长期合约差价"),
    "day_ahead_difference": ("Day-ahead difference", "日前差价"),
    "line_loss": ("Line loss", "上网环节线损费"),
    "transmission": ("Transmission and distribution", "输配电费"),
    "system_operation": ("System operation", "系统运行费"),
    "system_capacity": ("System operation by capacity", "系统运行费(容量)"),
    "cross_subsidy": ("Policy cross-subsidy", "政策性交叉补贴"),
    "funds": ("Government funds and surcharges", "政府性基金及附加"),
    "funds_self_use": ("Government funds on self-use", "自发自用电量基金"),
    "basic": ("Basic charge", "基本电费(容/需量)"),
    "basic_band": ("Demand within the band above the declaration", "需量偏差范围内电费"),
    "basic_excess": ("Demand beyond the declaration", "超需量加收"),
    "over_capacity": ("Use beyond the capacity", "超容费"),
    "plant_energy": ("Energy of the own plant (PPA)", "绿电直连电费"),
    "plant_take_or_pay": ("Take-or-pay shortfall", "照付不议补差"),
    "plant_cfd": ("Contract for difference", "差价合约"),
    "export": ("Export", "上网电费"),
    "capacity_compensation": ("Capacity compensation", "容量补偿电费"),
    "certificates": ("Green certificates", "绿证"),
    "certificates_sold": ("Green certificates sold", "绿证出售"),
    "green_premium": ("Green power premium", "绿电溢价"),
    "power_factor": ("Power factor adjustment", "力调电费"),
}

_ASSET_ITEMS: dict[tuple[str, Stream], tuple[str, str]] = {
    ("wear", Stream.WEAR): ("Wear", "储能折旧"),
    ("calendar", Stream.WEAR): ("Calendar fade", "储能日历老化"),
    ("energy", Stream.GENERATION): ("Energy", "发电电费"),
    ("curtailment", Stream.CURTAILMENT): ("Curtailment", "弃电费用"),
    ("dropped", Stream.SERVICE): ("Load dropped", "削减负荷损失"),
    ("held", Stream.RESERVE): ("Power held", "备用容量收益"),
    ("called", Stream.RESERVE): ("Energy called", "调用电量收益"),
    ("response", Stream.RESERVE): ("Demand response", "需求响应收益"),
    ("promise", Stream.RESERVE): ("Response promised", "需求响应容量收益"),
    ("underdelivery", Stream.RESERVE): ("Response not delivered", "需求响应欠响应考核"),
    ("discharge", Stream.RESERVE): ("Discharge payment", "放电补偿"),
    ("charge", Stream.RESERVE): ("Charging payment", "充电补偿"),
    ("capacity", Stream.RESERVE): ("Capacity payment", "容量电价收益"),
}
"""By ending and kind of money: a tariff may have a charge called `energy` too."""

_BANDS = {"tip", "peak", "flat", "valley", "deep", "deep_valley"}
_SIDES = {"below": "不足", "above": "超出"}
_BLOCK = re.compile(r"(?:^| )block (\d+)$")


def item_words(line: Line) -> tuple[str, str]:
    """English and Chinese name of a line; one nobody foresaw is shown as it is called, with its kind of money.

    Examples
    --------
    >>> item_words(Line("contract.line_loss", "grid company", Stream.ENERGY))
    ('Line loss', '上网环节线损费')
    >>> item_words(Line("two_part.peaks", "grid company", Stream.DEMAND))
    ('two_part.peaks', '需量电费')
    """
    name = line.name.removeprefix(_CONTRACT)
    if name in _ITEMS:
        return _ITEMS[name]
    if name.endswith(_POWER_FACTOR):
        return _power_factor_words(name.removesuffix(_POWER_FACTOR), line.stream)
    owner, _, ending = name.rpartition(".")
    asset = _ASSET_ITEMS.get((ending, line.stream)) if owner else None
    if asset:
        return f"{asset[0]} of {owner}", asset[1]
    # what the user named stays as he wrote it; what a contract names is a key of this package
    english = name if owner else _sentence(name)
    return english, chinese(str(line.stream))


def band_words(band: str) -> str:
    """A band with its Chinese name beside it where it has one.

    Examples
    --------
    >>> band_words("tip"), band_words("block 2"), band_words("2027-07-01"), band_words("")
    ('Tip 尖峰', 'block 2 第2档', '2027-07-01', '')
    """
    if band.lower() in _BANDS:
        return both(band.lower())
    block = _BLOCK.search(band)
    if block:
        return f"{band} 第{block[1]}档"
    side = _SIDES.get(band.rpartition(" ")[2])
    return f"{band} {side}" if side else band


def _power_factor_words(base: str, stream: Stream) -> tuple[str, str]:
    english, base_chinese = _ITEMS.get(base, (_sentence(base), chinese(str(stream))))
    return f"Power factor: {english}", f"力调电费({base_chinese})"


def _sentence(key: str) -> str:
    """A key as words; only the first letter changes, names may have capitals of their own."""
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
