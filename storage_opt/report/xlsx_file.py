"""A workbook as bytes: the same content gives the same file, and formulas carry their value.

openpyxl stamps the time of saving and writes formulas without a value. A program that reads the file, or a preview
that does not calculate, would then see nothing where the totals stand.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["workbook_bytes"]

_STAMP = "2000-01-01T00:00:00Z"
_ZIP_STAMP = (2000, 1, 1, 0, 0, 0)
_CORE = "docProps/core.xml"
_DATES = re.compile(rb"(<dcterms:(created|modified)\b[^>]*>)[^<]*")
_FORMULA = re.compile(rb'(<c r="([A-Z]+[0-9]+)"[^>]*><f>[^<]*</f>)<v\s*(?:/>|></v>)')


def workbook_bytes(workbook: Workbook, values: Mapping[str, Mapping[str, float]]) -> bytes:
    """The workbook as the content of an .xlsx file.

    Parameters
    ----------
    workbook : Workbook
        What to save.
    values : mapping of str to mapping of str to float
        For each sheet, by its title, the value of each formula, by its cell such as ``B7``.
    """
    saved = io.BytesIO()
    workbook.save(saved)
    parts = {f"xl/worksheets/sheet{n}.xml": values.get(sheet.title, {}) for n, sheet in enumerate(workbook, start=1)}
    written = io.BytesIO()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == _CORE:
                content = _DATES.sub(rb"\g<1>" + _STAMP.encode(), content)
            elif name in parts:
                content = _with_values(content, parts[name])
            entry = zipfile.ZipInfo(name, _ZIP_STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return written.getvalue()


def _with_values(content: bytes, values: Mapping[str, float]) -> bytes:
    def filled(found: re.Match[bytes]) -> bytes:
        value = values.get(found[2].decode())
        return found[0] if value is None else found[1] + f"<v>{value!r}</v>".encode()

    return _FORMULA.sub(filled, content)
