"""Blocks are squares that keep polygons whole; distances decide their size; compared with brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from patchwork.core.grid.windows import Window
from patchwork.core.learning.folds import UNTESTED, Places, block_grouping, grouping, mismatch, spatial_blocks


@settings(max_examples=50)
@given(st.integers(0, 1000), st.integers(1, 60))
def test_blocks_keep_polygons_whole_and_are_squares_of_the_area(seed, side):
    rng = np.random.default_rng(seed)
    polygons = rng.integers(1, 15, 80)
    rows = polygons * 10 + rng.integers(0, 12, 80)
    columns = (polygons * 37) % 100 + rng.integers(0, 12, 80)
    blocks = spatial_blocks(rows, columns, polygons, side)
    for polygon in np.unique(polygons):
        own = polygons == polygon
        assert len(np.unique(blocks[own])) == 1
        square = int(rows[own].mean() // side), int(columns[own].mean() // side)
        assert (blocks[own] // 2**32 == square[0]).all()
        assert (blocks[own] % 2**32 == square[1]).all()


def places(rows, columns, side=100):
    rows, columns = np.asarray(rows), np.asarray(columns)
    return Places(rows, columns, np.arange(len(rows)), Window(0, 0, side, side))


def test_distances_equal_brute_force():
    rng = np.random.default_rng(3)
    own = places(rng.integers(0, 100, 40), rng.integers(0, 100, 40))
    folds = rng.integers(-1, 3, 40)
    far = cdist(own.points, own.points)
    expected = []
    for fold in range(3):
        test = folds == fold
        expected += far[np.ix_(test, ~test)].min(axis=1).tolist()
    np.testing.assert_allclose(own.to_training(folds), expected)
    everywhere = own.to_map()
    assert len(everywhere) == pytest.approx(1000, rel=0.1)
    assert everywhere.max() <= np.hypot(100, 100)


def test_random_samples_of_clustered_polygons_do_not_resemble_the_map_but_blocks_do():
    """Samples in one corner: the map is far from them, as blocks are and single samples are not."""
    rng = np.random.default_rng(5)
    rows, columns = rng.integers(0, 40, 300), rng.integers(0, 40, 300)
    own = places(rows, columns, 200)
    ids = rng.integers(1, 3, 300)
    at_random = grouping("random", ids, np.arange(300), 0)
    blocks = block_grouping(ids, own, 0)
    assert mismatch(own, blocks.folds) < mismatch(own, at_random.folds)
    sizes = {side: mismatch(own, block_grouping(ids, own, 0, side).folds) for side in (5, blocks.block_size, 150)}
    assert sizes[blocks.block_size] == min(sizes.values())


def test_a_size_that_the_user_chose_is_kept():
    rng = np.random.default_rng(6)
    own = places(rng.integers(0, 100, 50), rng.integers(0, 100, 50))
    assert block_grouping(rng.integers(1, 3, 50), own, 0, 17).block_size == 17


def test_nothing_to_test_is_infinitely_far():
    own = places([1, 2], [1, 2])
    assert mismatch(own, np.full(2, UNTESTED)) == float("inf")
