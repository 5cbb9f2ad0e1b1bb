"""Real series in the folder that STORAGE_OPT_DATA names; tests that need them are skipped without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["data_file", "needs_data"]

_FOLDER = os.environ.get("STORAGE_OPT_DATA")

needs_data = pytest.mark.skipif(_FOLDER is None, reason="STORAGE_OPT_DATA does not name the folder of real series")


def data_file(name: str) -> Path:
    """A file of the folder, such as ``prices/aemo_nsw1_2024_1h.csv``."""
    return Path(str(_FOLDER)) / name
