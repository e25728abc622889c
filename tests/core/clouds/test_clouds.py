"""Cloud detection against what s2cloudless and eo-learn stored, and against numpy."""

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from patchwork.core.clouds.detection import cell_reflectance, cloud_mask, cloud_probability, percent
from patchwork.core.clouds.methods.scl import classify_scl
from patchwork.core.grid.neighbourhoods import dilate, disk, disk_sum
from patchwork.core.grid.windows import Window
from patchwork.core.vocabulary.bands import DETECTOR_BANDS

# The bands of L1C in the order of the product
L1C = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")


# The detector on real scenes


@pytest.fixture(scope="module")
def slovenia(realdata):
    """Reflectance, data, expected probability and mask of the first five dates."""
    files = sorted((realdata / "slovenia").glob("S2_L1C_*.tif"))[:5]
    stack = []
    for path in files:
        with rasterio.open(path) as file:
            stack.append(file.read([file.descriptions.index(band) + 1 for band in DETECTOR_BANDS]))
    expected = np.load(realdata / "slovenia" / "expected_clouds_first5.npz")
    return np.stack(stack), expected["probability"].squeeze(), expected["mask"].squeeze()


@pytest.mark.parametrize("number", range(5))
def test_probability_and_mask_are_those_of_eo_learn(slovenia, number):
    stack, probability, mask = slovenia
    reflectance, has_data = cell_reflectance(stack[number], 1)
    assert has_data.all()
    found = cloud_probability(reflectance, has_data, 2)
    np.testing.assert_allclose(found, probability[number], atol=1e-5)
    difference = percent(found).astype(int) - np.rint(probability[number] * 100).astype(int)
    assert np.abs(difference).max() <= 1  # halves may fall to either side
    assert (difference != 0).mean() < 1e-3
    own_mask = cloud_mask(found, has_data, threshold=0.4, average_over=4, dilation=2)
    np.testing.assert_array_equal(own_mask, mask[number].astype(bool))


def test_two_of_the_five_dates_are_wholly_under_cloud(slovenia):
    stack, _, _ = slovenia
    covered = []
    for bands in stack:
        reflectance, has_data = cell_reflectance(bands, 1)
        probability = cloud_probability(reflectance, has_data, 2)
        covered.append(cloud_mask(probability, has_data, threshold=0.4, average_over=4, dilation=2).mean())
    assert sum(share > 0.99 for share in covered) == 2


def test_the_scene_of_s2cloudless_itself(realdata):
    scene = np.load(realdata / "betsiboka" / "l1c_300x512.npz")
    reflectance = scene["bands"][0][..., [L1C.index(band) for band in DETECTOR_BANDS]]
    has_data = np.ones(reflectance.shape[:2], dtype=bool)
    rows = slice(0, 128)
    probability = cloud_probability(reflectance[rows], has_data[rows], 2)
    np.testing.assert_allclose(probability, scene["probability"][0].squeeze()[rows], atol=1e-5)
    # The mask was made with the defaults of s2cloudless 1.0.0, on a scene that goes on beyond this cut.
    mask = cloud_mask(scene["probability"][0].squeeze(), has_data, threshold=0.4, average_over=1, dilation=1)
    inside = (slice(2, -2), slice(2, -2))
    np.testing.assert_array_equal(mask[inside], scene["mask"][0].squeeze()[inside].astype(bool))


def test_the_probability_of_a_pixel_does_not_depend_on_its_neighbours_or_threads(slovenia):
    stack, _, _ = slovenia
    reflectance, has_data = cell_reflectance(stack[0], 1)
    whole = cloud_probability(reflectance, has_data, 1)
    np.testing.assert_array_equal(cloud_probability(reflectance, has_data, 2), whole)
    part = (slice(17, 60), slice(3, 90))
    np.testing.assert_array_equal(cloud_probability(reflectance[part], has_data[part], 1), whole[part])
    holes = has_data.copy()
    holes[::3, 1::2] = False
    np.testing.assert_array_equal(cloud_probability(reflectance, holes, 1), np.where(holes, whole, 0))


