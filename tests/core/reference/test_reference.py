"""Labels against rasterio, eo-learn and brute force; the ways in which a reference layer can be strange."""

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.features import rasterize

from patchwork.core.errors import DataError
from patchwork.core.grid.crs import reproject
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources import open_local
from patchwork.core.reference.polygons import erode, make_reference, read_classes
from patchwork.core.store.vectors import VectorLayer, read_vector

WINDOW = Window(-4, 3, 30, 40)


def array(*geometries):
    return np.array([*geometries, None], dtype=object)[:-1]


def layer(**fields):
    count = len(next(iter(fields.values())))
    return VectorLayer("fields", array(*[shapely.box(i, 0, i + 1, 1) for i in range(count)]), fields, "EPSG:32633")


def objects(*values):
    return np.array([*values, None], dtype=object)[:-1]


# Burning


@pytest.mark.parametrize("suffix", ["gpkg", "shp"])
def test_the_real_reference_is_burnt_as_eo_learn_does(realdata, suffix):
    grid = open_local("folder", realdata / "slovenia").grid
    found = read_vector(str(realdata / "slovenia" / f"reference.{suffix}"))
    class_ids, names = read_classes(found, "LULC_ID", "LULC_NAME")
    reference = make_reference(grid.to_pixels(reproject(found.geometries, found.crs, grid.crs)), class_ids, names)
    window = Window(0, 0, 101, 100)
    burnt = reference.to_classes(reference.burn_polygons(window))
    np.testing.assert_array_equal(burnt, np.load(realdata / "slovenia" / "expected_reference.npy").squeeze())
    assert sorted(names) == [1, 2, 3, 4, 8]
    assert names[1] == "cultivated land"


def test_ids_beyond_a_byte_stay_as_they_are(realdata):
    grid = open_local("folder", realdata / "flanders").grid
    found = read_vector(str(realdata / "flanders" / "reference.shp"))
    class_ids, names = read_classes(found, "crop", None)
    shapes = reproject(found.geometries, found.crs, grid.crs)
    reference = make_reference(grid.to_pixels(shapes), class_ids, names)
    window = Window(0, 0, 64, 64)
    burnt = reference.to_classes(reference.burn_polygons(window))
    expected = rasterize(
        zip(shapes, found.fields["crop"].astype(int).tolist(), strict=True),
        window.shape,
        transform=grid.affine(window),
        dtype="uint16",
    )
    np.testing.assert_array_equal(burnt, expected)
    assert {1200, 2130, 5100, 7900, 9120} & set(np.unique(burnt).tolist())
    assert names[1200] == "1200"


points = st.tuples(*[st.integers(-8_000, 45_000).map(lambda thousandths: thousandths / 1000)] * 2)
stars = (
    st.lists(points, min_size=3, max_size=7, unique=True)
    .map(shapely.Polygon)
    .filter(lambda shape: shapely.make_valid(shape).geom_type in ("Polygon", "MultiPolygon"))
)
boxes = st.builds(
    lambda x, y, w, h: shapely.box(x, y, x + w, y + h), *[st.integers(-5, 40)] * 2, *[st.integers(1, 20)] * 2
)


@given(st.lists(stars | boxes, min_size=1, max_size=6), st.integers(1, 25), st.integers(1, 25))
def test_burning_in_patches_is_burning_the_whole(shapes, height, width):
    reference = make_reference(array(*shapes), np.arange(1, len(shapes) + 1, dtype=np.uint16), {})
    whole = reference.burn_polygons(WINDOW)
    for row in range(WINDOW.row, WINDOW.bottom, height):
        for column in range(WINDOW.column, WINDOW.right, width):
            part = Window(row, column, height, width).intersection(WINDOW)
            np.testing.assert_array_equal(reference.burn_polygons(part), whole[WINDOW.slices(part)])


@given(st.lists(stars, min_size=1, max_size=6), st.sampled_from([10.0, 9.9948]))
def test_burning_is_that_of_rasterio_on_the_map(shapes, pixel):
    grid = PixelGrid("EPSG:32633", 465_181.05, 5_079_244.89, pixel, pixel)
    valid = [shapely.make_valid(shape) for shape in shapes]
    on_map = [
        shapely.transform(shape, lambda xy: np.array([grid.left, grid.top]) + xy * np.array([pixel, -pixel]))
        for shape in valid
    ]
    reference = make_reference(grid.to_pixels(array(*on_map)), np.arange(1, len(shapes) + 1, dtype=np.uint16), {})
    expected = rasterize(
        ((shape, number) for number, shape in enumerate(on_map, start=1)),
        WINDOW.shape,
        transform=grid.affine(WINDOW),
        dtype="uint32",
    )
    differing = reference.burn_polygons(WINDOW) != expected
    # A centre that lies on an edge may fall to either side, by a rounding of the coordinates.
    rows, columns = np.nonzero(differing)
    centres = shapely.points(columns + WINDOW.column + 0.5, rows + WINDOW.row + 0.5)
    edges = shapely.union_all([shape.boundary for shape in valid])
    assert all(edges.distance(centre) < 1e-6 for centre in centres)


