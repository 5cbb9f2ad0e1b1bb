"""What holds for every test: fixed seeds, no deadline that depends on the machine, tables as wide as in a file."""

from __future__ import annotations

import os

from hypothesis import settings

# a terminal, or a runner of several processes, says how wide it is; tables are read at the width of a file
os.environ.pop("COLUMNS", None)

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
