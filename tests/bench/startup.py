"""The command line: first words, and the whole main job in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.registry import BenchSpec, Reach, State, register

__all__: list[str] = []

_MAIN = [sys.executable, "-c", "from storage_opt.cli import main; main()"]


def _nothing(smoke: bool) -> State:
    out = Path(tempfile.mkdtemp(prefix="bench-")) / "out"
    part = ["--from", "2027-07-01", "--to", "2027-07-08"] if smoke else []
    return {"out": out, "part": part}


def _help(state: State) -> None:
    del state
    subprocess.run([*_MAIN, "--help"], check=True, capture_output=True)


def _profile(state: State) -> None:
    command = [*_MAIN, "optimize", "ulanqab", "--out", str(state["out"]), *state["part"]]
    subprocess.run(command, check=True, capture_output=True)


register(
    BenchSpec("help", "storage-opt --help", _nothing, {"help_s": _help}, reach={"help_s": Reach(most=0.4)}, repeat=5)
)
register(
    BenchSpec(
        "main_job",
        "storage-opt optimize ulanqab, from a cold start to files and charts",
        _nothing,
        {"run_s": _profile},
        reach={"run_s": Reach(most=20.0)},
    )
)
