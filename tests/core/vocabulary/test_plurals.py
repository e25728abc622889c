"""Numbers and lists in texts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core.vocabulary.plurals import counted, listed, written


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3301010000.0, "3301010000"),
        (10.0, "10"),
        (0, "0"),
        (-2.5, "-2.5"),
        (9.994812345, "9.99481"),
        (0.00008983152, "0.0000898315"),
        (123456.75, "123457"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (1e300, "1e+300"),
        (1e-12, "1e-12"),
    ],
)
def test_numbers_are_written_without_an_exponent(number, text):
    assert written(number) == text


@given(st.floats(1e-9, 1e15), st.sampled_from([1, -1]))
def test_written_numbers_have_six_significant_digits(size, sign):
    assert "e" not in written(sign * size)
    assert float(written(sign * size)) == pytest.approx(sign * size, rel=1e-5)


def test_digits_can_be_fewer():
    assert [written(number, 3) for number in (9.9948, 0.012345, 1234.5)] == ["9.99", "0.0123", "1234"]


def test_nouns_agree_and_lists_are_never_empty():
    assert [counted(1, "class", "classes"), counted(1000, "class", "classes")] == ["1 class", "1,000 classes"]
    assert [listed(["a", "b"], "no fields"), listed([], "no fields")] == ["a, b", "no fields"]
