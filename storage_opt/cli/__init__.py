"""The command `storage-opt`: parse, one library call, render."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        # a terminal without Chinese must not stop a report
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        from storage_opt.cli.app import app

        app(prog_name="storage-opt")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
