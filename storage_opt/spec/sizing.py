"""Which sizes are left open, within which limits; what they cost stands in ``[finance.cost.NAME]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.facility import FacilitySpec
from storage_opt.spec.fields import Money, Name, Quantity, Spec
from storage_opt.spec.grid import GridSpec
from storage_opt.spec.misfit import Misfit
from storage_opt.spec.scenario import RiskSpec, ScenarioSpec
from storage_opt.spec.supply import SupplySpec

__all__ = [
    "BatterySizingSpec",
    "ChoiceSpec",
    "GeneratorSizingSpec",
    "GridSizingSpec",
    "PlantSizingSpec",
    "RangeSpec",
    "SizingSpec",
    "TankSizingSpec",
]

_Size = Annotated[float, Field(ge=0)]
_RIGHT_RATIO = "give a size with the right one"


class ChoiceSpec(Spec):
    """A size that can be bought, such as a transformer of a catalogue."""

    size: Annotated[float, Field(ge=0)]
    """The size, in the unit of the field it is a choice for."""
    capex: Annotated[Money, Field(ge=0)] | None = None
    """What it costs, installed; left out, its size at the price per unit."""


class RangeSpec(Spec):
    """Sizes among which the best is chosen, in the unit of the field: any in a range, whole units, or a catalogue."""

    least: _Size = 0.0
    """Smallest size."""
    most: _Size | None = None
    """Largest size; left out, one so large that the answer is refused when it is reached."""
    existing: _Size = 0.0
    """Part that stands already and costs nothing more; what is compared with has this size."""
    step: Annotated[float, Field(gt=0)] | None = None
    """Size of one unit, such as a container; only whole units on top of `existing` are built."""
    choices: tuple[ChoiceSpec, ...] = ()
    """Sizes that can be bought, instead of a range; `existing` may always stay as it is."""

    @model_validator(mode="after")
    def _ends_are_ordered(self) -> Self:
        if self.most is not None and self.most < self.least:
            message = f"least {self.least:g} is above most {self.most:g}; lower one or raise the other"
            raise ValueError(message)
        if self.existing and "least" in self.model_fields_set and self.least < self.existing:
            message = (
                f"least {self.least:g} is below the {self.existing:g} that stand already; raise it, or leave it out: "
                "what exists is not sold"
            )
            raise ValueError(message)
        if self.most is not None and self.most < self.existing:
            message = f"most {self.most:g} is below the {self.existing:g} that stand already; raise it"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.choices and (self.step is not None or {"least", "most"} & self.model_fields_set):
            message = "choices stand instead of least, most and step; leave those out"
            raise ValueError(message)
        if self.step is not None and self.most is None:
            message = "step needs most, so that the number of units has an end; give it"
            raise ValueError(message)
        sizes = [choice.size for choice in self.choices]
        if len(set(sizes)) < len(sizes):
            message = f"choices name the size {max(sizes, key=sizes.count):g} twice; leave one out"
            raise ValueError(message)
        if any(size < self.existing for size in sizes):
            message = f"choices go below the {self.existing:g} that stand already; leave {min(sizes):g} out"
            raise ValueError(message)
        return self

    @property
    def lowest(self) -> float:
        """Smallest admissible size."""
        return self.existing if self.choices else max(self.least, self.existing)

    @property
    def highest(self) -> float | None:
        """Largest admissible size; None when it is not limited."""
        return max((choice.size for choice in self.choices), default=self.most)

    @property
    def is_whole(self) -> bool:
        """Whether sizes come in units or from a catalogue."""
        return self.step is not None or bool(self.choices)


class _SomethingOpen(Spec):
    """Base of the tables of assets: at least one size is open."""

    @model_validator(mode="after")
    def _something_is_open(self) -> Self:
        open_ = [name for name, value in self if isinstance(value, RangeSpec)]
        if not open_:
            names = [name for name, info in type(self).model_fields.items() if "RangeSpec" in str(info.annotation)]
            message = f"leaves no size open; give {' or '.join(names)}, such as {{ most = 1000 }}"
            raise ValueError(message)
        return self


_Hours = Annotated[float, Quantity("h", None, 0.0), Field(gt=0)]
_LandPerKw = Annotated[float, Quantity("m2/kW", None, 0.0), Field(ge=0)]
_LandPerKwh = Annotated[float, Quantity("m2/kWh", None, 0.0), Field(ge=0)]


class BatterySizingSpec(_SomethingOpen):
    """Open sizes of a battery."""

    energy_kwh: RangeSpec | None = None
    """Rated energy; left out, it stays as it is, or follows `duration_h`. The auxiliary draw keeps its ratio to it."""
    power_kw: RangeSpec | None = None
    """Rated power; the discharging power keeps its ratio to it."""
    duration_h: _Hours | None = None
    """Energy over power, where that is fixed by the product: the energy follows the power, or the power the energy."""
    min_duration_h: _Hours | None = None
    """Least energy over power."""
    max_duration_h: _Hours | None = None
    """Most energy over power."""
    land_m2_per_kwh: _LandPerKwh = 0.0
    """Land for each kWh."""
    land_m2_per_kw: _LandPerKw = 0.0
    """Land for each kW."""

    @model_validator(mode="after")
    def _durations_fit(self) -> Self:
        if self.duration_h is not None and self.energy_kwh is not None and self.power_kw is not None:
            message = "duration_h ties energy_kwh to power_kw, so only one of them can be open; leave one out"
            raise ValueError(message)
        limits = (self.min_duration_h, self.max_duration_h)
        if self.duration_h is not None and any(limit is not None for limit in limits):
            message = "duration_h fixes what min_duration_h and max_duration_h limit; leave them out"
            raise ValueError(message)
        low, high = limits
        if low is not None and high is not None and low > high:
            message = f"min_duration_h {low:g} is above max_duration_h {high:g}; lower one or raise the other"
            raise ValueError(message)
        return self


class GeneratorSizingSpec(_SomethingOpen):
    """Open size of a plant."""

    capacity_kw: RangeSpec | None = None
    """Installed capacity."""
    land_m2_per_kw: _LandPerKw = 0.0
    """Land for each kW."""


class TankSizingSpec(_SomethingOpen):
    """Open sizes of a thermal tank."""

    energy_kwh: RangeSpec | None = None
    """Content; filling and emptying keep their ratio to it unless `power_kw` is open."""
    power_kw: RangeSpec | None = None
    """Power of filling; that of emptying keeps its ratio to it."""
    land_m2_per_kwh: _LandPerKwh = 0.0
    """Land for each kWh of cold."""


class GridSizingSpec(_SomethingOpen):
    """Open sizes of the connection."""

    transformer_kva: RangeSpec | None = None
    """Transformer rating, which limits import and export."""
    access_capacity_kva: RangeSpec | None = None
    """Access capacity of the contract (接网容量), which pays the capacity charge and limits import."""
    contract_kw: RangeSpec | None = None
    """Declared demand, one value for every month; ``basic.contract_kw = "optimal"`` declares each month's best."""


