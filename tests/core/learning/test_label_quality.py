"""Wrong labels are found and places to label suggested: in arrays, and in a small map through the command line."""

import csv
import json

import numpy as np
import pyogrio
import pytest
import shapely
from services.commands import attempt, run

from patchwork.core.learning.label_quality import find_outliers, indistinct_pairs, score_polygons
from patchwork.core.learning.suggestions import choose_places

LEFT, TOP = 500_000.0, 5_100_000.0


def test_scores_are_those_of_the_thresholds_by_hand():
    classes = np.array([2, 5])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
    ids, polygons = np.array([2, 2, 5, 5, 2, 2]), np.array([11, 11, 12, 12, 13, 13])
    found = score_polygons(probabilities, ids, polygons, classes)
    assert found.polygons.tolist() == [13, 12, 11]
    assert found.classes.tolist() == [2, 5, 2]
    assert found.suggested.tolist() == [5, 2, 5]
    # The mean margin of two samples, drawn halfway to 0 by the prior of two.
    np.testing.assert_allclose(found.scores, [(1 + 0.6 / 2) / 2, (1 - 0.5 / 2) / 2, (1 - 0.7 / 2) / 2])
    # Class 5 gets 0.75 on average from its own samples; polygon 13 gets 0.8 for it.
    assert found.is_suspect.tolist() == [True, False, False]


def test_outliers_are_those_of_the_confident_joint_by_hand():
    classes = np.array([2, 5])
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.1, 0.9], [0.45, 0.55], [0.2, 0.8], [0.1, 0.9]])
    ids = np.array([2, 2, 2, 2, 5, 5])
    # Thresholds: (0.9 + 0.7 + 0.1 + 0.45) / 4 = 0.5375 for 2, 0.85 for 5: of those labelled 2, only 0.9 reaches it.
    assert find_outliers(probabilities, ids, classes).tolist() == [0, 0, 5, 0, 0, 0]
    # A sample that reaches both looks like the more probable one.
    assert find_outliers(np.array([[0.6, 0.4], [0.3, 0.7], [0.4, 0.6]]), np.array([2, 2, 5]), classes).tolist() == [
        0,
        5,
        0,
    ]


def test_swapped_labels_come_first_and_few_right_ones_are_suspected():
    rng = np.random.default_rng(4)
    polygons = np.repeat(np.arange(200), 10)
    true = rng.integers(0, 4, 200)
    labels = true.copy()
    labels[:10] = (true[:10] + 1) % 4
    alpha = np.full((2000, 4), 0.4)
    alpha[np.arange(2000), true[polygons]] = 2.0
    probabilities = np.stack([rng.dirichlet(row) for row in alpha])
    found = score_polygons(probabilities, labels[polygons], polygons, np.arange(4))
    assert set(range(10)) <= set(found.polygons[:20].tolist())
    assert found.suggested[np.isin(found.polygons, range(10))].tolist() == true[found.polygons[:10]].tolist()
    assert found.is_suspect.sum() < 20


def test_classes_that_are_guessed_are_named():
    ids = np.repeat([1, 2, 3], 100)
    predicted = ids.copy()
    predicted[:40], predicted[100:130] = 2, 1
    assert indistinct_pairs(ids, predicted, np.array([1, 2, 3])) == [(1, 2, 0.4, 0.3)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, make_imagery):
    """A map of two classes in which one polygon has the wrong one; the first feature has no geometry."""
    folder = tmp_path_factory.mktemp("labels")

    def values(number, band, shape):
        return np.full(shape, 4) if band == "SCL" else np.where(np.arange(shape[1]) < 20, 500, 2500)[np.newaxis]

    imagery = make_imagery(
        folder / "scenes", times=["20190305T100031"], bands=("B04", "B08", "SCL"), shape=(40, 40), values=values
    )
    shapes = [None]
    shapes += [
        shapely.box(LEFT + x, TOP - y - 50, LEFT + x + 60, TOP - y) for x in (30, 300) for y in (0, 80, 160, 240)
    ]
    kinds = ["dark", "dark", "dark", "bright", "dark", "bright", "bright", "bright", "bright"]
    pyogrio.raw.write(
        folder / "reference.gpkg",
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [np.array(kinds, dtype=object)],
        ["kind"],
        geometry_type="Polygon",
        crs="EPSG:32633",
    )
    work = folder / "work"
    run("splitarea", "--workspace", work, "--imagery", imagery)
    run("downloadscenes", "--workspace", work, "--imagery", imagery)
    run("maskclouds", "--workspace", work)
    run("rasterizereference", "--workspace", work, "--reference", folder / "reference.gpkg", "--class-field", "kind")
    run("drawsamples", "--workspace", work, "--indices", "none")
    return work


