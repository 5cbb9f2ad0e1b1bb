"""`storage-opt check`."""

from __future__ import annotations

from storage_opt.cli.sites import FormatOption, OutputFormat, SiteArgument, open_site, site_path

__all__ = ["check"]


def check(site: SiteArgument, form: FormatOption = OutputFormat.TABLE) -> None:
    """Show what was understood of a site.

    Reads everything and applies the tariffs; every fault is listed with its place. Nothing is solved.
    """
    from storage_opt.cli.output import show
    from storage_opt.report.site_view import site_view
    from storage_opt.studies.checking import check as understand

    show(site_view(understand(open_site(site_path(site)))), form)
