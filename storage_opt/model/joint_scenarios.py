"""Sizes for several years in one problem: a schedule for each year, the sizes shared, bad years weighed.

Every year stands in rows and columns of its own; only the columns of the sizes, behind all others, are common. The
conditional value at risk is stated by its minimum over a threshold (Rockafellar and Uryasev, Optimization of
conditional value-at-risk, Journal of Risk 2, 2000), with the cost of a year as a tree of partial sums, so that no row
is long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.grouping import chunks, incidence
from storage_opt.errors import FormulationError
from storage_opt.model.joint import Demands, joint_program, schedule_point
from storage_opt.model.program import Columns, Program, Rows, Slacks
from storage_opt.model.sized import SizedProgram
from storage_opt.model.solve import Point
from storage_opt.model.standard_form import Scaling, StandardForm
from storage_opt.model.tie_break import TieBreak

__all__ = ["JointScenarios", "Part", "Risk", "joint_scenarios"]

_Vector = NDArray[np.float64]

_LONGEST_SUM = 96
_SURELY = 1e-6
"""Weight of a year in the objective below which its schedule is not told by the optimum."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One year of the problem.

    Parameters
    ----------
    name : str
        Its name.
    sized : SizedProgram
        The year with open sizes, the same ones in all parts.
    weight : float
        Probability; those of all parts sum to 1.
    scale : float
        Factor from its cost to that of the span all years are told in, such as 8760 / 8784.
    """

    name: str
    sized: SizedProgram
    weight: float
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Risk:
    """How much bad years weigh.

    Parameters
    ----------
    level_frac : float
        Level of the conditional value at risk: 0.8 is the mean of the worst 20 %.
    weight_frac : float
        Its share in the objective; the rest is the mean.
    """

    level_frac: float = 0.8
    weight_frac: float = 0.0


MEAN = Risk()
"""The mean of all years."""


@dataclass(frozen=True, slots=True, eq=False)
class JointScenarios:
    """The program of all parts, and where each stands in it.

    Parameters
    ----------
    program : Program
        For :func:`~storage_opt.model.optimum.solve_relaxed`; it has no flows to be read.
    parts : tuple of Part
        The years.
    columns, eq_rows, ineq_rows : tuple of slice
        Where each part stands.
    tail : slice
        Inequalities that tell years beyond the threshold; empty without risk.
    mean_share : float
        Share of the mean in the objective.
    """

    program: Program
    parts: tuple[Part, ...]
    columns: tuple[slice, ...]
    eq_rows: tuple[slice, ...]
    ineq_rows: tuple[slice, ...]
    tail: slice
    mean_share: float

    def part_point(self, point: Point, number: int) -> Point | None:
        """What a joint optimum says of the schedule of one part at its sizes; None where that part does not count.

        Notes
        -----
        Multipliers are those of the joint problem over the weight that the cost of the part has there: its probability
        in the mean, and the multiplier of its row in the tail.
        """
        part = self.parts[number]
        weight = self.mean_share * part.weight
        if self.tail.stop > self.tail.start:
            weight += float(point.ineq_dual[self.tail][number])
        if weight < _SURELY:
            return None
        by = weight * part.scale
        alone = replace(
            point,
            x=point.x[self.columns[number]],
            eq_dual=point.eq_dual[self.eq_rows[number]] / by,
            ineq_dual=point.ineq_dual[self.ineq_rows[number]] / by,
            bound_dual=point.bound_dual[self.columns[number]] / by,
        )
        return schedule_point(part.sized, alone)


def joint_scenarios(
    parts: Sequence[Part], demands: Demands, risk: Risk = MEAN, constant: float = 0.0
) -> JointScenarios:
    """The program of several years whose sizes are common variables.

    Parameters
    ----------
    parts : sequence of Part
        The years; one of them alone is :func:`~storage_opt.model.joint.joint_program`.
    demands : Demands
        What sizes cost over the span that all years are told in, and what limits them.
    risk : Risk
        How much bad years weigh.
    constant : float
        Added to the objective. [money]

    Raises
    ------
    FormulationError
        When bad years are to weigh more and the cost of a year is not linear.

    Notes
    -----
    With costs C_i, probabilities p_i, level a and weight w:
    ``min  (1 - w) sum_i p_i C_i + w (v + sum_i p_i z_i / (1 - a)) + c s``
    ``partial``, ``cost``:  ``C_i = q_i x_i + k_i s + constant_i`` by partial sums;  ``tail``:  ``C_i - v - z_i <= 0``,
    ``z_i >= 0``.  The best v is the value at risk, and the bracket the conditional value at risk.
    """
    joined = [_joined(part, demands, is_first=not number) for number, part in enumerate(parts)]
    count = demands.cost.size
    tails = _Tails.of(parts, joined, count, risk) if risk.weight_frac > 0.0 else _Tails.none(joined, count)
    ends = np.cumsum([0, *(program.form.size - count for program in joined)])
    size = int(ends[-1])
    forms = [program.form for program in joined]
    own = sp.csc_array((0, size + tails.count + count))
    mean = (1.0 - risk.weight_frac) * np.array([part.weight * part.scale for part in parts])
    form = StandardForm(
        _padded(
            [w * form.quadratic[:-count, :-count] for w, form in zip(mean, forms, strict=True)], tails.count + count
        ),
        np.concatenate(
            [
                *(w * form.cost[:-count] for w, form in zip(mean, forms, strict=True)),
                tails.cost,
                demands.cost + sum(w * form.cost[-count:] for w, form in zip(mean, forms, strict=True)),
            ]
        ),
        constant + float(mean @ [form.constant for form in forms]),
        sp.csc_array(sp.vstack([_side([form.eq for form in forms], tails.count, count), tails.eq, own])),
        np.concatenate([*(form.eq_rhs for form in forms), tails.eq_rhs]),
        sp.csc_array(sp.vstack([_side([form.ineq for form in forms], tails.count, count), tails.ineq, own])),
        np.concatenate([*(form.ineq_rhs for form in forms), np.zeros(tails.ineq.shape[0])]),
        np.concatenate([*(form.lower[:-count] for form in forms), tails.lower, forms[0].lower[-count:]]),
        np.concatenate(
            [*(form.upper[:-count] for form in forms), np.full(tails.count, np.inf), forms[0].upper[-count:]]
        ),
        np.zeros(0, dtype=np.intp),
    )
    typical = [*(program.scaling.column[:-count] for program in joined), np.full(tails.count, tails.money)]
    typical.append(joined[0].scaling.column[-count:])
    program = _named(parts, joined, form, np.concatenate(typical), tails.count)
    eq_ends = np.cumsum([0, *(form.eq_rhs.size for form in forms)])
    ineq_ends = np.cumsum([0, *(form.ineq_rhs.size for form in forms)])
    tail = slice(int(ineq_ends[-1]), form.ineq_rhs.size)
    mean_share = 1.0 - risk.weight_frac
    return JointScenarios(program, tuple(parts), _spans(ends), _spans(eq_ends), _spans(ineq_ends), tail, mean_share)


def _spans(ends: NDArray[np.intp]) -> tuple[slice, ...]:
    return tuple(slice(int(a), int(b)) for a, b in zip(ends, ends[1:], strict=False))


def _joined(part: Part, demands: Demands, *, is_first: bool) -> Program:
    """A part with its sizes behind it, which cost nothing yet; what limits them is stated once."""
    free = replace(demands, cost=np.zeros_like(demands.cost), rows=demands.rows if is_first else ())
    return joint_program(part.sized, free)


def _padded(blocks: Sequence[sp.csc_array], more: int) -> sp.csc_array:
    return sp.csc_array(sp.block_diag([*blocks, sp.csc_array((more, more))]))


def _side(matrices: Sequence[sp.csc_array], tails: int, count: int) -> sp.csc_array:
    """Rows of all parts: blocks along the diagonal, nothing for tails, the sizes behind."""
    blocks = sp.block_diag([matrix[:, :-count] for matrix in matrices])
    sizes = sp.vstack([matrix[:, -count:] for matrix in matrices])
    return sp.csc_array(sp.hstack([blocks, sp.csc_array((blocks.shape[0], tails)), sizes]))


@dataclass(frozen=True, slots=True, eq=False)
class _Tails:
    """Costs of years as variables, the threshold, and what lies beyond it: columns between schedules and sizes."""

    count: int
    cost: _Vector
    lower: _Vector
    eq: sp.csc_array
    eq_rhs: _Vector
    ineq: sp.csc_array
    money: float

    @classmethod
    def none(cls, joined: Sequence[Program], count: int) -> _Tails:
        size = sum(program.form.size - count for program in joined) + count
        empty, nothing = sp.csc_array((0, size)), np.zeros(0)
        return cls(0, nothing, nothing, empty, nothing, empty, 1.0)

    @classmethod
    def of(cls, parts: Sequence[Part], joined: Sequence[Program], count: int, risk: Risk) -> _Tails:
        """Columns: partial sums of each part, then all costs, the threshold, and the excess of each part."""
        sums = [_Sums.of(part, program, count) for part, program in zip(parts, joined, strict=True)]
        ends = np.cumsum([0, *(one.tree.shape[0] for one in sums)])
        many, partial = len(parts), int(ends[-1])
        ones = sp.eye_array(many, format="csc")
        last = sp.block_diag([-one.last for one in sums])
        threshold, excess = sp.csc_array(np.ones((many, 1))), sp.csc_array((many, many))
        pad = sp.csc_array((partial, 2 * many + 1 + count))
        sizes = sp.csc_array(-np.array([one.sizes for one in sums]).reshape(many, count))
        matrix = sp.block_diag([one.matrix for one in sums])
        none = sp.csc_array((many, matrix.shape[1]))
        eq = sp.vstack(
            [
                sp.hstack([-matrix, sp.block_diag([one.tree for one in sums]), pad]),
                sp.hstack([none, last, ones, 0.0 * threshold, excess, sizes]),
            ]
        )
        ineq = sp.hstack([none, sp.csc_array((many, partial)), ones, -threshold, -ones, sp.csc_array((many, count))])
        weights = np.array([part.weight for part in parts])
        cost = np.zeros(partial + 2 * many + 1)
        cost[partial + many] = risk.weight_frac
        cost[partial + many + 1 :] = risk.weight_frac * weights / (1.0 - risk.level_frac)
        lower = np.full(cost.size, -np.inf)
        lower[partial + many + 1 :] = 0.0
        rhs = np.concatenate([np.zeros(partial), [one.constant for one in sums]])
        money = max(one.money for one in sums) or 1.0
        return cls(cost.size, cost, lower, sp.csc_array(eq), rhs, sp.csc_array(ineq), money)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """The cost of a year by partial sums u: ``tree u = matrix x``, cost ``last u + sizes s + constant``."""

    matrix: sp.csc_array
    tree: sp.csc_array
    last: sp.csc_array
    sizes: _Vector
    constant: float
    money: float

    @classmethod
    def of(cls, part: Part, program: Program, count: int) -> _Sums:
        form = program.form
        if form.quadratic.nnz:
            reason = "has a cost that is not linear, so that no tail of it can be weighed here"
            raise FormulationError(part.name, reason, "set cvar_weight_frac = 0, or leave risk out")
        price = part.scale * form.cost[:-count]
        priced = np.flatnonzero(price)
        money = float(np.max(np.abs(price) * program.scaling.column[:-count], initial=0.0))
        groups = np.zeros(priced.size, dtype=np.intp)
        levels: list[sp.csr_array] = []
        while groups.size > _LONGEST_SUM or not levels:
            pieces, groups = chunks(groups, _LONGEST_SUM)
            levels.append(incidence(pieces, groups.size).T.tocsr())
        first = sp.csr_array((price[priced], (np.arange(priced.size), priced)), shape=(priced.size, price.size))
        ends = np.cumsum([0, *(level.shape[0] for level in levels)])
        matrix = sp.vstack([levels[0] @ first, sp.csr_array((int(ends[-1] - ends[1]), price.size))])
        tree = sp.lil_array((int(ends[-1]), int(ends[-1])))
        tree.setdiag(1.0)
        for number, level in enumerate(levels[1:], start=1):
            tree[ends[number] : ends[number + 1], ends[number - 1] : ends[number]] = -level
        last = np.zeros((1, int(ends[-1])))
        last[0, ends[-2] :] = 1.0
        return cls(
            sp.csc_array(matrix),
            sp.csc_array(tree),
            sp.csc_array(last),
            part.scale * form.cost[-count:],
            part.scale * form.constant,
            money,
        )


def _named(
    parts: Sequence[Part], joined: Sequence[Program], form: StandardForm, typical: _Vector, tails: int
) -> Program:
    """The program with the names of all parts; a rule keeps its name, for it is the same rule in every year."""
    count = form.size - tails - sum(program.columns[-1].where.start for program in joined)
    pad = np.zeros(tails + count)
    breaks = [program.tie_break for program in joined]
    return replace(
        joined[0],
        form=form,
        scaling=Scaling.of(form, typical),
        tie_break=TieBreak(
            np.concatenate([*(one.even[:-count] for one in breaks), pad]),
            np.concatenate([*(one.prompt[:-count] for one in breaks), pad]),
        ),
        variables=(),
        columns=tuple(_columns(parts, joined, form.size, tails)),
        rows=tuple(_rows(parts, joined)),
        flows={},
        terms=(),
        opposites=(),
        slacks=Slacks(np.zeros(0, dtype=np.intp), np.zeros(0), np.zeros(0)),
        whole=np.zeros(0, dtype=np.intp),
        whole_spans=np.zeros((0, 2), dtype=np.intp),
    )


def _columns(parts: Sequence[Part], joined: Sequence[Program], size: int, tails: int) -> Iterator[Columns]:
    start = 0
    for part, program in zip(parts, joined, strict=True):
        for block in program.columns[:-1]:
            yield replace(block, name=f"{part.name}: {block.name}", where=_moved(block.where, start))
        start += program.columns[-1].where.start
    if tails:
        yield Columns("costs", slice(start, start + tails), (), ())
    yield replace(joined[0].columns[-1], where=slice(start + tails, size))


def _rows(parts: Sequence[Part], joined: Sequence[Program]) -> Iterator[Rows]:
    starts = {True: 0, False: 0}
    for part, program in zip(parts, joined, strict=True):
        for rows in program.rows:
            name = rows.name if rows.rule is not None else f"{part.name}: {rows.name}"
            yield replace(rows, name=name, where=_moved(rows.where, starts[rows.is_equality]))
        starts[True] += program.form.eq_rhs.size
        starts[False] += program.form.ineq_rhs.size


def _moved(where: slice, by: int) -> slice:
    return slice(where.start + by, where.stop + by)
