"""The words of the reports, English first with Chinese beside it."""

from __future__ import annotations

__all__ = ["both", "chinese", "english"]

_WORDS: dict[str, tuple[str, str]] = {
    # what is compared
    "baseline": ("Baseline", "基准"),
    "plan": ("Optimised", "优化"),
    "optimized": ("Optimised", "优化"),
    "metered": ("Metered", "实测"),
    "savings": ("Savings", "节省"),
    "change": ("Change", "变化"),
    # kinds of money, also value streams
    "energy": ("Energy charge", "电量电费"),
    "demand": ("Demand charge", "需量电费"),
    "export": ("Export", "上网电费"),
    "generation": ("Generation", "发电成本"),
    "curtailment": ("Curtailment", "弃电费用"),
    "wear": ("Battery wear", "电池折旧"),
    "service": ("Late and refused work", "延误与拒绝的作业"),
    "fixed": ("Fixed charges", "固定费用"),
    "minimum": ("Minimum bill", "最低电费"),
    "reserve": ("Market products", "市场产品收益"),
    "certificates": ("Green certificates", "绿证"),
    "power_factor": ("Power factor", "力调电费"),
    "energy_arbitrage": ("Energy arbitrage", "峰谷套利"),
    "self_consumption": ("Self-consumption", "新能源自用"),
    "storage_losses": ("Storage losses", "储能损耗"),
    "load_change": ("Change of load", "负荷变化"),
    "block_and_net_energy": ("Block and net energy", "阶梯与净额电量"),
    "minimum_bill": ("Minimum bill", "最低电费"),
    "total": ("Total", "合计"),
    # statement
    "statement": ("Electricity statement", "电费结算单"),
    "item": ("Item", "项目"),
    "party": ("Party", "收款方"),
    "parties": ("Bill by party", "分方电费"),
    "site_pays": ("Site pays", "用户支付"),
    "rounding": ("Rounding", "尾差"),
    "subtotal": ("Subtotal", "小计"),
    "period_total": ("Total of the period", "本期合计"),
    "grand_total": ("Total of all periods", "总计"),
    # periods of a day
    "tip": ("Tip", "尖峰"),
    "peak": ("Peak", "高峰"),
    "flat": ("Flat", "平段"),
    "valley": ("Valley", "低谷"),
    "deep": ("Deep valley", "深谷"),
    "deep_valley": ("Deep valley", "深谷"),
    "hour": ("Hour", "时刻"),
    "month": ("Month", "月份"),
    # headings
    "cost": ("Cost", "费用"),
    "bill": ("Bill by line", "电费明细"),
    "streams": ("Value streams", "收益构成"),
    "batteries": ("Batteries", "储能运行"),
    "rules": ("Contract rules", "合同约束"),
    "rules_without_storage": ("Contract rules, without storage", "合同约束(无储能)"),
    "branches": ("Branches", "方案比较"),
    "compute": ("Compute", "算力"),
    "compute_cost": ("Energy cost of compute", "算力用电成本"),
    "jobs": ("Jobs", "作业"),
    "flexibility": ("What flexibility earns", "灵活性收益"),
    "more_flexibility": ("What a little more would earn", "增加灵活性的收益"),
    "by_work": ("Work and cold alone", "仅算力与蓄冷"),
    "by_storage": ("Batteries alone", "仅储能"),
    "by_both": ("Both", "两者"),
    "together": ("Both beyond the sum", "协同增量"),
    "contract": ("Supply contract", "供电合同"),
    "compliance": ("Price of compliance", "合规成本"),
    "declared": ("To declare", "申报值"),
    "green_energy": ("Where energy went", "电量流向"),
    "certificate": ("Certificate", "最优性证明"),
    "marginals": ("What binds", "起约束作用的限值"),
    "timing": ("Time", "用时"),
    "periods": ("Bill by period", "分期电费"),
    "period": ("Period", "账期"),
    "assets": ("Assets", "资产"),
    "grid": ("Grid connection", "并网"),
    "generator": ("Generator", "电源"),
    "facility": ("Building", "机房"),
    "cluster": ("Cluster", "算力集群"),
    "battery": ("Battery", "储能"),
    "charges": ("Charges", "计费项"),
    "variables": ("Variables", "变量"),
    "constraints": ("Constraints", "约束"),
    "line": ("Line", "科目"),
    "kind": ("Kind", "类别"),
    "load": ("Load", "负荷"),
    "price": ("Energy price", "电价"),
    "import": ("Import", "下网"),
    "exported": ("Export", "上网"),
    "charge": ("Charge", "充电"),
    "discharge": ("Discharge", "放电"),
    "used": ("Generation used", "新能源消纳"),
    "curtailed": ("Curtailed", "弃电"),
    "soc": ("State of charge", "荷电状态"),
    "unshifted": ("Unshifted", "未移峰"),
    "unshifted_load": ("Unshifted load", "未移峰负荷"),
    "idle": ("Idle", "空闲"),
    "stored": ("Stored", "储量"),
    "cold_storage": ("Cold storage", "蓄冷"),
    "other": ("Other", "其他"),
    "net": ("Net amount", "净额"),
    "amount": ("Amount", "金额"),
}


def english(key: str) -> str:
    """English name of a key; an unknown key is shown as words."""
    known = _WORDS.get(key)
    return known[0] if known else key.replace("_", " ").capitalize()


def chinese(key: str) -> str:
    """Chinese name of a key; empty for an unknown one."""
    known = _WORDS.get(key)
    return known[1] if known else ""


def both(key: str) -> str:
    """English name with the Chinese one beside it."""
    return f"{english(key)} {chinese(key)}".strip()
