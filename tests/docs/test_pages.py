"""Links resolve, generated pages are fresh, and each page says for whom it is."""

from __future__ import annotations

import re

import pytest

from storage_opt.spec.reference import reference_page
from tests.support import markdown
from tests.support.source import DOCS, REPOSITORY

PAGES = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])
FOR_WHOM = re.compile(r"^\*For .+?\*$|^\*For .+", re.MULTILINE)


def _id(page) -> str:
    return page.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_links_resolve(page):
    broken = []
    for target in markdown.links(page):
        if re.match(r"^[a-z]+://", target):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        if not other.exists() or (anchor and anchor not in markdown.anchors(other)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", [p for p in PAGES if p.is_relative_to(DOCS) and p.parent.name != "adr"], ids=_id)
def test_each_page_says_for_whom_it_is(page):
    head = "\n".join(page.read_text(encoding="utf-8").splitlines()[:6])
    assert FOR_WHOM.search(head)


@pytest.mark.parametrize("page", sorted((DOCS / "adr").glob("[0-9]*.md")), ids=_id)
def test_decisions_have_their_four_parts(page):
    text = page.read_text(encoding="utf-8")
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Alternatives refused", "Consequences"]


def test_every_page_can_be_reached():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    lost = [
        _id(page)
        for page in DOCS.rglob("*.md")
        if page.name != "README.md" and f"({page.relative_to(DOCS)})" not in index
    ]
    assert lost == []


def test_site_toml_reference_is_fresh():
    page = DOCS / "reference" / "site-toml.md"
    assert page.read_text(encoding="utf-8") == reference_page(), "run python -m storage_opt.spec.reference on it"
