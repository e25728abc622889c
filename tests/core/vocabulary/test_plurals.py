"""Numbers with nouns."""

import pytest

from patchwork.core.vocabulary.plurals import counted


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 polygons"), (1, "1 polygon"), (2, "2 polygons"), (12_345, "12,345 polygons")]
)
def test_only_one_is_singular(number, text):
    assert counted(number, "polygon") == text


def test_an_irregular_plural():
    assert [counted(number, "patch", "patches") for number in (0, 1, 2)] == ["0 patches", "1 patch", "2 patches"]
