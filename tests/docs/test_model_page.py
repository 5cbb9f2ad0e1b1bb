"""The page of equations names every constraint that the code states."""

from __future__ import annotations

import ast
import re

from tests.support import source

NAMING = {"require", "Rule", "_rule"}


def _literal_end(node: ast.expr) -> str | None:
    """The literal part of a name after its owner: ``f"{line}.block_{k}"`` gives ``block``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    else:
        return None
    return re.sub(r"_?\{\}$", "", text.rsplit(".", 1)[-1]).replace("{}", "").removeprefix("_")


def _stated() -> set[str]:
    found: set[str] = set()
    for path in source.package_files():
        if path.parent.name not in {"assets", "charges", "model"}:
            continue
        for node in ast.walk(source.tree(path)):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in NAMING and node.args:
                found.add(_literal_end(node.args[0]) or "")
    return {name for name in found if name not in {"", "up", "down", "power"}}


def test_every_constraint_is_on_the_page():
    page = (source.DOCS / "reference" / "model.md").read_text(encoding="utf-8")
    stated = _stated()
    assert {"balance", "dynamics", "import_limit", "chunk_peak"} <= stated, "the search no longer finds constraints"
    assert sorted(name for name in stated if f"`{name}`" not in page) == []
