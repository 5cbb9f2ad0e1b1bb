"""`storage-opt profiles`."""

from __future__ import annotations

from storage_opt.cli.sites import FormatOption, OutputFormat

__all__ = ["profiles"]


def profiles(form: FormatOption = OutputFormat.TABLE) -> None:
    """List ready sites to run and to copy."""
    from storage_opt.cli.output import show
    from storage_opt.report.profiles import profiles_view

    show(profiles_view(), form)
