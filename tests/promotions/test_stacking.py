"""Which coupons go together: both must agree."""

import pytest

from promotions.stacking import ALONE, LISTED, Stacking, first_clash

FREE = Stacking(names=frozenset({"FREE"}))
ALL_BY_ITSELF = Stacking(ALONE, frozenset({"SOLO"}))
TEA = Stacking(LISTED, frozenset({"TEA", "drinks"}), frozenset({"FREE", "snacks"}))
CAKE = Stacking(LISTED, frozenset({"CAKE", "snacks"}), frozenset({"drinks"}))
BREAD = Stacking(LISTED, frozenset({"BREAD", "snacks"}), frozenset({"BREAD"}))


@pytest.mark.parametrize(
    ("stackings", "clash"),
    [
        ([], None),
        ([ALL_BY_ITSELF], None),
        ([FREE, FREE], None),
        ([FREE, ALL_BY_ITSELF], (1, 0)),
        ([ALL_BY_ITSELF, FREE], (0, 1)),
        ([TEA, FREE], None),
        ([TEA, CAKE], None),
        ([TEA, BREAD], (1, 0)),
        ([BREAD, BREAD], None),
        ([CAKE, CAKE], (0, 1)),
        ([FREE, TEA, CAKE], (2, 0)),
    ],
)
def test_two_go_together_if_each_accepts_the_other(stackings, clash):
    assert first_clash(stackings) == clash
