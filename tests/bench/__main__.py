"""``python -m tests.bench [--smoke] [--only NAME]``: a table of figures, each benchmark in a process of its own.

Exit code 1 when a benchmark fails to run or, in a full run, misses what it should reach.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import warnings

from tests.bench.registry import BenchSpec, all_specs
from tests.bench.runner import measured, missing

_MARK = "figures: "


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="run everything once, small; nothing has to be reached")
    parser.add_argument("--only", action="append", metavar="NAME", help="run this benchmark; may be repeated")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--inside", metavar="NAME", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    specs = all_specs()
    if arguments.inside:
        warnings.simplefilter("ignore")
        print(_MARK + json.dumps(measured(specs[arguments.inside], smoke=arguments.smoke)))
        return 0
    unknown = sorted(set(arguments.only or ()) - specs.keys())
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(specs)}")
    chosen = [spec for name, spec in specs.items() if not arguments.only or name in arguments.only]
    if not arguments.json:
        print(f"{os.cpu_count()} cores, load {_load()}; another load on the machine shows in every time\n")
    outcomes = {spec.name: _outcome(spec, smoke=arguments.smoke, quiet=arguments.json) for spec in chosen}
    if arguments.json:
        print(json.dumps(outcomes, indent=2))
    return 0 if all(outcome["ok"] for outcome in outcomes.values()) else 1


def _load() -> str:
    # a figure taken beside other work is no figure; Windows does not tell
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _outcome(spec: BenchSpec, *, smoke: bool, quiet: bool) -> dict[str, object]:
    say = (lambda text: None) if quiet else print
    say(f"{spec.name}: {spec.title}")
    lacking = missing(spec)
    if lacking:
        say(f"  skipped: needs {', '.join(lacking)}, which `pip install '.[peers]'` brings")
        return {"ok": True, "skipped": f"needs {', '.join(lacking)}"}
    command = [sys.executable, "-m", "tests.bench", "--inside", spec.name, *(["--smoke"] if smoke else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    line = next((text for text in done.stdout.splitlines() if text.startswith(_MARK)), None)
    if done.returncode or line is None:
        say(f"  FAILED\n{done.stdout}{done.stderr}")
        return {"ok": False, "error": done.stderr[-2000:]}
    figures: dict[str, float] = json.loads(line.removeprefix(_MARK))
    reached = {name: spec.reach[name].holds(value) for name, value in figures.items() if name in spec.reach}
    for name, value in figures.items():
        verdict = ""
        if name in reached:
            verdict = f"  {spec.reach[name]}" + ("" if smoke else "  reached" if reached[name] else "  MISSED")
        say(f"  {name:<22} {value:>12.6g}{verdict}")
    return {"ok": smoke or all(reached.values()), "figures": figures, "reached": reached}


if __name__ == "__main__":
    sys.exit(main())