def test_without_data_there_is_no_probability():
    none = np.zeros((4, 5), dtype=bool)
    assert not cloud_probability(np.zeros((4, 5, 10), dtype=np.float32), none, 1).any()


# Cells


@given(
    hnp.arrays(
        np.uint16,
        st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)).map(lambda s: (s[0], s[1] * 3, s[2] * 3)),
        elements=st.sampled_from([0, 0, 1, 300, 9_999, 65_535]),
    )
)
def test_a_cell_is_the_mean_of_its_pixels_with_data(bands):
    reflectance, has_data = cell_reflectance(bands, 3)
    assert reflectance.dtype == np.float32
    for row in range(bands.shape[1] // 3):
        for column in range(bands.shape[2] // 3):
            cell = bands[:, row * 3 : row * 3 + 3, column * 3 : column * 3 + 3].reshape(len(bands), -1)
            seen = cell[:, cell.any(axis=0)]
            assert has_data[row, column] == (seen.size > 0)
            expected = seen.mean(axis=1, dtype=float) / 10_000 if seen.size else 0.0
            np.testing.assert_allclose(reflectance[row, column], expected, rtol=1e-6)


def test_cells_do_not_depend_on_where_the_array_was_cut():
    bands = np.random.default_rng(1).integers(0, 10_000, (10, 60, 84)).astype(np.uint16)
    whole, _ = cell_reflectance(bands, 6)
    part, _ = cell_reflectance(bands[:, 12:48, 30:72], 6)
    np.testing.assert_array_equal(part, whole[2:8, 5:12])


# The mask


def test_disks_are_those_of_scikit_image():
    drawn = {
        0: ["#"],
        1: [".#.", "###", ".#."],
        2: ["..#..", ".###.", "#####", ".###.", "..#.."],
        3: ["...#...", ".#####.", ".#####.", "#######", ".#####.", ".#####.", "...#..."],
    }
    for radius, rows in drawn.items():
        np.testing.assert_array_equal(disk(radius), np.array([list(row) for row in rows]) == "#")


def by_loops(probability, has_data, threshold, average_over, dilation):
    """The mask, cell by cell, with the array mirrored at its edges for the mean."""
    height, width = probability.shape
    padded = np.pad(probability.astype(float), average_over, mode="symmetric")
    known = np.pad(has_data, average_over, mode="symmetric")
    mask = np.zeros((height, width), dtype=bool)
    for y, x in zip(*np.nonzero(has_data), strict=True):
        near = slice(y, y + 2 * average_over + 1), slice(x, x + 2 * average_over + 1)
        counted = disk(average_over) & known[near]
        mask[y, x] = padded[near][counted].mean() > threshold
    grown = np.zeros_like(mask)
    for y, x in zip(*np.nonzero(mask), strict=True):
        for dy, dx in np.argwhere(disk(dilation)) - dilation:
            if 0 <= y + dy < height and 0 <= x + dx < width:
                grown[y + dy, x + dx] = True
    return grown


cells = hnp.array_shapes(min_dims=2, max_dims=2, min_side=5, max_side=14)
options = {"average_over": st.integers(0, 3), "dilation": st.integers(0, 3), "threshold": st.sampled_from([0.2, 0.5])}


@given(shape=cells, seed=st.integers(0, 10_000), **options)
def test_the_mask_is_that_of_plain_loops(shape, seed, threshold, average_over, dilation):
    probability, has_data = random_cells(shape, seed)
    mask = cloud_mask(probability, has_data, threshold=threshold, average_over=average_over, dilation=dilation)
    np.testing.assert_array_equal(mask, by_loops(probability, has_data, threshold, average_over, dilation))


def random_cells(shape, seed):
    rng = np.random.default_rng(seed)
    has_data = rng.random(shape) > 0.2
    return np.where(has_data, rng.random(shape) ** 2, 0).astype(np.float32), has_data


@given(seed=st.integers(0, 10_000), **options)
def test_the_mask_of_tiles_with_a_halo_is_that_of_the_whole(seed, threshold, average_over, dilation):
    settings = {"threshold": threshold, "average_over": average_over, "dilation": dilation}
    domain = Window(0, 0, 23, 31)
    probability, has_data = random_cells(domain.shape, seed)
    whole = cloud_mask(probability, has_data, **settings)
    for row in range(0, 23, 8):
        for column in range(0, 31, 9):
            tile = Window(row, column, 8, 9).intersection(domain)
            around = tile.expanded(average_over + dilation).intersection(domain)
            where = domain.slices(around)
            mask = cloud_mask(probability[where], has_data[where], **settings)
            np.testing.assert_array_equal(mask[around.slices(tile)], whole[domain.slices(tile)])


def test_cells_without_data_do_not_thin_out_a_cloud():
    probability = np.zeros((9, 9), dtype=np.float32)
    has_data = np.zeros((9, 9), dtype=bool)
    probability[:, :2], has_data[:, :2] = 0.9, True
    mask = cloud_mask(probability, has_data, threshold=0.8, average_over=3, dilation=0)
    np.testing.assert_array_equal(mask, has_data)


def test_a_probability_at_the_threshold_is_no_cloud():
    probability = np.full((3, 3), 0.5, dtype=np.float32)
    has_data = np.ones((3, 3), dtype=bool)
    assert not cloud_mask(probability, has_data, threshold=0.5, average_over=1, dilation=1).any()
    assert cloud_mask(probability, has_data, threshold=0.499, average_over=1, dilation=1).all()


@given(hnp.arrays(bool, (12, 15)), st.integers(0, 4))
def test_dilation_is_a_distance(mask, radius):
    expected = ndimage.distance_transform_edt(~mask) <= radius if mask.any() else mask
    np.testing.assert_array_equal(dilate(mask, radius), expected)


@given(hnp.arrays(np.int32, (9, 11), elements=st.integers(0, 9)), st.integers(0, 4))
def test_a_disk_sum_counts_the_mirrored_neighbours(values, radius):
    padded = np.pad(values, radius, mode="symmetric")
    views = np.lib.stride_tricks.sliding_window_view(padded, (2 * radius + 1, 2 * radius + 1))
    np.testing.assert_array_equal(disk_sum(values, radius), views[..., disk(radius)].sum(axis=-1))


# The scene classification

# class: (probability, masked, with data); Sentinel-2 L2A product specification
SCL = {
    0: (0, False, False),
    1: (0, False, False),
    2: (0, False, True),
    3: (0, True, True),
    4: (0, False, True),
    5: (0, False, True),
    6: (0, False, True),
    7: (0, False, True),
    8: (100, True, True),
    9: (100, True, True),
    10: (100, True, True),
    11: (0, False, True),
    12: (0, False, False),  # not a class: nothing is known
    255: (0, False, False),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_class_of_the_scene_classification(dtype):
    scl = np.array([list(SCL)], dtype=dtype)
    probability, mask, has_data = classify_scl(scl, 0)
    assert probability.dtype == np.uint8
    assert list(zip(probability[0].tolist(), mask[0].tolist(), has_data[0].tolist(), strict=True)) == list(SCL.values())


@given(hnp.arrays(np.uint16, (14, 17), elements=st.sampled_from([0, 3, 4, 4, 4, 4, 8])), st.integers(0, 3))
def test_the_classification_of_tiles_with_a_halo_is_that_of_the_whole(scl, dilation):
    _, whole, _ = classify_scl(scl, dilation)
    domain = Window(0, 0, *scl.shape)
    for tile in (Window(0, 0, 5, 6), Window(5, 6, 5, 6), Window(10, 12, 4, 5)):
        around = tile.expanded(dilation).intersection(domain)
        _, mask, _ = classify_scl(scl[domain.slices(around)], dilation)
        np.testing.assert_array_equal(mask[around.slices(tile)], whole[domain.slices(tile)])


def test_percent_is_rounded_to_the_nearest():
    np.testing.assert_array_equal(percent(np.array([0.0, 0.004, 0.006, 0.994, 0.996, 1.0])), [0, 0, 1, 99, 100, 100])
