"""Work of the clusters: what arrives, how long it may wait, and what moving it costs.

Work is counted in unit-hours: one accelerator at full speed for one hour (a GPU-hour).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import Fraction, Name, Quantity, Spec, TokenSeries, UnitSeries
from storage_opt.spec.tariff import Window

__all__ = ["JobLogSpec", "SpeedPoint", "WorkloadSpec"]

Hours = Annotated[float, Quantity("h", None, 0.0), Field(ge=0)]
MoneyPerUnitHour = Annotated[float, Quantity("money/(unit h)", None, 0.0), Field(ge=0)]


class SpeedPoint(Spec):
    """A corner of the trade-off between speed and power of a unit that is capped."""

    speed_frac: Annotated[float, Quantity("1", None, 0.0, 1.0), Field(gt=0, le=1)]
    """Speed, as a share of full speed."""
    power_frac: Fraction
    """Power above idle, as a share of that at full speed."""


class JobLogSpec(Spec):
    """A table of jobs."""

    file: str
    """File name relative to the site folder: .csv, .csv.gz, .parquet or .xlsx."""
    layout: Literal["auto", "plain", "slurm", "acme", "helios", "philly"] = "auto"
    """Layout of the table; `auto` recognises it by its headers."""
    classes: tuple[str, ...] = ()
    """Values of the class column whose jobs belong to this workload; empty takes all. A class of the file that no
    workload takes is refused."""
    columns: Mapping[str, str] = {}
    """Headers by what they hold, where the layout does not say: `submit`, `duration`, `units`, `class`, `id`,
    `deadline`."""
    duration_unit: Literal["ms", "s", "min", "h"] | None = None
    """Unit of durations (and of submit times given as offsets), where header and layout do not say."""
    first_submit: datetime | date | None = None
    """Instant of offset 0, for tables that give submit times as offsets; by default the start of the horizon."""
    quarantine: bool = False
    """Set broken rows aside, each counted and named, instead of refusing the table."""


class WorkloadSpec(Spec):
    """One class of work on one cluster. Exactly one of `units`, `tokens_per_s` and `jobs` says what arrives."""

    cluster: Name
    """Cluster on which it runs: the name of a [cluster.NAME]."""
    kind: Literal["inference", "training", "batch"]
    """Inference runs as it arrives; training and batch work may wait and may be slowed as far as the keys below say."""
    units: UnitSeries | None = None
    """Work that arrives, as units that it keeps busy at full speed."""
    tokens_per_s: TokenSeries | None = None
    """Work that arrives, as tokens a second; needs `tokens_per_s_per_unit`."""
    jobs: JobLogSpec | None = None
    """Work that arrives, job by job."""
    tokens_per_s_per_unit: Annotated[float, Quantity("token/s", None, 0.0), Field(gt=0)] | None = None
    """Tokens that a unit handles each second at full speed."""
    power_frac: Fraction = 1.0
    """Power above idle of a unit that runs this work, as a share of that at full load."""
    max_delay_h: Hours = 0.0
    """By how much the end of work may lie behind where it would be if it ran on arrival."""
    allowed: Window | None = None
    """When the work may run at all, for instance `{ hours = ["22:00-08:00"] }`; maintenance is left out here."""
    max_units: Annotated[float, Quantity("unit", None, 0.0), Field(gt=0)] | None = None
    """Most units that the class may use; left out, all of the cluster."""
    min_running_frac: Fraction | None = None
    """Share of the units that the class may use that keeps running wherever unshifted work would keep as many busy."""
    max_suspended_frac: Fraction | None = None
    """Largest share of the units that unshifted work would keep busy that may stand still at any time."""
    ramp_units_per_h: Annotated[float, Quantity("unit/h", None, 0.0), Field(ge=0)] | None = None
    """Largest change of the work rate between intervals, per hour."""
    speed_curve: tuple[SpeedPoint, ...] = ()
    """Concave corners of speed over power of a unit, up to full speed; left out, units are not capped."""
    max_slowdown_frac: Fraction = 1.0
    """Largest loss of speed of a unit, within the speed curve: the tier of the class."""
    checkpoint_h: Hours = 0.0
    """Work lost each time a unit is suspended: half the checkpoint interval, plus writing and loading."""
    notice_h: Hours = 0.0
    """Notice that stopping or starting it on call needs; decides which products it may provide."""
    late_cost_per_unit_h: MoneyPerUnitHour | None = None
    """Cost of a unit-hour of work for each hour that it is late; left out, lateness is forbidden."""
    max_late_h: Hours = 24.0
    """Largest lateness, where it is priced."""
    value_per_unit_h: MoneyPerUnitHour | None = None
    """Worth of a unit-hour of work: what is lost when it is refused. Left out, all work must be done."""
    priority: int = 0
    """Order in which unshifted work gets its units when they are scarce, highest first; inference always first."""

    @model_validator(mode="after")
    def _arrives_once(self) -> Self:
        given = [name for name in ("units", "tokens_per_s", "jobs") if getattr(self, name) is not None]
        if len(given) != 1:
            ways = "`units`, `tokens_per_s` and `jobs`"
            found = f"none of {ways} is" if not given else f"{' and '.join(f'`{name}`' for name in given)} are"
            message = f"{found} given, where one of {ways} says what arrives; give exactly one"
            raise ValueError(message)
        if self.tokens_per_s is not None and self.tokens_per_s_per_unit is None:
            message = "tokens_per_s needs tokens_per_s_per_unit, which says how many units tokens keep busy; give both"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _inference_stays(self) -> Self:
        if self.kind != "inference":
            return self
        movable = {
            "jobs": self.jobs is not None,
            "max_delay_h": self.max_delay_h > 0,
            "allowed": self.allowed is not None,
            "speed_curve": bool(self.speed_curve),
            "late_cost_per_unit_h": self.late_cost_per_unit_h is not None,
            "value_per_unit_h": self.value_per_unit_h is not None,
            "checkpoint_h": self.checkpoint_h > 0,
        }
        given = [name for name, is_given in movable.items() if is_given]
        if given:
            message = f"inference never moves, yet `{given[0]}` is given; leave it out, or set kind = 'batch'"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _speed_must_be_concave_in_power(self) -> Self:
        points = self.speed_curve
        if not points:
            return self
        if len(points) == 1 or (points[-1].speed_frac, points[-1].power_frac) != (1.0, 1.0):
            message = "speed_curve needs two corners or more; end it with { speed_frac = 1, power_frac = 1 }"
            raise ValueError(message)
        if any(b.speed_frac <= a.speed_frac for a, b in zip(points, points[1:], strict=False)):
            message = "speed_curve is not in rising order of speed_frac; sort its corners"
            raise ValueError(message)
        slopes = [
            (b.power_frac - a.power_frac) / (b.speed_frac - a.speed_frac)
            for a, b in zip(points, points[1:], strict=False)
        ]
        if slopes[0] < 0 or any(b < a - 1e-12 for a, b in zip(slopes, slopes[1:], strict=False)):
            message = "in speed_curve a further step of speed costs less power than the one before; correct its corners"
            raise ValueError(message)
        return self
