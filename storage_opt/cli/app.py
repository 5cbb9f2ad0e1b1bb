"""All commands in one place; a command module imports the library only when it runs, so help is instant."""

from __future__ import annotations

from collections.abc import Callable

import typer

from storage_opt.cli.bill import bill
from storage_opt.cli.check import check
from storage_opt.cli.examples import EXAMPLES
from storage_opt.cli.explain import explain
from storage_opt.cli.failures import guarded
from storage_opt.cli.init import init
from storage_opt.cli.optimize import optimize
from storage_opt.cli.profiles import profiles
from storage_opt.cli.size import size
from storage_opt.cli.tariff import tariff_export, tariff_list, tariff_products, tariff_show

__all__ = ["app"]

_HELP = """Certified optimal storage schedules and audited bills for industrial and data-centre sites.

SITE is a folder with `site.toml`, that file, or the name of a profile that ships.

\b
  storage-opt profiles                         ready sites
  storage-opt init ulanqab my-site             copy one to edit
  storage-opt check my-site                    what was understood
  storage-opt optimize my-site --out result    schedule, bill, proof, charts
  storage-opt size my-site --out project       sizes that pay, cash flow, proof

\b
Exit codes: 0 ok, 2 input, 3 infeasible or unbounded, 4 solver, 130 interrupted.
"""


def _group(text: str) -> typer.Typer:
    # plain help: rich would double the time to the first line, and read units such as [kW] as markup
    return typer.Typer(
        help=text, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False
    )


def _add(group: typer.Typer, command: Callable[..., None], name: str, *, of: str = "") -> None:
    # \b keeps the lines of an epilog as they are
    lines = "\n".join(f"  {line}" for line in EXAMPLES[of + name])
    group.command(name, epilog=f"\b\nExamples:\n{lines}")(guarded(command))


app = _group(_HELP)
_tariff = _group("Look up Chinese network prices, calendars and market products.")

_COMMANDS: tuple[Callable[..., None], ...] = (profiles, init, check, optimize, size, bill, explain)
_TARIFF: dict[str, Callable[..., None]] = {
    "list": tariff_list,
    "products": tariff_products,
    "show": tariff_show,
    "export": tariff_export,
}

for _command in _COMMANDS:
    _add(app, _command, _command.__name__)
for _word, _command in _TARIFF.items():
    _add(_tariff, _command, _word, of="tariff ")
app.add_typer(_tariff, name="tariff")
