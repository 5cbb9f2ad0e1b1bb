"""The statement as a file of its own, CSV or XLSX by its ending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from storage_opt.errors import Fault, InputError
from storage_opt.io.atomic import atomic_file, refuse_input_file
from storage_opt.report.statement import statement_rows
from storage_opt.report.statement_xlsx import statement_xlsx
from storage_opt.report.view import as_csv

if TYPE_CHECKING:
    from storage_opt.ledger.ledger import Ledger
    from storage_opt.spec.resolved import Site

__all__ = ["refuse_statement_name", "save_statement", "statement_csv"]

_ENDINGS = {".csv", ".xlsx"}
_KEY = "--statement"


def statement_csv(runs: Mapping[str, Ledger], currency: str) -> bytes:
    """The content of `statement.csv`: the rows of every run, in UTF-8."""
    return as_csv(statement_rows(runs, currency)).encode()


def refuse_statement_name(path: Path) -> None:
    """Refuse a file whose ending names no form of the statement; cheap, so ask before a long run.

    Raises
    ------
    InputError
        When it ends in neither .csv nor .xlsx.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise InputError([Fault(f"`{path}` is no name of a statement", "end it in .csv or .xlsx", key=_KEY)])


def save_statement(site: Site, runs: Mapping[str, Ledger], path: Path, inputs: Iterable[Path] = ()) -> None:
    """Write the statement; an older one is replaced, an input never.

    Parameters
    ----------
    site : Site
        Whose bill it is; on the horizon of the ledgers. Its own files are inputs too.
    runs : mapping of str to Ledger
        What the statement is of, such as ``metered``, and then what it is compared with, ``baseline``.
    path : Path
        The file, ending in .csv or .xlsx.
    inputs : iterable of Path
        Further files that were read.

    Raises
    ------
    InputError
        When the file has another ending, is an input, or can't be written; nothing is left behind.
    """
    refuse_statement_name(path)
    refuse_input_file(path, (*_files_of(site), *inputs))
    is_table = path.suffix.lower() == ".csv"
    content = statement_csv(runs, site.spec.currency) if is_table else statement_xlsx(site, runs)
    with atomic_file(path) as staged:
        try:
            staged.write_bytes(content)
        except OSError as error:
            what = f"cannot write the statement to `{path}`: {error.strerror or error}"
            raise InputError([Fault(what, "free space on the disk or choose another file", key=_KEY)]) from error


def _files_of(site: Site) -> tuple[Path, ...]:
    """The site file and every table it names."""
    if site.source is None:
        return ()
    folder = site.source.parent
    return (site.source, *(folder / column.file for column in site.columns))
