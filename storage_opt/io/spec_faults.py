"""Validation errors of a spec in the user's words: key as written, value, unit, range, and what to do."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storage_opt.errors import Fault
from storage_opt.io.spec_walk import Key, field_at, model_at, shape_of, write_key
from storage_opt.spec.fields import Quantity
from storage_opt.spec.misfit import Misfit, MisfitError
from storage_opt.units import Dimension, factor

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

__all__ = ["misfit_fault", "nearest", "spec_faults", "wrong_range"]

_WRONG_KIND = {"model_type", "dict_type", "tuple_type", "float_type", "literal_error", "is_instance_of"}
_PERCENT = 100.0
_SURELY_PERCENT = 1.5
_NAME_HINT = "use letters, digits, _ and -, at most 64, beginning with a letter or digit"
_SERIES_HINT = "write a number, 12 monthly or 24 hourly values, 12 lists of 24, or {file = ..., column = ...}"
_NUMBER_WITH_UNIT = re.compile(r"^\s*([-+]?[\d.,]+(?:[eE][-+]?\d+)?)\s*(\S*)\s*$")
_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "below"),
}
_KINDS = {
    "bool_type": "true or false",
    "string_type": 'text in quotes ("...")',
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list ([...])",
    "dict_type": "a table of named entries",
    "model_type": "a table",
    "date_type": "a date such as 2026-01-01",
    "datetime_type": "a time such as 2026-01-01T00:00:00",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an error stands in the file, and how far inside a choice of types it lies."""

    key: Key
    choice: Key | None
    value: Any


def spec_faults(error: ValidationError, raw: Mapping[str, Any], root: type[BaseModel], file: str) -> list[Fault]:
    """One fault for each thing the user got wrong, whatever number of types pydantic tried for it.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    raw : mapping
        The site file as written.
    root : model class
        The spec that was validated.
    file : str
        Name of the site file.
    """
    by_choice: dict[Key, list[tuple[ErrorDetails, _Place]]] = {}
    misfits: list[Misfit] = []
    for number, details in enumerate(error.errors()):
        cause = details.get("ctx", {}).get("error")
        if isinstance(cause, MisfitError):
            misfits += cause.misfits
            continue
        place = _locate(details["loc"], raw)
        own = (*place.key, details["type"]) if place.key else (number,)
        by_choice.setdefault(place.choice if place.choice is not None else own, []).append((details, place))
    faults = [_fault(*_best(group), root, file) for group in by_choice.values()]
    return list(dict.fromkeys([*faults, *(misfit_fault(misfit, file) for misfit in misfits)]))


def misfit_fault(misfit: Misfit, file: str) -> Fault:
    """What does not fit together at a site, as a fault."""
    return Fault(misfit.what, misfit.hint, file, write_key(misfit.key))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is closest to what was written, or None when none is close."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def _locate(loc: Sequence[str | int], raw: Mapping[str, Any]) -> _Place:
    """Follow the parts of a location that exist in the file; the others name types pydantic tried."""
    key: list[str | int] = []
    choice: Key | None = None
    value: Any = raw
    for position, part in enumerate(loc):
        in_table = isinstance(value, Mapping) and part in value
        if in_table or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            key.append(part)
            value = value[part]
        elif part == "[key]":
            continue
        elif position == len(loc) - 1 and isinstance(value, Mapping) and str(part).isidentifier():
            key.append(part)
            value = None
        elif choice is None:
            choice = tuple(key)
    return _Place(tuple(key), choice, value)


def _best(group: list[tuple[ErrorDetails, _Place]]) -> tuple[ErrorDetails, _Place]:
    """The error of the type the user most likely meant: the right kind with a wrong value, the deepest first."""
    text = isinstance(group[0][1].value, str)

    def rank(entry: tuple[ErrorDetails, _Place]) -> tuple[bool, bool, int]:
        details, place = entry
        kind = details["type"]
        is_wrong = kind in _WRONG_KIND and not (text and kind == "literal_error")
        return (is_wrong, kind == "literal_error", -len(place.key))

    return min(group, key=rank)


def _fault(details: ErrorDetails, place: _Place, root: type[BaseModel], file: str) -> Fault:
    kind, key = details["type"], place.key
    context = details.get("ctx") or {}
    info = field_at(root, key)
    if kind == "extra_forbidden":
        return _unknown_key(key, root, file)
    if kind == "missing":
        return _missing_key(key, info, file)
    quantity = shape_of(info).quantity if info is not None else None
    if details["loc"] and details["loc"][-1] == "[key]":
        return Fault(f"{place.key[-1]!r} is not a name", _NAME_HINT, file, write_key(key))
    if kind in _LIMITS and isinstance(place.value, int | float):
        bound_name, words = _LIMITS[kind]
        return wrong_range(float(place.value), f"{words} {context[bound_name]:g}", quantity, file, key)
    what, hint = _words(kind, context, place.value, quantity, details["msg"])
    if hint is None:
        hint = _SERIES_HINT if info is not None and shape_of(info).is_series else _meaning(info, quantity)
    return Fault(what, hint, file, write_key(key))