def test_where_polygons_overlap_the_later_one_counts_and_it_is_told():
    shapes = array(shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10), shapely.box(15, 0, 20, 10))
    reference = make_reference(shapes, np.array([3, 9, 4], dtype=np.uint16), {})
    burnt = reference.to_classes(reference.burn_polygons(Window(0, 0, 10, 20)))
    np.testing.assert_array_equal(burnt[0], [3] * 5 + [9] * 10 + [4] * 5)
    (note,) = reference.notes
    assert note == "1 pair of polygons overlapping by more than a tenth; the later one is used."


@pytest.mark.parametrize(("depth", "told"), [(0.05, False), (0.9, False), (1.1, True), (10, True)])
def test_neighbours_that_overlap_by_a_sliver_are_not_told(depth, told):
    shapes = array(shapely.box(0, 0, 10, 10), shapely.box(10 - depth, 0, 30, 10))
    assert bool(make_reference(shapes, np.array([1, 2], dtype=np.uint16), {}).notes) == told


def test_neighbours_that_share_an_edge_do_not_overlap():
    shapes = array(*[shapely.box(x, y, x + 5, y + 5) for x in range(0, 20, 5) for y in range(0, 20, 5)])
    assert make_reference(shapes, np.ones(16, dtype=np.uint16), {}).notes == ()


def test_polygons_without_a_class_are_burnt_as_unknown():
    shapes = array(shapely.box(0, 0, 10, 10), shapely.box(5, 0, 10, 10))
    reference = make_reference(shapes, np.array([3, 0], dtype=np.uint16), {})
    burnt = reference.to_classes(reference.burn_polygons(Window(0, 0, 10, 10)))
    np.testing.assert_array_equal(burnt[0], [3] * 5 + [0] * 5)
    assert "1 polygon without a class (0 or empty) treated as unknown." in reference.notes


def test_invalid_polygons_are_repaired_and_counted():
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    reference = make_reference(array(bow_tie, shapely.box(20, 0, 25, 5)), np.array([1, 2], dtype=np.uint16), {})
    assert reference.notes == ("1 invalid polygon repaired.",)
    burnt = reference.burn_polygons(Window(0, 0, 10, 10))
    expected = rasterize([shapely.make_valid(bow_tie)], (10, 10), transform=rasterio.Affine.translation(-1e-7, -3e-7))
    np.testing.assert_array_equal(burnt, expected)
    assert burnt.sum() >= 40
    assert not bow_tie.is_valid  # what was given stays as it was


def test_multipolygons_and_holes_are_burnt():
    ring = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6))
    many = shapely.MultiPolygon([ring, shapely.box(12, 0, 14, 2)])
    reference = make_reference(array(many), np.array([5], dtype=np.uint16), {})
    burnt = reference.burn_polygons(Window(0, 0, 9, 15))
    assert burnt.sum() == 81 - 9 + 4
    assert burnt[4, 4] == 0


# Classes


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.float64])
def test_whole_numbers_are_the_classes(dtype):
    ids, names = read_classes(layer(c=np.array([3, 0, 200, 3], dtype=dtype)), "c", None)
    assert ids.tolist() == [3, 0, 200, 3]
    assert names == {3: "3", 200: "200"}


def test_numbers_that_are_missing_are_unknown():
    ids, names = read_classes(layer(c=np.array([1.0, np.nan, 65_535.0])), "c", None)
    assert ids.tolist() == [1, 0, 65_535]
    assert names == {1: "1", 65_535: "65535"}


@pytest.mark.parametrize(("value", "told"), [(-1, "-1"), (65_536, "65536"), (2.5, "2.5"), (1e300, "1e\\+300")])
def test_numbers_that_are_no_class_are_named(value, told):
    with pytest.raises(DataError, match=f"class field c holds {told}; class ids are whole numbers from 1 to 65535"):
        read_classes(layer(c=np.array([1.0, value])), "c", None)


def test_names_are_numbered_in_sorted_order():
    ids, names = read_classes(layer(c=objects("water", "Äcker", "forest", "water ", "Wiese")), "c", None)
    assert names == {1: "Wiese", 2: "forest", 3: "water", 4: "Äcker"}
    assert [names[id_] for id_ in ids] == ["water", "Äcker", "forest", "water", "Wiese"]


def test_names_that_are_missing_are_unknown():
    ids, names = read_classes(layer(c=objects("b", None, "", "  ", float("nan"), "a")), "c", None)
    assert ids.tolist() == [2, 0, 0, 0, 0, 1]
    assert names == {1: "a", 2: "b"}


def test_numbers_take_their_names_from_the_name_field_the_commonest_first():
    fields = {"c": np.array([1, 1, 1, 2, 3]), "n": objects("forest", "wood", "wood", None, "water")}
    _, names = read_classes(layer(**fields), "c", "n")
    assert names == {1: "wood", 2: "2", 3: "water"}


