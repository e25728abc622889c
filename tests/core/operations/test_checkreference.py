"""What is told of a reference before a run: the classes against a hand-worked case, each problem, and real data."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from patchwork.core.errors import DataError, ParameterError
from patchwork.core.grid.crs import reproject
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress
from patchwork.core.reference.polygons import make_reference, read_classes
from patchwork.core.store.vectors import VectorLayer, read_vector
from patchwork.core.vocabulary.classes import ClassScheme
from patchwork.core.vocabulary.plurals import counted
from patchwork.core.vocabulary.schemes import SCHEMES

X, Y = 500_000.0, 5_100_000.0  # on the central meridian of EPSG:32633


def check(reference, **given):
    """The classes by id, the problems, whether it is usable; what is said is what is put out."""
    said = []
    progress = Progress(on_message=lambda level, text: said.append(text))
    operation = OPERATIONS["checkreference"]
    values = {"reference": reference, "class_field": "id", **given}
    outputs = execute(operation, operation.parameters.from_values(values), {}, progress)
    problems = outputs["problems"].splitlines()
    assert problems == "\n".join(said).splitlines()
    assert outputs["problem_number"] == len(problems)
    rows = json.loads(outputs["classes"])
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    return {row["id"]: row for row in rows}, problems, outputs["usable"]


def squares(count, *, side=100.0, row=0, x=X, y=Y):
    return [
        shapely.box(x + 2 * n * side, y + row * 300, x + (2 * n + 1) * side, y + row * 300 + side) for n in range(count)
    ]


def sound(tmp_path, make_reference):
    shapes, ids = squares(5) + squares(6, row=1), [3] * 5 + [2000] * 6
    names = ["forest"] * 5 + ["čebula"] * 6
    return make_reference(tmp_path / "res ničë.gpkg", shapes, {"id": ids, "crop": names})


def test_a_sound_reference_has_its_classes_and_no_problem(make_reference, tmp_path):
    rows, problems, usable = check(sound(tmp_path, make_reference), name_field="crop")
    assert problems == []
    assert usable == 1
    assert list(rows) == [3, 2000]
    expected = ClassScheme.of({3: "forest", 2000: "čebula"})
    assert [(row["name"], row["colour"]) for row in rows.values()] == [(e.name, e.colour) for e in expected.classes]
    assert [row["polygons"] for row in rows.values()] == [5, 6]
    # A hectare on the map is 1 / 0.9996² on the ground of the central meridian.
    assert [row["hectares"] for row in rows.values()] == pytest.approx([5 / 0.9996**2, 6 / 0.9996**2], abs=0.006)


def test_only_what_lies_in_the_area_counts(make_reference, tmp_path):
    area = f"{X + 50},{Y},{X + 550},{Y + 150},EPSG:32633"  # half of the first square of class 3, two whole ones
    rows, problems, usable = check(sound(tmp_path, make_reference), area=area)
    assert (rows[3]["polygons"], rows[2000]["polygons"], rows[2000]["hectares"]) == (3, 0, 0)
    assert rows[3]["hectares"] == pytest.approx(2.5 / 0.9996**2, abs=0.006)
    assert usable == 0
    assert problems == [
        "No polygon in the area, so not in the map: class 2000.",
        "Fewer than 5 polygons, so the accuracy is uncertain; add polygons: class 3.",
        "The reference has 1 class within the area; a map needs at least two. Is CLASS_FIELD (id) the right one?",
    ]


def test_hectares_are_those_on_the_ellipsoid(realdata):
    layer = read_vector(str(realdata / "slovenia" / "reference.gpkg"))
    rows, _, usable = check(realdata / "slovenia" / "reference.gpkg", class_field="LULC_ID", name_field="LULC_NAME")
    shapes, ids = reproject(layer.geometries, layer.crs, "EPSG:4326"), layer.fields["LULC_ID"]
    assert usable == 1
    assert set(rows) == set(np.unique(ids[ids > 0]).tolist())
    for id_, row in rows.items():
        ground = sum(abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0]) for shape in shapes[ids == id_])
        assert row["hectares"] == pytest.approx(ground / 1e4, rel=2e-4, abs=0.01)
        assert row["polygons"] == (ids == id_).sum()


def box(x, y, side=100.0):
    return shapely.box(X + x, Y + y, X + x + side, Y + y + side)


BOW = shapely.Polygon([(X, Y), (X + 100, Y + 100), (X + 100, Y), (X, Y + 100)])


@pytest.mark.parametrize(
    ("shapes", "fields", "expected", "usable"),
    [
        ([box(0, 0), box(50, 0), box(900, 0)], {"id": [1, 2, 2]}, "1 pair of polygons overlapping", 1),
        ([BOW, box(900, 0)], {"id": [1, 2]}, "1 invalid polygon repaired.", 1),
        (
            [box(0, 0), box(900, 0)],
            {"id": [1, 2]},
            "used for training but not tested; add polygons: classes 1, 2.",
            1,
        ),
        (
            [box(n * 200, 0) for n in range(6)],
            {"id": [1] * 5 + [0]},
            "1 polygon without a class (0 or empty) treated as unknown.",
            0,
        ),
        ([box(n * 200, 0) for n in range(6)], {"id": ["a"] * 5 + [None]}, "a map needs at least two", 0),
        ([box(0, 0), box(900, 0)], {"id": [1.5, 2.0]}, "The class field id holds 1.5; class ids are whole numbers", 0),
        ([box(0, 0), box(900, 0)], {"id": [-1, 2]}, "The class field id holds -1", 0),
        ([box(0, 0), box(900, 0)], {"kind": [1, 2]}, "has no field 'id'. It has: kind", 0),
        ([shapely.Point(X, Y), box(900, 0)], {"id": [1, 2]}, "1 feature without an area", 1),
        ([None], {"id": [1]}, "The reference reference is empty.", 0),
    ],
)
def test_each_problem_is_told(make_reference, tmp_path, shapes, fields, expected, usable):
    path = make_reference(tmp_path / "reference.gpkg", shapes, fields)
    _, problems, found = check(path)
    assert any(expected in problem for problem in problems), problems
    assert found == usable


def test_that_class_0_is_unknown_is_said_with_the_number_of_polygons(make_reference, tmp_path):
    path = make_reference(tmp_path / "binary.gpkg", squares(5), {"id": [0, 0, 0, 1, 1], "kind": list("aaabb")})
    _, problems, usable = check(path)
    expected = (
        "3 polygons have class 0, which means unknown. If 0 is a class, number the classes from 1 in another field, "
        "and set that or a field of names as CLASS_FIELD."
    )
    assert problems[0] == f"3 polygons without a class (0 or empty) treated as unknown. {expected}"
    assert problems[-1] == f"The reference has 1 class within the area; a map needs at least two. {expected}"
    assert usable == 0
    assert check(path, class_field="kind")[2] == 1


def test_texts_of_numbers_are_ids(make_reference, tmp_path):
    rows, _, _ = check(make_reference(tmp_path / "texts.gpkg", squares(4), {"id": ["1", "10", "2", "10"]}))
    assert {id_: row["polygons"] for id_, row in rows.items()} == {1: 1, 2: 1, 10: 2}


def test_broken_shapes_are_named_and_the_others_are_counted(make_reference, tmp_path):
    broken = shapely.Polygon([(X, Y), (np.inf, Y), (X + 9, Y + 9), (X, Y)])
    path = make_reference(tmp_path / "r.gpkg", [*squares(4), broken, None], {"id": [1, 1, 2, 2, 2, 1]})
    rows, problems, usable = check(path)
    assert [row["polygons"] for row in rows.values()] == [2, 2]
    assert problems[0].startswith("2 features dropped")
    assert problems[0].endswith("feature ids 5, 6.")
    assert usable == 1


def test_texts_without_end_are_told_and_can_be_used(make_reference, tmp_path):
    names = [f"parcel {number:03d}" for number in range(150)]
    rows, problems, usable = check(make_reference(tmp_path / "many.gpkg", squares(150), {"id": names}))
    assert problems[0].startswith("The class field id has 150 different values. Is this the class field?")
    assert "classes 1 (parcel 000), 2 (parcel 001)" in problems[1]
    assert problems[1].endswith("and 140 more.")
    assert len(rows) == 150
    assert usable == 1


def test_more_texts_than_a_map_has_classes_are_an_error():
    names = np.array([f"n{number}" for number in range(65_536)], dtype=object)
    layer = VectorLayer("parcels", np.full(len(names), shapely.box(0, 0, 1, 1)), {"name": names}, "EPSG:32633")
    with pytest.raises(DataError, match="holds 65,536 different texts; a map has at most 65,535 classes"):
        read_classes(layer, "name", None)


def test_without_a_crs_the_classes_are_told_without_hectares(make_reference, tmp_path):
    path = make_reference(tmp_path / "no crs.gpkg", squares(4), {"id": [1, 1, 2, 2]}, crs=None)
    rows, problems, usable = check(path, area="14,45,15,46")
    assert [(row["polygons"], row["hectares"]) for row in rows.values()] == [(2, None), (2, None)]
    assert len(problems) == 1
    assert "has no CRS. Assign one" in problems[0]
    assert usable == 0


def test_how_far_away_the_reference_lies_is_told(make_reference, tmp_path):
    path = make_reference(tmp_path / "far.gpkg", squares(2, side=1000), {"id": [1, 2]})
    _, problems, usable = check(path, area=f"{X},{Y + 101_000},{X + 9},{Y + 101_009},EPSG:32633")
    assert usable == 0
    assert "far (2 polygons) is outside the area of interest, 100 km away. Is the CRS (" in problems[-1]


def test_a_missing_class_field_is_told_with_those_there_are(make_reference, tmp_path):
    _, problems, usable = check(sound(tmp_path, make_reference), class_field=None)
    assert problems == ["Class field (CLASS_FIELD) is missing: one of id, crop."]
    assert usable == 0


def test_what_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        check(tmp_path / "nothing.gpkg")
    (tmp_path / "text.gpkg").write_text("no layer")
    with pytest.raises(DataError, match="cannot be read as a vector layer"):
        check(tmp_path / "text.gpkg")
    with pytest.raises(ParameterError, match=r"Reference \(REFERENCE\) is missing"):
        check(None)


corners = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 25), st.integers(1, 25))


@given(st.lists(corners, min_size=1, max_size=12))
def test_overlaps_are_counted_as_by_hand(rectangles):
    shapes = np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in rectangles], dtype=object)
    pairs = 0
    for n, (x, y, w, h) in enumerate(rectangles):
        for a, b, c, d in rectangles[:n]:
            common = max(min(x + w, a + c) - max(x, a), 0) * max(min(y + h, b + d) - max(y, b), 0)
            pairs += common > max(0.1 * min(w * h, c * d), 1.0)
    notes = make_reference(shapes, np.ones(len(shapes), dtype=np.uint16), {1: "one"}).notes
    assert notes == (
        (f"{counted(pairs, 'pair')} of polygons overlapping by more than a tenth; the later one is used.",)
        if pairs
        else ()
    )


def test_merged_classes_are_counted_apart_and_judged_together(make_reference, tmp_path):
    path = make_reference(tmp_path / "r.gpkg", squares(6), {"id": [1, 1, 1, 2, 2, 3]})
    rows, problems, usable = check(path, merge="2=1", skip_classes="3")
    assert [(row["polygons"], row["becomes"]) for row in rows.values()] == [(3, 1), (2, 1), (1, 3)]
    assert problems == [
        "The reference has 1 class within the area; a map needs at least two. Is CLASS_FIELD (id) the right one?"
    ]
    assert usable == 0
    rows, problems, usable = check(path, merge="2=1")
    assert problems == ["A single polygon, so used for training but not tested; add polygons: class 3."]


def test_a_scheme_that_has_none_of_the_classes_is_told(make_reference, tmp_path):
    path = make_reference(tmp_path / "r.gpkg", squares(10), {"id": [40] * 5 + [80] * 5})
    rows, problems, _ = check(path, class_scheme="world_cover", class_names="80=lakes")
    assert [(row["name"], row["colour"]) for row in rows.values()] == [("cropland", "#f096ff"), ("lakes", "#0064c8")]
    assert problems == []
    _, problems, usable = check(path, class_scheme="lucas")
    assert problems == ["Class scheme (CLASS_SCHEME): LUCAS, level 1 has none of the classes: 40, 80."]
    assert usable == 1


def test_the_reference_of_the_sample_region_can_be_checked():
    rows, _, usable = check(None, source="sample", class_field=None)
    expected = [entry for entry in SCHEMES["land_cover"].classes.classes if entry.name != "snow and ice"]
    assert [(row["id"], row["name"], row["colour"]) for row in rows.values()] == [
        (e.id, e.name, e.colour) for e in expected
    ]
    assert min(row["polygons"] for row in rows.values()) > 5
    assert usable == 1