def _unknown_key(key: Key, root: type[BaseModel], file: str) -> Fault:
    known = sorted({name for model in model_at(root, key[:-1]) for name in model.model_fields})
    written = str(key[-1])
    close = nearest(written, known)
    hint = f"did you mean `{close}`?" if close else f"keys here are {', '.join(f'`{name}`' for name in known)}"
    return Fault(f"unknown key `{written}`", hint, file, write_key(key))


def _missing_key(key: Key, info: FieldInfo | None, file: str) -> Fault:
    quantity = shape_of(info).quantity if info is not None else None
    return Fault(f"`{key[-1]}` is missing", f"add it; {_meaning(info, quantity)}", file, write_key(key))


def _meaning(info: FieldInfo | None, quantity: Quantity | None) -> str:
    if info is None or not info.description:
        return "see the reference of the site file"
    text = " ".join(info.description.split()).replace("``", "`").rstrip(".")
    unit = f" [{quantity.unit}]" if quantity is not None and quantity.unit != "1" else ""
    return f"its meaning is: {text}{unit}"


def wrong_range(
    value: float, must_be: str, quantity: Quantity | None, file: str, key: Key, *, row: int | None = None
) -> Fault:
    """A number outside its range, with the unit slip that most likely explains it."""
    unit = f" {quantity.unit}" if quantity is not None and quantity.unit != "1" else ""
    is_fraction = quantity is not None and (quantity.dimension is Dimension.FRACTION or quantity.maximum == 1.0)
    if is_fraction and _SURELY_PERCENT <= value <= _PERCENT:
        hint = f"give shares as 0 to 1: write {value / _PERCENT:g}"
    elif value < 0 and quantity is not None and quantity.minimum == 0.0:
        hint = "give the size without a sign; each direction has a key of its own"
    else:
        hint = f"give a value {must_be}{unit}"
    return Fault(f"{value:g}{unit} is out of range, must be {must_be}{unit}", hint, file, write_key(key), row)


def _words(
    kind: str, context: Mapping[str, Any], value: Any, quantity: Quantity | None, message: str
) -> tuple[str, str | None]:
    if kind == "value_error":
        entry = "" if isinstance(value, list) else "entry 1 is "
        return _split_advice(str(context["error"]).removeprefix(entry))
    if kind == "finite_number":
        return f"{value} is not a finite number", None
    if kind in {"literal_error", "enum"}:
        return _not_a_choice(value, context)
    if kind in {"float_type", "int_type", "int_from_float"} and isinstance(value, str):
        return f"{value!r} is text, must be {_KINDS[kind]}", _number_in_text(value, quantity)
    if kind in _KINDS:
        return f"{_shown(value)} must be {_KINDS[kind]}", None
    if kind in {"too_short", "too_long"} and context.get("field_type") == "Mapping":
        return "needs at least one entry", None
    if kind in {"too_short", "too_long"}:
        wanted = context.get("min_length", context.get("max_length"))
        return f"has {context['actual_length']} values, needs {wanted}", None
    return f"{_shown(value)}: {message[:1].lower()}{message[1:]}", None


def _split_advice(message: str) -> tuple[str, str | None]:
    what, separator, advice = message.rpartition("; ")
    if not separator or advice.startswith("got "):
        return message, None
    return what, advice


def _not_a_choice(value: Any, context: Mapping[str, Any]) -> tuple[str, str | None]:
    choices = re.findall(r"'([^']+)'", str(context["expected"]))
    close = nearest(value, choices) if isinstance(value, str) else None
    listed = ", ".join(f'"{choice}"' for choice in choices)
    return f"{_shown(value)} is not one of {listed}", f'did you mean "{close}"?' if close else f"write one of {listed}"


def _number_in_text(text: str, quantity: Quantity | None) -> str:
    match = _NUMBER_WITH_UNIT.match(text)
    try:
        number = float(match.group(1).replace(",", "")) if match else math.nan
    except ValueError:
        number = math.nan
    if match is None or not math.isfinite(number):
        return "write a number without quotes"
    if not match.group(2):
        return f"write {number:g} without quotes"
    try:
        dimension = quantity.dimension if quantity is not None else None
        converted = number * factor(match.group(2), dimension) if dimension is not None else math.nan
    except ValueError:
        converted = math.nan
    if quantity is None or not math.isfinite(converted):
        return "write the number alone; its unit is fixed by the key"
    return f"write {converted:g}; the unit of this key is {quantity.unit}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
