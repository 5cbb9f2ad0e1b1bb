"""What a unit of size costs and a unit of savings is worth over the life of a project, for who states an objective.

Where losses lower other tax at once and input tax is credited at once, the cash flow after tax and before loan is
linear in sizes and savings; its coefficients are found by running it on units. Where they are carried forward it is
not, and the coefficients are those of the same project with both at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from storage_opt.charges.base import Stream
from storage_opt.finance.cash_flow import cash_flow
from storage_opt.finance.measures import annuity_factor, npv
from storage_opt.finance.project import AssetSize, Project, Row, SizeUnit
from storage_opt.spec.finance import FinanceSpec

__all__ = ["PresentWorth", "present_worth"]

_FIXED = ("capex", "subsidy", "om_per_year", "land_per_year")
"""Costs that do not depend on the size."""


@dataclass(frozen=True, slots=True)
class PresentWorth:
    """Coefficients of the net present value of the project, after tax and before loan.

    ``NPV = sum_names fixed(name) + sum of_size(name, unit) * size + sum of_saving(stream) * yearly saving``

    Parameters
    ----------
    spec : FinanceSpec
        Costs and taxes.
    reason : str
        Why the net present value of the cash flow differs from the linear one; empty when they are equal.
    """

    spec: FinanceSpec
    reason: str = ""
    _linear: FinanceSpec = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tax = self.spec.tax and self.spec.tax.model_copy(update={"losses": "offset", "vat_credit": "at_once"})
        object.__setattr__(self, "_linear", self.spec.model_copy(update={"tax": tax, "debt": None}))

    @property
    def exact(self) -> bool:
        """Whether the net present value of the cash flow equals the linear one."""
        return not self.reason

    @property
    def annuity(self) -> float:
        """Capital recovery factor: present worth times it is money a year. [1/year]"""
        return 1.0 / annuity_factor(self.spec.discount_rate_frac, self.spec.years)

    @property
    def fixed(self) -> float:
        """Present worth of all fixed costs, of every asset that has a cost. [money]"""
        return sum(self.fixed_of(name) for name in self.spec.cost)

    def fixed_of(self, name: str) -> float:
        """Present worth of the fixed costs of an asset: negative when they cost. [money]"""
        return self._worth({name: AssetSize()})

    def of_size(self, name: str, unit: SizeUnit | str) -> float:
        """Present worth of one unit of size of an asset: negative when it costs. [money/unit]

        Parameters
        ----------
        name : str
            The asset.
        unit : SizeUnit or str
            What its size is measured in: ``kwh``, ``kw`` or ``kva``.
        """
        return self._worth({name: AssetSize.of(SizeUnit(unit), 1.0)}, fixed=False)

    def of_saving(self, stream: Stream, profile: Row | None = None) -> float:
        """Present worth of one unit of money saved every year, in prices of year 1. [money/(money/year)]

        Parameters
        ----------
        stream : Stream
            Kind of money; `Stream.WEAR` is no cash and worth nothing.
        profile : (N,) array, optional
            Saving of each year over that unit, where it fades; ones by default. [1]
        """
        return self._worth({}, {stream: np.ones(self.spec.years) if profile is None else profile})

    def of_augmentation(self, profile: Row) -> float:
        """Present worth of cells that are added, at these costs in prices of year 0 (N,). [money]"""
        return self._worth({}, augmentation=profile)

    def _worth(
        self,
        sizes: dict[str, AssetSize],
        savings: dict[Stream, Row] | None = None,
        augmentation: Row | None = None,
        *,
        fixed: bool = True,
    ) -> float:
        spec = self._linear
        if not fixed:
            cost = {name: one.model_copy(update=dict.fromkeys(_FIXED, 0.0)) for name, one in spec.cost.items()}
            spec = spec.model_copy(update={"cost": cost})
        flow = cash_flow(Project(spec, sizes, savings or {}, augmentation))
        return npv(self.spec.discount_rate_frac, flow.after_tax)


def present_worth(spec: FinanceSpec) -> PresentWorth:
    """The coefficients of a project, and whether they say all.

    Parameters
    ----------
    spec : FinanceSpec
        Costs and taxes. A loan changes what is left for the owner, not the net present value of the project, and
        sharing moves it between parties.
    """
    tax = spec.tax
    reasons = []
    if tax is not None and tax.vat_frac and tax.vat_credit == "carry_forward":
        reasons.append("input tax is carried forward without interest, while the linear form credits it at once")
    if tax is not None and tax.income_tax_frac and tax.losses == "carry_forward":
        reasons.append("losses are carried forward, while the linear form offsets them at once")
    return PresentWorth(spec, "; ".join(reasons))
