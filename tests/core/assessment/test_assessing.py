"""Drawing points, assessing a map by them, and comparing maps: through the command line, on small rasters."""

import csv
import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from services.commands import attempt, run

from patchwork.core.assessment import maps
from patchwork.core.assessment.design import Design, allocate, draw_points
from patchwork.core.errors import ParameterError

LEFT, TOP, PIXEL = 500_000.0, 5_100_000.0, 10.0
NASTY = '<b>wald</b> & "co"'
CLASSES = [
    {"id": 1, "name": "field", "colour": "#ffff00"},
    {"id": 2, "name": NASTY, "colour": "#054907"},
    {"id": 3, "name": "water", "colour": "#069af3"},
]


def write_map(path, ids, *, classes=CLASSES, crs="EPSG:32633", left=LEFT, no_data=0, dtype="uint8", pixel=PIXEL):
    ids = np.asarray(ids)
    profile = {"driver": "GTiff", "count": 1, "height": ids.shape[0], "width": ids.shape[1], "dtype": dtype}
    place = {"crs": crs, "transform": Affine(pixel, 0, left, 0, -pixel, TOP), "nodata": no_data}
    with rasterio.open(path, "w", **profile, **place) as file:
        file.write(ids.astype(dtype), 1)
        if classes:
            file.update_tags(CLASSES=json.dumps(classes))
    return path


@pytest.fixture
def truth():
    """(200, 300): 60 % field, 30 % forest, 10 % water."""
    ids = np.ones((200, 300), dtype=int)
    ids[:, 180:270], ids[:, 270:] = 2, 3
    return ids


@pytest.fixture
def map_file(truth, tmp_path):
    """A map that is wrong in a tenth of its pixels."""
    mapped = truth.copy()
    wrong = np.random.default_rng(0).random(truth.shape) < 0.1
    mapped[wrong] = mapped[wrong] % 3 + 1
    mapped[:5] = 0
    return write_map(tmp_path / "map.tif", mapped)


def draw(map_file, *options):
    done = run("drawvalidation", "--map", map_file, *options)
    return done.outputs["POINTS"], done.said


def read(path):
    meta, _, wkb, columns = pyogrio.raw.read(path)
    points = shapely.get_coordinates(shapely.from_wkb(wkb))
    return points, dict(zip(meta["fields"], columns, strict=True))


def label(path, truth, target, *, field="class", names=None, cannot=()):
    """The points with the true class of their pixel."""
    points, fields = read(path)
    columns, rows = ((points - (LEFT, TOP)) / (PIXEL, -PIXEL)).astype(int).T
    ids = truth[rows, columns]
    fields[field] = np.array([names[id_] for id_ in ids], dtype=object) if names else ids.astype(np.int32)
    fields["cannot_tell"] = np.isin(np.arange(len(ids)), list(cannot))
    target.unlink(missing_ok=True)
    pyogrio.raw.write(
        target,
        shapely.to_wkb(shapely.points(points)),
        list(fields.values()),
        list(fields),
        geometry_type="Point",
        crs="EPSG:32633",
    )
    return target


def table(outputs):
    with open(outputs["TABLE"], encoding="utf-8", newline="") as file:
        return {(row["measure"], row["class"]): row for row in csv.DictReader(file)}


def test_the_number_is_cochrans_and_the_points_lie_in_their_class(map_file):
    points, said = draw(map_file, "--standard-error", "0.02", "--expected-accuracy", "0.9", "--minimum-per-class", "30")
    places, fields = read(points)
    assert len(places) == round(0.9 * 0.1 / 0.02**2) == 225
    with rasterio.open(map_file) as file:
        mapped = file.read(1)
    columns, rows = ((places - (LEFT, TOP)) / (PIXEL, -PIXEL)).T
    np.testing.assert_allclose(columns % 1, 0.5)
    assert (mapped[rows.astype(int), columns.astype(int)] == fields["stratum"]).all()
    assert len(np.unique(places, axis=0)) == 225
    assert (np.unique(fields["stratum"], return_counts=True)[1] >= 30).all()
    assert set(fields["class"].tolist()) == {0}
    pixels = {id_: int((mapped == id_).sum()) for id_ in (1, 2, 3)}
    assert all(pixels[s] == n for s, n in zip(fields["stratum"].tolist(), fields["stratum_pixels"].tolist()))
    assert "225 points to label" in said
    style = Path(points).with_suffix(".qml").read_text(encoding="utf-8")
    assert "&lt;b&gt;wald&lt;/b&gt;" in style
    assert "<b>" not in style
    # The order does not tell the stratum.
    assert np.abs(np.diff(fields["stratum"])).sum() > 60


