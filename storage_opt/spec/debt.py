"""A loan that pays a part of the investment."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import Fraction, Quantity, Spec
from storage_opt.spec.money_fields import LifeYears, Rate, Years

__all__ = ["DebtSpec"]


class DebtSpec(Spec):
    """A loan drawn with the investment and repaid at the ends of years."""

    share_frac: Annotated[Fraction, Field(gt=0)] | None = None
    """Loan over investment less subsidy; a sculpted loan takes none, its size follows from the cash flow."""
    rate_frac: Rate
    """Interest a year, nominal."""
    years: LifeYears
    """Years until the loan is repaid."""
    grace_years: Years = 0
    """First years in which only interest is paid."""
    repayment: Literal["level", "equal_principal", "sculpted"] = "level"
    """Equal payments (等额本息), equal principal (等额本金), or payments in a fixed ratio to each year's cash flow."""
    target_dscr: Annotated[float, Quantity("1", None, 1.0), Field(ge=1)] | None = None
    """Cash flow available for debt service over debt service, of a sculpted loan: its principal is the present worth of
    the cash flow over this ratio, at the rate of the loan."""

    @model_validator(mode="after")
    def _one_way_to_size(self) -> Self:
        sculpted = self.repayment == "sculpted"
        if sculpted and (self.target_dscr is None or self.share_frac is not None or self.grace_years):
            message = (
                "a sculpted loan is sized by its cash flow; give target_dscr, leave share_frac and grace_years out"
            )
            raise ValueError(message)
        if not sculpted and (self.share_frac is None or self.target_dscr is not None):
            message = f'repayment "{self.repayment}" is sized by a share; give share_frac, leave target_dscr out'
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _grace_ends_before_the_loan(self) -> Self:
        if self.grace_years >= self.years:
            message = (
                f"grace_years {self.grace_years} leaves no year of {self.years} to repay; shorten it, or lengthen years"
            )
            raise ValueError(message)
        return self
