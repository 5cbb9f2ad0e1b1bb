"""All commands in one place; a command module imports the library only when it runs, so help is instant."""

from __future__ import annotations

import typer

from storage_opt.cli.bill import bill
from storage_opt.cli.check import check
from storage_opt.cli.examples import EXAMPLES
from storage_opt.cli.explain import explain
from storage_opt.cli.failures import guarded
from storage_opt.cli.init import init
from storage_opt.cli.optimize import optimize
from storage_opt.cli.profiles import profiles

__all__ = ["app"]

_HELP = """Certified optimal storage schedules and audited bills for industrial and data-centre sites.

SITE is a folder with `site.toml`, that file, or the name of a profile that ships.

\b
  storage-opt profiles                         ready sites
  storage-opt init ulanqab my-site             copy one to edit
  storage-opt check my-site                    what was understood
  storage-opt optimize my-site --out result    schedule, bill, proof, charts

\b
Exit codes: 0 ok, 2 input, 3 infeasible or unbounded, 4 solver, 130 interrupted.
"""

# plain help: rich would double the time to the first line, and read units such as [kW] as markup
app = typer.Typer(
    help=_HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False
)

for _command in (profiles, init, check, optimize, bill, explain):
    # \b keeps the lines of an epilog as they are
    _lines = "\n".join(f"  {line}" for line in EXAMPLES[_command.__name__])
    app.command(epilog=f"\b\nExamples:\n{_lines}")(guarded(_command))
