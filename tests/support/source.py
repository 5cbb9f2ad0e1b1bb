"""The package's own source, as the house rules read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import storage_opt

PACKAGE = Path(storage_opt.__file__).parent
REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def package_files() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def python_files() -> list[Path]:
    """Every Python file of the project."""
    return [*package_files(), *sorted((REPOSITORY / "tests").rglob("*.py"))]


def shown(path: Path) -> str:
    """A path as messages and allow-lists name it."""
    return path.relative_to(PACKAGE.parent if path.is_relative_to(PACKAGE) else REPOSITORY).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def definitions(path: Path) -> Iterator[tuple[str, Definition]]:
    """Functions, methods and classes of a file with their dotted names."""
    yield from _within(tree(path), "")


def _within(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield f"{prefix}{child.name}", child
            inner = "" if isinstance(child, ast.ClassDef) else "<locals>."
            yield from _within(child, f"{prefix}{child.name}.{inner}")
        else:
            yield from _within(child, prefix)


def attributes_read(node: ast.AST) -> set[str]:
    """Names read as attributes below a node, by a dot or by a pattern."""
    nodes = list(ast.walk(node))
    by_dot = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    return by_dot | {name for n in nodes if isinstance(n, ast.MatchClass) for name in n.kwd_attrs}


def code_lines(node: Definition) -> int:
    """Lines of a definition without its docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
    return lines
