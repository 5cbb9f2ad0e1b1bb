"""What a description of life refuses, and why."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from storage_opt.spec.life import LifeSpec


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"augment_to_frac": 0.9}, "nothing says when cells are added"),
        ({"augment_below_frac": 0.9, "augment_to_frac": 0.9}, "every year would add some"),
        ({"at_end_of_life": "augment", "augment_to_frac": 0.7}, "every year would add some"),
        ({"dispatched_years": (1, 5, 5)}, "dispatched_years must rise, got 1, 5, 5"),
        ({"augment_years": (8, 4)}, "augment_years must rise"),
        ({"augment_years": (1, 4)}, "all cells are new"),
        ({"dispatched_years": ()}, "dispatched_years is empty"),
        ({"end_of_life_energy_frac": 1.0}, "less than 1"),
        ({"warranty_years": 0}, "greater than 0"),
    ],
)
def test_contradictions_are_refused_with_a_reason(given, said):
    with pytest.raises(ValidationError, match=said):
        LifeSpec(**given)


def test_what_is_left_out():
    spec = LifeSpec()
    assert spec.life_fade_frac == pytest.approx(0.2)
    assert spec.filled_frac == 1.0
    assert spec.kept_frac is None
    assert LifeSpec(at_end_of_life="augment").kept_frac == 0.8
    assert LifeSpec(augment_below_frac=0.9).kept_frac == 0.9
