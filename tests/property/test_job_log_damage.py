"""Whatever is damaged in a job log, every row is kept, left out, set aside or refused, and the notes add up."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.job_logs import horizon, read

CELLS = st.sampled_from(
    ["", " ", "x", "nan", "inf", "-inf", "-5", "0", "0.5", "1e30", "1e308", "7", "2026-01-02", "2026-01-02 24:00",
     "2025-12-31 05:00", "2026-03-29 02:30", "2026-10-25 02:30", "2026-01-03T00:00Z", "0001-01-01", "9999-12-31 23:00",
     "2026-13-01", "训练", "a|b", "Unknown", "1-00:00:00", "gres/gpu=4", "j3"]
)  # fmt: skip
PLAIN = ["id", "submit", "duration_h", "gpus", "class", "deadline"]
SLURM = ["JobID", "Partition", "Submit", "Start", "End", "Elapsed", "AllocTRES", "ReqTRES"]


def _plain(row: int) -> list[str]:
    stamp = f"2026-01-0{1 + row // 24} {row % 24:02d}:15"
    return [f"j{row}", stamp, "1.5", "8", "train" if row % 2 else "sft", "2026-02-01" if row % 3 else ""]


def _slurm(row: int) -> list[str]:
    stamp = f"2026-01-0{1 + row // 24}T{row % 24:02d}:15:00"
    held = "cpu=8,gres/gpu=8" if row % 4 else "cpu=8"
    return [f"{row}" if row % 5 else f"{row}.batch", "train", stamp, stamp, stamp, "01:30:00", held, held]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, int]:
    """The text of a log after some accidents, and its number of rows."""
    is_slurm = draw(st.booleans())
    headers, make = (SLURM, _slurm) if is_slurm else (PLAIN, _plain)
    rows = [make(row) for row in range(draw(st.integers(1, 130)))]
    for _ in range(draw(st.integers(0, 8))):
        place = draw(st.integers(0, len(rows) - 1))
        match draw(st.sampled_from(["cell", "cell", "cell", "double", "swap", "shift"])):
            case "cell":
                cell = draw(CELLS)
                rows[place][draw(st.integers(0, len(headers) - 1))] = cell.replace("|", "") if is_slurm else cell
            case "double":
                rows.insert(draw(st.integers(0, len(rows))), list(rows[place]))
            case "swap":
                other = draw(st.integers(0, len(rows) - 1))
                rows[place], rows[other] = rows[other], rows[place]
            case "shift":
                rows[place] = [*rows[place][1:], rows[place][0]]
    # the last cell of the last row stays, or the whole row could pass for an empty end of the file
    rows[-1][-1] = rows[-1][-1].strip() or ("cpu=1" if is_slurm else "2026-02-01")
    delimiter = "|" if is_slurm else ","
    return "\n".join(delimiter.join(cells) for cells in [headers, *rows]) + "\n", len(rows)


@settings(max_examples=150)
@given(damaged(), st.booleans(), st.booleans())
def test_no_row_is_lost(log, quarantine, by_class):
    text, rows = log
    classes = {"classes": ["train"] if "Partition" in text else ["train", "sft"]} if by_class else {}
    with TemporaryDirectory() as folder:
        logs = read(Path(folder), text, horizon("2026-01-01", "2026-01-07"), quarantine=quarantine, **classes)
    if not logs.accounts:
        # the log as a whole is refused
        assert logs.faults
        return
    (account,) = logs.accounts
    assert account.rows == rows
    assert account.kept + sum(account.left_out.values()) + account.broken == rows
    handed = sum(jobs.count for jobs in logs.tables.values())
    assert handed == account.kept or logs.faults
    assert bool(logs.faults) or handed > 0
    noted = [re.search(r"^jobs\.csv: (left out|set aside|set aside by quarantine): ([\d,]+) ", n) for n in logs.notes]
    told = sum(int(match.group(2).replace(",", "")) for match in noted if match)
    assert told == sum(account.left_out.values()) + (account.broken if quarantine else 0)
    if account.broken and not quarantine:
        named = [int(row) for found in logs.faults for row in re.findall(r"row (\d+)", found.what)]
        assert named
        assert all(2 <= row <= rows + 1 for row in named)