@pytest.mark.parametrize(("class_field", "name_field"), [("klass", None), ("c", "klass")])
def test_a_field_that_is_not_there_is_named_with_those_that_are(class_field, name_field):
    fields = layer(c=np.array([1]), n=objects("a"))
    with pytest.raises(DataError, match=r"has no field 'klass'. It has: c, n"):
        read_classes(fields, class_field, name_field)


def test_classes_of_a_file_with_missing_values(make_reference, tmp_path):
    shapes = [shapely.box(i, 0, i + 1, 1) for i in range(3)]
    made = make_reference(tmp_path / "r.gpkg", shapes, {"c": np.array([7, np.nan, 300]), "n": ["x", None, "y"]})
    found = read_vector(str(made))
    assert read_classes(found, "c", "n")[0].tolist() == [7, 0, 300]
    assert read_classes(found, "c", "n")[1] == {7: "x", 300: "y"}
    assert read_classes(found, "n", None)[0].tolist() == [1, 0, 2]


def test_whole_numbers_in_texts_are_the_ids():
    ids, names = read_classes(layer(c=objects("1", "10", " 2 ", None, "", "0")), "c", None)
    assert ids.tolist() == [1, 10, 2, 0, 0, 0]
    assert names == {1: "1", 2: "2", 10: "10"}
    assert read_classes(layer(c=objects("1.0", "10.00", "2")), "c", None)[0].tolist() == [1, 10, 2]


def test_whole_numbers_in_texts_take_their_names_from_the_name_field():
    _, names = read_classes(layer(c=objects("2", "10"), n=objects("forest", "water")), "c", "n")
    assert names == {2: "forest", 10: "water"}


@pytest.mark.parametrize(
    "texts", [("007", "1", "10"), ("01", "02", "10"), ("1", "10", "forest"), ("1", "2", "100000"), ("1.5", "2", "3")]
)
def test_other_texts_are_names_in_sorted_order(texts):
    ids, names = read_classes(layer(c=objects(*texts)), "c", None)
    assert [names[id_] for id_ in ids.tolist()] == list(texts)
    assert list(names.values()) == sorted(texts)
    assert list(names) == [1, 2, 3]


@pytest.mark.parametrize("values", [np.array([1, -1, -1]), objects("1", "-1", "-1"), np.array([1.0, 2.5, np.inf])])
def test_how_many_values_are_no_class_is_said(values):
    with pytest.raises(DataError, match=r"holds (-1|2\.5); class ids .*\. 2 features have such a value\. Choose"):
        read_classes(layer(c=values), "c", None)


# Erosion


def test_a_radius_of_one_makes_a_square_of_five_a_square_of_three():
    square = np.zeros((9, 9), dtype=np.uint16)
    square[2:7, 2:7] = 1200
    expected = np.zeros_like(square)
    expected[3:6, 3:6] = 1200
    np.testing.assert_array_equal(erode(square, 1), expected)
    assert not erode(square, 3).any()
    np.testing.assert_array_equal(erode(square, 0), square)


def test_two_classes_that_touch_are_kept_apart():
    touching = np.array([[1, 1, 1, 2, 2, 2]] * 3, dtype=np.uint16)
    np.testing.assert_array_equal(erode(touching, 1), [[1, 1, 0, 0, 2, 2]] * 3)


def test_the_edge_of_the_array_does_not_erode():
    np.testing.assert_array_equal(erode(np.full((4, 5), 7, np.uint16), 2), np.full((4, 5), 7))


classes = hnp.arrays(
    np.uint16,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14),
    elements=st.sampled_from([0, 1, 1, 1, 1, 1, 300]),
)


@given(classes, st.integers(0, 3))
def test_erosion_is_that_of_plain_loops(labels, radius):
    expected = labels.copy()
    for y, x in np.ndindex(*labels.shape):
        for v, u in np.ndindex(*labels.shape):
            if (v - y) ** 2 + (u - x) ** 2 <= radius**2 and labels[v, u] != labels[y, x]:
                expected[y, x] = 0
    np.testing.assert_array_equal(erode(labels, radius), expected)


@given(st.integers(0, 1000), st.integers(0, 3))
def test_eroding_patches_with_a_halo_is_eroding_the_whole(seed, radius):
    rng = np.random.default_rng(seed)
    blocks = rng.choice([0, 1, 2], (6, 7)).repeat(4, axis=0).repeat(4, axis=1).astype(np.uint16)
    domain = Window(0, 0, *blocks.shape)
    whole = erode(blocks, radius)
    for row in range(0, 24, 9):
        for column in range(0, 28, 9):
            part = Window(row, column, 9, 9).intersection(domain)
            around = part.expanded(radius).intersection(domain)
            own = erode(blocks[domain.slices(around)], radius)
            np.testing.assert_array_equal(own[around.slices(part)], whole[domain.slices(part)])