def test_points_do_not_depend_on_blocks_and_follow_the_seed(map_file, monkeypatch):
    classes = maps.open_map(map_file)
    numbers = allocate(classes.pixels, Design(0.01, 100, 10, 0.85))
    whole = draw_points(classes, numbers, 3)
    monkeypatch.setattr(maps, "_BLOCK", 37)
    parts = draw_points(maps.open_map(map_file), numbers, 3)
    assert shapely.equals(whole.geometries, parts.geometries).all()
    assert not shapely.equals(whole.geometries, draw_points(classes, numbers, 4).geometries).all()


def test_allocation_keeps_the_minimum_and_the_total():
    numbers = allocate({1: 900_000, 2: 99_000, 3: 1_000, 4: 5}, Design(0.01, 400, 50, 0.85))
    assert numbers == {1: 295, 2: 50, 3: 50, 4: 5}
    assert sum(allocate({1: 333, 2: 333, 3: 334}, Design(0.01, 100, 2, 0.85)).values()) == 100
    with pytest.raises(ParameterError, match="too few for 4 classes"):
        allocate({1: 9, 2: 9, 3: 9, 4: 9}, Design(0.01, 100, 50, 0.85))


def test_a_map_is_assessed_with_intervals_that_hold_the_truth(map_file, truth, tmp_path):
    points, _ = draw(map_file, "--number", "600")
    labelled = label(points, truth, tmp_path / "labelled.gpkg")
    done = run("assessmap", "--map", map_file, "--validation-points", labelled)
    rows = table(done.outputs)
    assert done.outputs["ACCURACY"] == pytest.approx(0.9, abs=0.03)
    assert done.outputs["ACCURACY_LOW"] < 0.9 < done.outputs["ACCURACY_HIGH"]
    known = truth[5:]
    for id_ in (1, 2, 3):
        row = {
            name: float(value) for name, value in rows["area_ha", str(id_)].items() if name not in ("measure", "class")
        }
        assert row["low"] < (known == id_).sum() * 0.01 < row["high"]
        assert row["standard_error"] > 0
    assert float(rows["overall_accuracy", ""]["estimate"]) == pytest.approx(done.outputs["ACCURACY"])
    assert {measure for measure, _ in rows} == {
        "overall_accuracy", "users_accuracy", "producers_accuracy", "area_ha", "f1",
    }  # fmt: skip
    page = Path(done.outputs["REPORT"]).read_text(encoding="utf-8")
    assert "<b>wald" not in page
    assert "&lt;b&gt;wald&lt;/b&gt;" in page
    assert "600 labelled units" in page.replace("\u202f", " ")


def test_labels_are_not_overwritten(map_file, truth):
    points, _ = draw(map_file, "--number", "200")
    label(points, truth, Path(points))
    again = attempt("drawvalidation", "--map", map_file, "--number", "200")
    assert again.status == 1
    assert "200 labelled points, which would be lost" in again.said


def test_what_cannot_be_compared_is_counted_and_named(map_file, truth, tmp_path):
    points, _ = draw(map_file, "--number", "200")
    labelled = label(points, truth, tmp_path / "labelled.gpkg", cannot=range(7))
    meta, _, wkb, columns = pyogrio.raw.read(labelled)
    fields = dict(zip(meta["fields"], columns, strict=True))
    shapes = shapely.from_wkb(wkb)
    fields["class"][10:13] = 0
    shapes[20] = shapely.Point(LEFT - 50, TOP)
    shapes[21] = shapely.Point(LEFT + 55, TOP - 25)  # no data
    edited = tmp_path / "edited.gpkg"
    pyogrio.raw.write(
        edited, shapely.to_wkb(shapes), list(fields.values()), list(fields), geometry_type="Point", crs="EPSG:32633"
    )
    said = run("assessmap", "--map", map_file, "--validation-points", edited).said
    for text in ("3 points without a label", "7 points marked as cannot tell", "1 point outside the map"):
        assert f"{text} left out" in said
    assert "1 point on no data left out" in said


