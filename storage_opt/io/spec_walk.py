"""Find your way in a site file by the types of the spec: which model, field or series a key belongs to."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, Union

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from storage_opt.spec.fields import Quantity
from storage_opt.spec.series import FileColumn

__all__ = ["FieldShape", "Key", "field_at", "model_at", "series_fields", "shape_of", "write_key"]

Key: TypeAlias = tuple[str | int, ...]
"""Path in a site file: table names, keys, and positions in lists."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """What may stand at a field.

    Parameters
    ----------
    models : tuple of model classes
        Tables that may stand there (or under any name, when `named`; or in a list, when `listed`).
    named, listed : bool
        Whether the field is a mapping of names, or a list.
    is_series : bool
        Whether the field is a value over the horizon.
    quantity : Quantity or None
        Unit and range of its numbers.
    """

    models: tuple[type[BaseModel], ...]
    named: bool
    listed: bool
    is_series: bool
    quantity: Quantity | None


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation and everything nested in it, metadata included."""
    yield annotation
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = typing.get_args(annotation)
        yield from metadata
        yield from _parts(inner)
    elif origin is not None:
        for argument in typing.get_args(annotation):
            if argument is not Ellipsis:
                yield from _parts(argument)


def _origins(annotation: Any) -> set[Any]:
    return {typing.get_origin(part) for part in _parts(annotation)} - {None, Annotated, Union, types.UnionType}


def shape_of(info: FieldInfo) -> FieldShape:
    """What may stand at a field of a spec."""
    parts = [*info.metadata, *_parts(info.annotation)]
    models = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
    is_series = FileColumn in models
    origins = _origins(info.annotation)
    return FieldShape(
        models=tuple(models),
        named=not is_series and Mapping in origins,
        listed=not is_series and bool(origins & {tuple, list, Sequence}),
        is_series=is_series,
        quantity=next((part for part in parts if isinstance(part, Quantity)), None),
    )


def field_at(root: type[BaseModel], key: Key) -> FieldInfo | None:
    """Declaration of the field a key stands in, or None when the key is not known.

    The entries of a list and the names of a mapping belong to the field that holds them.
    """
    found: FieldInfo | None = None
    models: tuple[type[BaseModel], ...] = (root,)
    named = listed = False
    for part in key:
        if (named and isinstance(part, str)) or (listed and isinstance(part, int)):
            named = listed = False
            continue
        candidates = [model.model_fields[part] for model in models if part in model.model_fields]
        if not candidates:
            return found if isinstance(part, int) else None
        found = candidates[0]
        shape = shape_of(found)
        models, named, listed = shape.models, shape.named, shape.listed
    return found


def model_at(root: type[BaseModel], key: Key) -> tuple[type[BaseModel], ...]:
    """Models that may stand at a key; empty when only plain values may."""
    if not key:
        return (root,)
    info = field_at(root, key)
    return () if info is None else shape_of(info).models


def series_fields(raw: Mapping[str, Any], model: type[BaseModel], key: Key = ()) -> Iterator[tuple[Key, Any, Quantity]]:
    """Every field of a site file that holds a value over the horizon, as written, with its unit and range."""
    for name, info in model.model_fields.items():
        if name not in raw:
            continue
        shape, here, value = shape_of(info), (*key, name), raw[name]
        if shape.is_series:
            if shape.quantity is not None:
                yield here, value, shape.quantity
            continue
        for inner_key, inner in _tables(value, here, shape):
            for inner_model in shape.models:
                yield from series_fields(inner, inner_model, inner_key)


def _tables(value: Any, key: Key, shape: FieldShape) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    entries: list[tuple[Key, Any]] = [(key, value)]
    if shape.named and isinstance(value, Mapping):
        entries = [((*key, str(name)), entry) for name, entry in value.items()]
    elif shape.listed and isinstance(value, list):
        entries = [((*key, position), entry) for position, entry in enumerate(value)]
    yield from ((inner_key, entry) for inner_key, entry in entries if isinstance(entry, Mapping))


def write_key(key: Key) -> str:
    """The key as a dotted path, list positions in brackets and counted from 0.

    Examples
    --------
    >>> write_key(("tariff", "grid", "energy", 0, "price_per_kwh"))
    'tariff.grid.energy[0].price_per_kwh'
    """
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
