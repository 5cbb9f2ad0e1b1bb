"""`storage-opt tariff list | products | show | export`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from storage_opt.cli.sites import FormatOption, OutputFormat

__all__ = ["tariff_export", "tariff_list", "tariff_products", "tariff_show"]

RegionArgument = Annotated[str, typer.Argument(metavar="REGION", help="Code or name of a grid, such as NM_W or 蒙西.")]
OnOption = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], metavar="DATE", help="Day of supply; by default today."),
]


def tariff_list(form: FormatOption = OutputFormat.TABLE) -> None:
    """List grids, calendars, validity and documents."""
    from storage_opt.cli.output import show
    from storage_opt.report.tariff_list import tariff_list_view

    show(tariff_list_view(), form)


def tariff_products(form: FormatOption = OutputFormat.TABLE) -> None:
    """List presets of market products with their prices.

    Peak regulation, demand response, payments by rule; with validity and how each is known.
    """
    from storage_opt.cli.output import show
    from storage_opt.report.product_list import product_list_view

    show(product_list_view(), form)


def tariff_show(
    region: RegionArgument,
    voltage: Annotated[str, typer.Option("--voltage", "-V", metavar="KV", help="Voltage of the connection.")] = "110kV",
    month: Annotated[int | None, typer.Option("--month", min=1, max=12, metavar="M", help="This month alone.")] = None,
    on: OnOption = None,
    variant: Annotated[
        str, typer.Option("--variant", metavar="NAME", help="Days of another kind, such as `holiday`.")
    ] = "",
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Draw the map as well (PNG, SVG or PDF).")
    ] = None,
    form: FormatOption = OutputFormat.TABLE,
) -> None:
    """Draw periods and prices of each month and hour.

    T tip, P peak, F flat, V valley, D deep valley. Where the catalog has no prices, multipliers are shown.
    """
    from storage_opt.catalog.region_tariff import region_tariff, today_in_china
    from storage_opt.cli.output import notes, show
    from storage_opt.report.tariff_map import tariff_view

    tariff = region_tariff(region, voltage, on.date() if on else today_in_china(), variant=variant)
    if picture is not None:
        from storage_opt.report.tariff_picture import save_tariff_picture

        save_tariff_picture(tariff, picture, month)
    show(tariff_view(tariff, month), form)
    notes(tariff.notes)


def tariff_export(
    region: RegionArgument,
    voltage: Annotated[str, typer.Option("--voltage", "-V", metavar="KV", help="Voltage of the connection.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the tariff in the site.")] = "supply",
    on: OnOption = None,
) -> None:
    """Print a tariff as a section of site.toml.

    Energy by time of use and demand, with documents as comments.
    """
    from storage_opt.catalog.region_tariff import region_tariff, today_in_china
    from storage_opt.catalog.tariff_toml import tariff_toml
    from storage_opt.cli.output import notes

    tariff = region_tariff(region, voltage, on.date() if on else today_in_china())
    typer.echo(tariff_toml(tariff, name), nl=False)
    notes(tariff.notes)