def test_classes_by_name_in_another_crs_and_merged(map_file, truth, tmp_path):
    points, _ = draw(map_file, "--number", "300")
    names = {1: "field", 2: NASTY, 3: "lake"}
    labelled = label(points, truth, tmp_path / "l.gpkg", field="found", names=names)
    meta, _, wkb, columns = pyogrio.raw.read(labelled)
    from patchwork.core.grid.crs import reproject

    shapes = reproject(shapely.from_wkb(wkb), "EPSG:32633", "EPSG:4326")
    moved = tmp_path / "degrees.gpkg"
    pyogrio.raw.write(
        moved, shapely.to_wkb(shapes), list(columns), list(meta["fields"]), geometry_type="Point", crs="EPSG:4326"
    )
    given = ("--map", map_file, "--validation-points", moved, "--class-field", "found")
    apart = run("assessmap", *given)
    assert "Class lake was found, but is not on the map" in apart.said
    assert "Class water is on the map, but no unit has it" in apart.said
    merged = run("assessmap", *given, "--merge", "lake=water")
    assert merged.outputs["ACCURACY"] > apart.outputs["ACCURACY"] + 0.05
    wrong = attempt("assessmap", *given, "--merge", "sea=water")
    assert wrong.status == 2
    assert "'sea=water' is not two classes" in wrong.said


def test_a_stratum_with_one_point_has_no_interval(map_file, truth, tmp_path):
    points, _ = draw(map_file, "--number", "100", "--minimum-per-class", "2")
    labelled = label(points, truth, tmp_path / "l.gpkg")
    meta, _, wkb, columns = pyogrio.raw.read(labelled)
    strata = columns[list(meta["fields"]).index("stratum")]
    kept = (strata != 3) | (np.cumsum(strata == 3) == 1)
    few = tmp_path / "few.gpkg"
    pyogrio.raw.write(
        few, wkb[kept], [c[kept] for c in columns], list(meta["fields"]), geometry_type="Point", crs="EPSG:32633"
    )
    done = run("assessmap", "--map", map_file, "--validation-points", few)
    assert "Stratum 3 has fewer than two units" in done.said
    assert table(done.outputs)["overall_accuracy", ""]["standard_error"] == ""


def test_strata_of_a_raster(map_file, truth, tmp_path):
    strata = write_map(tmp_path / "strata.tif", np.where(np.arange(300) < 150, 1, 2)[np.newaxis].repeat(200, 0))
    points, _ = draw(strata, "--number", "300")
    labelled = label(points, truth, tmp_path / "l.gpkg")
    done = run("assessmap", "--map", map_file, "--validation-points", labelled, "--strata", strata)
    assert done.outputs["ACCURACY_LOW"] < 0.9 < done.outputs["ACCURACY_HIGH"]


def test_polygons_are_clusters_and_said_to_be_no_random_sample(map_file, make_reference, tmp_path):
    squares = [shapely.box(LEFT + x, TOP - 700, LEFT + x + 90, TOP - 600) for x in range(100, 2900, 200)]
    classes = [1 if x < 1800 else 2 if x < 2700 else 3 for x in range(100, 2900, 200)]
    layer = make_reference(tmp_path / "polygons.gpkg", squares, {"kind": np.array(classes)})
    done = run("assessmap", "--map", map_file, "--validation-points", layer, "--class-field", "kind")
    assert "pixels of polygons that were not drawn at random" in done.said
    assert done.outputs["ACCURACY"] == pytest.approx(0.9, abs=0.06)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: write_map(p, np.zeros((5, 5))), "no pixel with a class"),
        (lambda p: write_map(p, np.ones((5, 5)), crs="EPSG:4326", left=15.0, pixel=0.0001), "not in metres"),
        (lambda p: write_map(p, np.full((5, 5), 1.5), dtype="float32"), "one of whole numbers"),
        (lambda p: write_map(p, np.full((5, 5), 70_000), dtype="uint32"), "70000; class ids are whole numbers"),
        (lambda p: p.write_bytes(b"no map"), "cannot be read as a GeoTIFF"),
    ],
)
def test_other_rasters_are_refused(tmp_path, make, message):
    file = tmp_path / "map.tif"
    make(file)
    done = attempt("drawvalidation", "--map", file)
    assert done.status == 1
    assert message in done.said


