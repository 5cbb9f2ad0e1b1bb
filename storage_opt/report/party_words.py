"""What the parties of a bill are called."""

from __future__ import annotations

from storage_opt.charges.base import SITE

__all__ = ["party_words"]

_PARTIES = {
    "grid company": "Grid company 电网企业",
    "market": "Market 电力市场/售电公司",
    "plant owner": "Plant owner 发电企业",
    "government funds": "Government funds 政府性基金",
    "certificate market": "Certificate market 绿证市场",
    "grid operator": "Grid operator 电网调度机构",
    "users of the load": "Users of the load, internal 负荷用户(内部)",
    "battery wear": "Battery wear, internal 储能折旧(内部)",
    SITE: "Site 用户(园区)",
}


def party_words(party: str) -> str:
    """A party with its Chinese name beside it; one that the user named is shown as he wrote it.

    Examples
    --------
    >>> party_words("grid company"), party_words("Guangdong Power Grid (广东电网)")
    ('Grid company 电网企业', 'Guangdong Power Grid (广东电网)')
    """
    return _PARTIES.get(party, party)
