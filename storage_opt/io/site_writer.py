"""A spec to a `site.toml` that explains itself: every key carries its meaning and unit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from storage_opt.errors import Fault, InputError
from storage_opt.io.atomic import atomic_file
from storage_opt.io.spec_walk import Key, shape_of, write_key
from storage_opt.spec.series import InMemory
from storage_opt.spec.site import SiteSpec

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from tomlkit import TOMLDocument
    from tomlkit.items import Item, Table

__all__ = ["site_text", "write_site"]

_LONGEST_INLINE = 80


def write_site(spec: SiteSpec, path: Path | str) -> None:
    """Write a spec as a site file; keys at their defaults are left out.

    Parameters
    ----------
    spec : SiteSpec
        What to write.
    path : Path or str
        The file; an older one is replaced.

    Raises
    ------
    InputError
        When a series is an array in memory, which a site file cannot hold.
    """
    text = site_text(spec)
    with atomic_file(path) as staged:
        staged.write_text(text, encoding="utf-8", newline="\n")


def site_text(spec: SiteSpec) -> str:
    """The text of a site file for a spec; reading it gives an equal spec.

    Raises
    ------
    InputError
        When a series is an array in memory, which a site file cannot hold.
    """
    import tomlkit

    _refuse_arrays(spec, ())
    document = tomlkit.document()
    _fill(document, spec, set())
    return tomlkit.dumps(document)


def _refuse_arrays(model: BaseModel, key: Key) -> None:
    for name in type(model).model_fields:
        for inner_key, value in _entries(getattr(model, name), (*key, name)):
            if isinstance(value, InMemory):
                hint = 'write the array to a table and name it with {file = "...", column = "..."}'
                what = "an array in memory cannot stand in a site file"
                raise InputError([Fault(what, hint, key=write_key(inner_key))])
            if isinstance(value, BaseModel):
                _refuse_arrays(value, inner_key)


def _entries(value: Any, key: Key) -> list[tuple[Key, Any]]:
    if isinstance(value, Mapping):
        return [((*key, str(name)), entry) for name, entry in value.items()]
    if isinstance(value, tuple):
        return [((*key, position), entry) for position, entry in enumerate(value)]
    return [(key, value)]


def _fill(table: TOMLDocument | Table, model: BaseModel, explained: set[tuple[type, str]]) -> None:
    """Plain keys first, tables after them, as TOML demands."""
    import tomlkit

    plain = model.model_dump(exclude_defaults=True)
    tables: list[tuple[str, Any]] = []
    for name, info in type(model).model_fields.items():
        if name not in plain:
            continue
        value = getattr(model, name)
        shape = shape_of(info)
        if shape.models and not shape.is_series and _is_table(name, value):
            tables.append((name, value))
            continue
        item = _item(plain[name])
        if (type(model), name) not in explained:
            explained.add((type(model), name))
            if "\n" in item.as_string():
                table.add(tomlkit.comment(_comment(info)))
            else:
                item.comment(_comment(info))
        table.add(name, item)
    _fill_tables(table, tables, explained)


def _fill_tables(table: TOMLDocument | Table, tables: list[tuple[str, Any]], explained: set[tuple[type, str]]) -> None:
    import tomlkit

    for name, value in tables:
        if isinstance(value, Mapping):
            held = tomlkit.table(is_super_table=True)
            for entry_name, entry in value.items():
                held.add(entry_name, _table(entry, explained))
            table.add(name, held)
        elif isinstance(value, tuple):
            array = tomlkit.aot()
            for entry in value:
                array.append(_table(entry, explained))
            table.add(name, array)
        else:
            table.add(name, _table(value, explained))


def _is_table(name: str, value: Any) -> bool:
    """Whether a value gets a header of its own; small records of a list stay in their line."""
    if isinstance(value, tuple):
        return name in {"energy", "demand", "fixed"}
    return name != "final_soc"


def _table(model: BaseModel, explained: set[tuple[type, str]]) -> Table:
    import tomlkit

    table = tomlkit.table()
    _fill(table, model, explained)
    return table


def _item(value: Any) -> Item:
    """A value in its line; lists of lists and of records get a line an entry."""
    import tomlkit

    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        for name, entry in value.items():
            inline.append(name, _item(entry))
        return inline
    if isinstance(value, list | tuple):
        array = tomlkit.array()
        for entry in value:
            array.append(_item(entry))
        return array.multiline(_is_nested(value) and len(array.as_string()) > _LONGEST_INLINE)
    return tomlkit.item(str(value) if isinstance(value, str) else value)


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(entry, Mapping | list | tuple) for entry in value)


def _comment(info: FieldInfo) -> str:
    quantity = shape_of(info).quantity
    unit = f" [{quantity.unit}]" if quantity is not None and quantity.unit != "1" else ""
    text = " ".join((info.description or "").split()).replace("``", "`").rstrip(".")
    return f"{text}{unit}"