# Change


def test_changes_are_told_by_name_and_counted(tmp_path):
    old = write_map(tmp_path / "old.tif", [[1, 1, 2, 0], [3, 2, 2, 1]])
    other = [{**CLASSES[0], "id": 9}, {**CLASSES[1], "id": 2}, {**CLASSES[2], "id": 400}]
    new = write_map(tmp_path / "new.tif", [[9, 2, 2, 9], [400, 9, 9, 0]], classes=other, dtype="uint16")
    done = run("comparemaps", "--map-from", old, "--map-to", new)
    with open(done.outputs["TABLE"], encoding="utf-8", newline="") as file:
        rows = {(row["from"], row["to"]): (row["area_ha"], row["pixels"]) for row in csv.DictReader(file)}
    assert rows == {
        ("field", "field"): ("0.01", "1"),
        ("field", NASTY): ("0.01", "1"),
        (NASTY, NASTY): ("0.01", "1"),
        (NASTY, "field"): ("0.02", "2"),
        ("water", "water"): ("0.01", "1"),
    }
    with rasterio.open(done.outputs["CHANGE"]) as file:
        ids, legend = file.read(1), {row["id"]: row["name"] for row in json.loads(file.tags()["CLASSES"])}
    names = [[legend.get(int(id_), "") for id_ in row] for row in ids]
    assert names == [
        ["unchanged", f"field → {NASTY}", "unchanged", ""],
        ["unchanged", f"{NASTY} → field", f"{NASTY} → field", ""],
    ]
    assert "mostly errors" in done.said
    assert "<b>" not in Path(done.outputs["REPORT"]).read_text(encoding="utf-8")


def test_only_the_wanted_changes_are_told_apart(tmp_path):
    old = write_map(tmp_path / "old.tif", [[1, 2, 3]])
    new = write_map(tmp_path / "new.tif", [[2, 1, 1]])
    done = run("comparemaps", "--map-from", old, "--map-to", new, "--classes", "water")
    with rasterio.open(done.outputs["CHANGE"]) as file:
        assert file.read(1).tolist() == [[1, 1, 2]]
    wrong = attempt("comparemaps", "--map-from", old, "--map-to", new, "--classes", "sea")
    assert "the maps have no class sea" in wrong.said


def test_maps_on_other_grids_are_refused(tmp_path):
    old = write_map(tmp_path / "old.tif", np.ones((4, 4)))
    for name, more, message in (
        ("moved", {"left": LEFT + 5}, "on other grids"),
        ("beside", {"left": LEFT + 100}, "do not overlap"),
        ("partly", {"left": LEFT + 20}, "cover different areas"),
    ):
        new = write_map(tmp_path / f"{name}.tif", np.ones((4, 4)), **more)
        done = attempt("comparemaps", "--map-from", old, "--map-to", new)
        assert done.status == 1
        assert message in done.said


def test_points_are_drawn_in_and_assess_a_raster_of_change(tmp_path, truth):
    changed = truth.copy()
    changed[50:150, :60] = 3
    old, new = write_map(tmp_path / "old.tif", truth), write_map(tmp_path / "new.tif", changed)
    change = run("comparemaps", "--map-from", old, "--map-to", new).outputs["CHANGE"]
    points, said = draw(change, "--number", "200")
    assert "field → water" in said
    with rasterio.open(change) as file:
        labelled = label(points, file.read(1).astype(int), tmp_path / "labelled.gpkg")
    assert run("assessmap", "--map", change, "--validation-points", labelled).outputs["ACCURACY"] == 1.0
