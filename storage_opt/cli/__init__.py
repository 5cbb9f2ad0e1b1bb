"""The command `storage-opt`: parse, one library call, render."""

from __future__ import annotations

import signal
import sys
from types import FrameType

__all__ = ["main"]

_TERMINATED = 143


def main() -> None:
    """Run the command line and leave with its exit code."""
    # being asked to end is an ending like any other: nothing half-written, no solver left behind
    signal.signal(signal.SIGTERM, _end)
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


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    sys.exit(_TERMINATED)
