"""What holds for every test: fixed seeds, and no deadline that depends on the machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