def test_the_wrong_polygon_is_named_by_its_feature_id(workspace, quick_runs):
    early = attempt("checklabels", "--workspace", workspace)
    assert "run trainmodel first" in early.said
    run("trainmodel", "--workspace", workspace, "--validation", "polygons", "--jobs", 1)
    done = run("checklabels", "--workspace", workspace)
    with open(done.outputs["TABLE"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scheme = json.loads((workspace / "records" / "trainmodel.json").read_text(encoding="utf-8"))["classes"]
    ids = {row["name"]: str(row["id"]) for row in scheme}
    assert len(rows) == 8
    assert (rows[0]["polygon"], rows[0]["class"], rows[0]["suggested"]) == ("4", ids["bright"], ids["dark"])
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert done.outputs["SUSPECT_NUMBER"] == 1
    meta, _, shapes, columns = pyogrio.raw.read(done.outputs["SUSPECTS"])
    suspect = dict(zip(meta["fields"], [column[0] for column in columns], strict=True))
    assert (suspect["polygon"], suspect["class_name"], suspect["suggested_name"]) == (4, "bright", "dark")
    assert shapely.from_wkb(shapes)[0].centroid.x == pytest.approx(LEFT + 60)
    meta, _, shapes, columns = pyogrio.raw.read(done.outputs["OUTLIERS"])
    outliers = dict(zip(meta["fields"], columns, strict=True))
    assert done.outputs["OUTLIER_NUMBER"] == len(shapes) > 0
    assert set(zip(outliers["polygon"], outliers["class_name"], outliers["suggested_name"], strict=True)) == {
        (4, "bright", "dark")
    }


# Suggestions


def test_places_are_uncertain_far_apart_and_unlike_each_other():
    rng = np.random.default_rng(2)
    places, features = rng.uniform(0, 100, (1000, 2)), rng.normal(0, 1, (1000, 3))
    uncertainty = rng.uniform(0, 0.5, 1000)
    unsure = rng.choice(1000, 100, replace=False)
    uncertainty[unsure] += 0.5
    features[unsure[:10]] += 50  # a kind of land of its own
    chosen = choose_places(uncertainty, places, features, 10, 12.0)
    assert len(set(chosen.tolist())) == 10
    assert np.isin(chosen, unsure).all()
    apart = np.linalg.norm(places[chosen][:, np.newaxis] - places[chosen], axis=2)[np.triu_indices(10, 1)]
    assert apart.min() >= 6.0
    assert np.isin(chosen, unsure[:10]).any()


def test_fewer_places_where_there_is_no_room():
    places = np.zeros((50, 2))
    assert len(choose_places(np.arange(50.0), places, np.random.default_rng(0).random((50, 2)), 10, 5.0)) == 1


def test_places_without_a_label_are_suggested_and_are_the_same_again(workspace, quick_runs):
    run("trainmodel", "--workspace", workspace, "--validation", "polygons", "--jobs", 1)
    done = run("suggestsamples", "--workspace", workspace, "--number", 6, "--jobs", 1)
    meta, _, shapes, columns = pyogrio.raw.read(done.outputs["SUGGESTIONS"])
    fields = dict(zip(meta["fields"], columns, strict=True))
    assert done.outputs["SUGGESTION_NUMBER"] == len(shapes) == 6
    assert fields["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    assert (fields["first_probability"] >= fields["second_probability"]).all()
    assert set(fields["first_name"]) | set(fields["second_name"]) == {"dark", "bright"}
    _, _, labelled, _ = pyogrio.raw.read(workspace / "reference.gpkg")
    inner = shapely.buffer(shapely.union_all(shapely.from_wkb(labelled)), -15)
    assert not shapely.intersects(inner, shapely.from_wkb(shapes)).any()
    again = run("suggestsamples", "--workspace", workspace, "--number", 6, "--by", "margin", "--jobs", 2)
    assert shapes.tolist() == pyogrio.raw.read(again.outputs["SUGGESTIONS"])[2].tolist()
