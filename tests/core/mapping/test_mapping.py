"""From probabilities to classes, and smoothing against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from patchwork.core.grid.neighbourhoods import disk
from patchwork.core.grid.windows import Window
from patchwork.core.mapping.decisions import smooth, to_classes


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_most_probable_class_and_its_probability(dtype):
    probabilities = np.array([[0.2, 0.5, 0.3], [0.996, 0.003, 0.001], [0.1, 0.2, 0.7]], dtype=np.float32)
    ids, confidence = to_classes(probabilities, (3, 8, 200), dtype)
    assert (ids.dtype, confidence.dtype) == (np.dtype(dtype), np.uint8)
    assert (ids.tolist(), confidence.tolist()) == ([8, 3, 200], [50, 100, 70])


def test_the_first_of_two_equal_classes_counts():
    probabilities = np.array([[0.5, 0.5], [0.25, 0.25]], dtype=np.float32)
    assert to_classes(probabilities, (1200, 9120), "uint16")[0].tolist() == [1200, 1200]


def test_no_pixels_have_no_classes():
    ids, confidence = to_classes(np.empty((0, 2), np.float32), (1, 2), "uint8")
    assert len(ids) == len(confidence) == 0


def by_loops(classes, radius):
    height, width = classes.shape
    result = classes.copy()
    offsets = np.argwhere(disk(radius)) - radius
    for y, x in np.argwhere(classes > 0):
        near = [(y + dy, x + dx) for dy, dx in offsets if 0 <= y + dy < height and 0 <= x + dx < width]
        votes = [int(classes[place]) for place in near if classes[place]]
        most = max(votes.count(id_) for id_ in set(votes))
        winners = sorted(id_ for id_ in set(votes) if votes.count(id_) == most)
        result[y, x] = classes[y, x] if classes[y, x] in winners else winners[0]
    return result


maps = hnp.arrays(
    np.uint16,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.sampled_from([0, 1, 1, 2, 2, 3, 1200]),
)


@given(maps, st.integers(0, 3))
def test_smoothing_is_that_of_plain_loops(classes, radius):
    given_classes = classes.copy()
    np.testing.assert_array_equal(smooth(classes, radius), by_loops(classes, radius))
    np.testing.assert_array_equal(classes, given_classes)


def test_a_lonely_pixel_takes_the_class_around_it():
    classes = np.full((5, 5), 7, dtype=np.uint8)
    classes[2, 2] = 3
    assert (smooth(classes, 1) == 7).all()


def test_no_data_stays_and_does_not_vote():
    classes = np.zeros((3, 3), dtype=np.uint8)
    classes[1, 1] = 4
    np.testing.assert_array_equal(smooth(classes, 1), classes)


def test_of_two_equally_frequent_classes_the_own_one_stays():
    classes = np.array([[9, 9, 2, 2]] * 4, dtype=np.uint8)
    np.testing.assert_array_equal(smooth(classes, 1), classes)


def test_of_two_other_equally_frequent_classes_the_lower_id_wins():
    classes = np.array([[0, 5, 0], [8, 6, 5], [0, 8, 0]], dtype=np.uint8)
    assert smooth(classes, 1)[1, 1] == 5


@given(st.integers(0, 1000), st.integers(1, 4))
def test_smoothing_tiles_with_a_halo_is_smoothing_the_whole(seed, radius):
    domain = Window(0, 0, 25, 31)
    classes = np.random.default_rng(seed).choice([0, 1, 1, 2, 40], domain.shape).astype(np.uint8)
    whole = smooth(classes, radius)
    for row in range(0, 25, 9):
        for column in range(0, 31, 8):
            tile = Window(row, column, 9, 8).intersection(domain)
            around = tile.expanded(radius)
            common = around.intersection(domain)
            padded = np.zeros(around.shape, dtype=np.uint8)  # as the workspace gives what lies beyond the domain
            padded[around.slices(common)] = classes[domain.slices(common)]
            np.testing.assert_array_equal(smooth(padded, radius)[around.slices(tile)], whole[domain.slices(tile)])