class PlantSizingSpec(_SomethingOpen):
    """Open volume of the contract with the plant."""

    take_or_pay_volume_kwh_per_year: RangeSpec | None = None
    """Volume of the take-or-pay clause."""


class SizingSpec(Spec):
    """What is to be built: open sizes, and what limits them together."""

    budget: Annotated[Money, Field(gt=0)] | None = None
    """Most capital expenditure of all that is built."""
    land_m2: Annotated[float, Quantity("m2", None, 0.0), Field(gt=0)] | None = None
    """Most land of all that is built."""
    battery: Mapping[Name, BatterySizingSpec] = {}
    """Open batteries by name."""
    generator: Mapping[Name, GeneratorSizingSpec] = {}
    """Open plants by name."""
    tank: Mapping[Name, TankSizingSpec] = {}
    """Open thermal tanks, by the name of their facility."""
    grid: GridSizingSpec | None = None
    """Open sizes of the connection."""
    plant: PlantSizingSpec | None = None
    """Open volume of the contract with the plant."""
    scenario: Mapping[Name, ScenarioSpec] = {}
    """Years that one choice of sizes has to be good for, by name; each has a schedule of its own."""
    risk: RiskSpec | None = None
    """How much bad years weigh; left out, the mean of all years counts."""

    @model_validator(mode="after")
    def _something_is_sized_on(self) -> Self:
        if self.scenario and all(scenario.out_of_sample for scenario in self.scenario.values()):
            message = "scenario leaves no year to size on; set out_of_sample = false in one of them"
            raise ValueError(message)
        if self.risk is not None and not self.scenario:
            message = "risk weighs years against each other, and there is one only; write [sizing.scenario.NAME] tables"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _something_is_open(self) -> Self:
        if not (self.battery or self.generator or self.tank or self.grid or self.plant):
            message = "leaves no size open; write a table such as [sizing.battery.NAME]"
            raise ValueError(message)
        return self

    def shapeless(
        self, batteries: Mapping[str, BatterySpec], facilities: Mapping[str, FacilitySpec]
    ) -> Iterator[Misfit]:
        """What has to keep a ratio to a size of zero."""
        for name, open_ in self.battery.items():
            if name not in batteries:
                continue
            moves_power = open_.power_kw is not None or open_.duration_h is not None
            if moves_power and batteries[name].discharge_kw is not None and not batteries[name].power_kw:
                what = f"battery.{name}.power_kw is 0, to which discharge_kw has no ratio"
                yield Misfit(("battery", name, "power_kw"), what, _RIGHT_RATIO)
        for name, sizing in self.tank.items():
            cooling = facilities[name].cooling if name in facilities else None
            tank, key = cooling and cooling.tank, ("facility", name, "cooling", "tank")
            if tank and sizing.power_kw is None and not tank.energy_kwh:
                what = f"the tank of {name} holds 0 kWh, to which its powers have no ratio"
                yield Misfit((*key, "energy_kwh"), what, _RIGHT_RATIO)
            if tank and sizing.power_kw is not None and not tank.charge_kw:
                what = f"charge_kw of the tank of {name} is 0, to which discharge_kw has no ratio"
                yield Misfit((*key, "charge_kw"), what, "give both")

    def misfits(self, grid: GridSpec, supply: SupplySpec | None) -> Iterator[Misfit]:
        """What is open of a connection or contract that has no such number."""
        basic = None if supply is None else supply.basic
        open_ = self.grid or GridSizingSpec.model_construct()
        if open_.transformer_kva is not None and grid.transformer_kva is None:
            what = "sizing.grid opens transformer_kva, which [grid] does not have"
            yield Misfit(("sizing", "grid", "transformer_kva"), what, "give grid.transformer_kva")
        if open_.access_capacity_kva is not None and not isinstance(supply and supply.access_capacity_kva, float):
            what = "sizing.grid opens access_capacity_kva, which the contract gives no number for"
            hint = "give contract.supply.access_capacity_kva in kVA, or leave it out"
            yield Misfit(("sizing", "grid", "access_capacity_kva"), what, hint)
        if open_.contract_kw is not None and (basic is None or basic.mode != "contract_demand"):
            what = "sizing.grid opens contract_kw, but the basic charge does not go by declared demand"
            hint = 'set contract.supply.basic.mode = "contract_demand", or leave it out'
            yield Misfit(("sizing", "grid", "contract_kw"), what, hint)
        if self.plant is not None and (supply is None or supply.plant.take_or_pay_frac is None):
            what = "sizing.plant opens a volume of take-or-pay, which the contract does not have"
            hint = "give contract.supply.plant.take_or_pay_frac, or leave it out"
            yield Misfit(("sizing", "plant"), what, hint)
