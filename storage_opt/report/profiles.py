"""The list of ready sites."""

from __future__ import annotations

from collections.abc import Iterator

from storage_opt.catalog.profiles import profile_folder, profile_names
from storage_opt.report.view import Row, View

__all__ = ["profiles_view"]


def profiles_view() -> View:
    """What `storage-opt profiles` prints: name, what it is, and where it stands."""

    def tables() -> list[object]:
        from storage_opt.report.layout import table

        rows = [(str(row["name"]), str(row["title"]), str(row["assets"]), str(row["folder"])) for row in _rows()]
        columns = [("Profile 样板", "left"), ("Site 场站", "left"), ("Assets 资产", "left"), ("Folder 目录", "left")]
        return [table("Profiles 样板场站", columns, rows, note="copy one with `storage-opt init PROFILE [FOLDER]`")]

    return View(tables, lambda: {"profiles": list(_rows())}, _rows)  # type: ignore[arg-type]


def _rows() -> Iterator[Row]:
    import tomllib

    for name in profile_names():
        folder = profile_folder(name)
        raw = tomllib.loads((folder / "site.toml").read_text(encoding="utf-8"))
        assets = ", ".join(asset for kind in ("load", "generator", "battery") for asset in raw.get(kind, {}))
        yield {"name": name, "title": str(raw.get("name", name)), "assets": assets, "folder": str(folder)}
