"""The words of maps, tornado, break-even and marginal values: English first, Chinese beside it."""

from __future__ import annotations

from storage_opt.report.style import cjk_font
from storage_opt.studies.sizing.assumptions import Assumption, AssumptionKind
from storage_opt.studies.sizing.axis import Axis
from storage_opt.studies.sizing.case import Case

__all__ = ["assumption_words", "axis_words", "drawn", "size_words", "told", "value_words"]

_WORDS: dict[str, tuple[str, str]] = {
    "landscape": ("Net present value around the optimum", "最优点附近的净现值"),
    "frontier": ("Frontier of net present value", "净现值前沿"),
    "tornado": ("Assumptions that matter", "敏感性分析"),
    "break_even": ("Break-even", "盈亏平衡点"),
    "marginal_worth": ("Marginal values", "边际价值"),
    "npv": ("Net present value", "净现值"),
    "cash_npv": ("Of the cash alone", "现金净现值"),
    "optimum": ("Optimum", "最优点"),
    "flat": ("within 1 % of the optimum", "净现值损失不超过1%"),
    "point": ("solved", "已求解"),
    "held": ("sizes held", "容量不变"),
    "followed": ("sizes follow", "容量随之优化"),
    "change": ("Change of net present value", "净现值变化"),
    "assumption": ("Assumption", "假设"),
    "low": ("Low", "低值"),
    "high": ("High", "高值"),
    "value": ("Value", "取值"),
    "question": ("Question", "问题"),
    "answer": ("Answer", "结论"),
    "range": ("Range looked at", "考察范围"),
    "in_words": ("In words", "文字说明"),
    "one_more": ("One more", "每增加一个单位"),
    "now": ("Now", "当前"),
    "worth": ("Worth a year", "每年价值"),
    "costs": ("Costs a year", "每年成本"),
    "holds": ("Holds from – to", "适用范围"),
    "checked": ("One less / one more, solved", "增减各一单位复核"),
    "size": ("Size", "容量"),
    "zero": ("breaks even", "盈亏平衡"),
}
_KINDS: dict[AssumptionKind, tuple[str, str]] = {
    AssumptionKind.CAPEX: ("Investment", "建设投资"),
    AssumptionKind.UPKEEP: ("Upkeep", "运维费"),
    AssumptionKind.REPLACEMENT: ("Replacement cost", "更换费用"),
    AssumptionKind.DISCOUNT_RATE: ("Discount rate", "折现率"),
    AssumptionKind.PROJECT_YEARS: ("Project life", "项目年限"),
    AssumptionKind.ENERGY_RISE: ("Yearly rise of energy savings", "电量电费年涨幅"),
    AssumptionKind.BUDGET: ("Budget", "投资预算"),
    AssumptionKind.PRICE_SPREAD: ("Peak-valley spread", "峰谷价差"),
    AssumptionKind.ENERGY_PRICE: ("Energy price level", "电价水平"),
    AssumptionKind.DEMAND_PRICE: ("Demand and capacity price", "容（需）量电价"),
    AssumptionKind.PLANT_PRICE: ("Price of the plant's energy", "电源侧电价"),
    AssumptionKind.EXPORT_PRICE: ("Export price", "上网电价"),
    AssumptionKind.LOAD_LEVEL: ("Load level", "负荷水平"),
    AssumptionKind.EFFICIENCY: ("Round-trip efficiency", "往返效率"),
    AssumptionKind.YIELD: ("Yield", "发电量"),
    AssumptionKind.WEAR_COST: ("Wear cost", "电池折旧成本"),
}
_FIELDS: dict[str, tuple[str, str]] = {
    "power_kw": ("power", "功率"),
    "energy_kwh": ("energy", "容量"),
    "capacity_kw": ("capacity", "装机"),
    "transformer_kva": ("transformer", "变压器"),
    "access_capacity_kva": ("access capacity", "接网容量"),
    "contract_kw": ("declared demand", "合同需量"),
    "take_or_pay_volume_kwh_per_year": ("take-or-pay volume", "照付不议电量"),
}
_SHARES = {"1", "1/year"}


def told(key: str) -> str:
    """A word in both languages, for terminals and files."""
    return " ".join(_WORDS[key])


def drawn(key: str) -> str:
    """A word for a picture: with Chinese where a font can draw it."""
    return told(key) if cjk_font() else _WORDS[key][0]


def assumption_words(assumption: Assumption, *, chinese: bool = True) -> str:
    """Name of an assumption, with its asset."""
    return _named(_KINDS[assumption.kind], assumption.asset, chinese=chinese)


def size_words(case: Case, number: int, *, chinese: bool = True) -> str:
    """Name of an open size, with its asset."""
    size = case.problem.sizes[number]
    field = size.name.rpartition(".")[2]
    words = _FIELDS.get(field, (size.words, ""))
    return _named((words[0].capitalize(), words[1]), size.asset, chinese=chinese)


def axis_words(case: Case, axis: Axis, *, chinese: bool = True) -> str:
    """Name of an axis, without its unit."""
    if axis.number is not None:
        return size_words(case, axis.number, chinese=chinese)
    kind, _, asset = axis.name.partition(" of ")
    return _named(_KINDS[AssumptionKind(kind)], asset, chinese=chinese)


def value_words(unit: str, value: float) -> str:
    """A value of an assumption with its unit: factors as percent of what is assumed, shares as percent."""
    if unit == "x":
        return f"{value:.4g}\N{MULTIPLICATION SIGN}"
    if unit in _SHARES:
        return f"{value:.4%}".rstrip("%").rstrip("0").rstrip(".").replace("-", "\N{MINUS SIGN}") + " %"
    return f"{value:,.6g} {unit}" if unit != "year" else f"{value:.0f} years"


def _named(words: tuple[str, str], asset: str, *, chinese: bool) -> str:
    english, other = words
    name = f"{english} of {asset}" if asset and asset not in {"grid", "demand", "plant"} else english
    return f"{name} {other}" if chinese and other else name
