"""Runs a benchmark in this process and tells its figures."""

from __future__ import annotations

import gc
import resource
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from tests.bench.registry import BenchSpec

__all__ = ["measured", "missing"]


def missing(spec: BenchSpec) -> tuple[str, ...]:
    """Modules a benchmark needs and this environment lacks."""
    return tuple(name for name in spec.needs if find_spec(name) is None)


def measured(spec: BenchSpec, *, smoke: bool) -> dict[str, float]:
    """Seconds of each phase (the fastest run), their sum, further figures and peak memory."""
    state = spec.build(smoke)
    best: dict[str, float] = {}
    for _ in range(1 if smoke else spec.repeat):
        gc.collect()
        seconds = {}
        for name, phase in spec.phases.items():
            begin = time.perf_counter()
            phase(state)
            seconds[name] = time.perf_counter() - begin
        if not best or sum(seconds.values()) < sum(best.values()):
            best = seconds
            further = dict(spec.figures(state, seconds))
    figures = {**best, "total_s": sum(best.values()), **further, "memory_mb": _peak_memory_mb()}
    unmeasured = sorted(spec.reach.keys() - figures.keys())
    if unmeasured:
        message = f"benchmark `{spec.name}` should reach {', '.join(unmeasured)}, which it does not measure"
        raise ValueError(message)
    return figures


def _peak_memory_mb() -> float:
    """Peak of this process plus the peaks of the processes it started. [MB]"""
    unit = 1e-6 if sys.platform == "darwin" else 1e-3
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return own + max(ended, sum(_peak_of(child) for child in _children()))


def _children() -> list[str]:
    # the solver process is still alive and not yet counted among the ended ones; Linux tells its peak
    lists = Path("/proc/self/task").glob("*/children") if Path("/proc/self/task").exists() else ()
    return [child for path in lists for child in path.read_text(encoding="ascii").split()]


def _peak_of(child: str) -> float:
    try:
        lines = Path(f"/proc/{child}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) * 1e-3 for line in lines if line.startswith("VmHWM")), 0.0)
