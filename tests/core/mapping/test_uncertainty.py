"""Layers of uncertainty and Bayes smoothing: against scipy and slow loops, and equal with one patch and many."""

import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from services.commands import attempt, run

from patchwork.core.mapping.decisions import as_percent, bayes_smooth, sieve, uncertainty

LEFT, TOP = 500_000.0, 5_100_000.0


@given(st.integers(0, 10_000), st.integers(2, 9))
def test_entropy_and_margin_equal_the_formulas(seed, classes):
    probabilities = np.random.default_rng(seed).dirichlet(np.full(classes, 0.3), 30).astype(np.float32)
    probabilities[0] = np.eye(classes)[0]
    probabilities[1] = 1 / classes
    entropy, margin = uncertainty(probabilities)
    np.testing.assert_allclose(entropy, stats.entropy(probabilities, axis=1) / np.log(classes), atol=2e-6)
    ordered = np.sort(probabilities, axis=1)
    np.testing.assert_allclose(margin, ordered[:, -1] - ordered[:, -2], atol=1e-6)
    assert (entropy[0], margin[0]) == (0.0, 1.0)
    assert (entropy[1], margin[1]) == pytest.approx((1.0, 0.0), abs=1e-6)


def slow_bayes(probabilities, radius, variance):
    """Pixel by pixel, as the method is described."""
    classes, height, width = probabilities.shape
    result = np.full((height, width), -1)
    logits = np.log(probabilities.clip(1e-4, 1 - 1e-4) / (1 - probabilities.clip(1e-4, 1 - 1e-4)))
    for y in range(height):
        for x in range(width):
            if np.isnan(probabilities[0, y, x]):
                continue
            smoothed = []
            for k in range(classes):
                around = logits[k, max(y - radius, 0) : y + radius + 1, max(x - radius, 0) : x + radius + 1].ravel()
                around = np.sort(around[~np.isnan(around)])[::-1]
                best = around[: max(len(around) // 2, 1)]
                spread = best.var(ddof=1) if len(best) > 1 else 0.0
                weight = spread / (spread + variance)
                smoothed.append(weight * logits[k, y, x] + (1 - weight) * best.mean())
            result[y, x] = int(np.argmax(smoothed))
    return result


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 3), st.sampled_from([1.0, 20.0]))
def test_bayes_smoothing_equals_slow_loops(seed, radius, variance):
    rng = np.random.default_rng(seed)
    probabilities = np.moveaxis(rng.dirichlet(np.full(3, 0.5), (9, 11)), -1, 0)
    probabilities[:, rng.random((9, 11)) < 0.15] = np.nan
    np.testing.assert_array_equal(
        bayes_smooth(probabilities, radius, variance), slow_bayes(probabilities, radius, variance)
    )


def test_stored_probabilities_become_percent():
    assert as_percent(np.array([0, 49, 51, 5000, 10_000, 65535], dtype=np.uint16)).tolist() == [0, 0, 1, 50, 100, 255]


def square(column, row, side=8):
    return shapely.box(LEFT + 10 * column, TOP - 10 * (row + side), LEFT + 10 * (column + side), TOP - 10 * row)


def values(number, band, shape):
    """Three classes in columns, with much noise; the upper left corner is never seen."""
    if band == "SCL":
        scl = np.full(shape, 4)
        scl[:5, :5] = 9
        return scl
    rng = np.random.default_rng([number, *band.encode()])
    level = np.select([np.arange(shape[1]) < 20, np.arange(shape[1]) < 40], [700, 1100], 1500)
    return np.broadcast_to(level, shape) + rng.integers(0, 900, shape)


@pytest.fixture(scope="module")
def given_files(tmp_path_factory, make_imagery, make_reference):
    folder = tmp_path_factory.mktemp("uncertainty")
    times = [f"2019{month:02d}05T100031" for month in (3, 6, 9)]
    imagery = make_imagery(folder / "scenes", times=times, bands=("B04", "B08", "SCL"), shape=(50, 60), values=values)
    places = [(2, 8), (10, 20), (4, 38), (22, 4), (30, 20), (24, 36), (42, 4), (50, 20), (44, 36)]
    reference = make_reference(
        folder / "reference.gpkg", [square(*place) for place in places], {"kind": np.repeat([3, 7, 9], 3)}
    )
    return folder, imagery, reference


def make_map(given_files, name, *options):
    folder, imagery, reference = given_files
    given_options = ("--imagery", imagery, "--reference", reference, "--class-field", "kind", "--per-class", 60)
    given_options += ("--validation", "polygons")
    run("makemap", *given_options, "--workspace", folder / name, "--indices", "none", "--jobs", 1, *options)
    return folder / name


def read(path):
    with rasterio.open(path) as file:
        return file.read(), file.descriptions, file.nodata


ALL = ("--layers", "confidence,entropy,margin,probabilities,dissimilarity,applicability")


def test_the_layers_are_those_of_the_map_with_one_patch_and_many(given_files, quick_runs):
    plain = make_map(given_files, "plain")
    one = make_map(given_files, "one", *ALL)
    many = make_map(given_files, "many", *ALL, "--patch-size", 170, "--jobs", 2)
    for name in ("map", "confidence", "entropy", "margin", "probabilities", "dissimilarity", "applicability"):
        np.testing.assert_array_equal(read(one / f"{name}.tif")[0], read(many / f"{name}.tif")[0])
    for name in ("map", "confidence"):
        np.testing.assert_array_equal(read(one / f"{name}.tif")[0], read(plain / f"{name}.tif")[0])
    probabilities, names, no_data = read(one / "probabilities.tif")
    assert (names, no_data) == (("3", "7", "9"), 255)
    mapped, confidence = read(one / "map.tif")[0][0], read(one / "confidence.tif")[0][0]
    seen = mapped > 0
    assert not seen[:5, :5].any()
    assert (probabilities[:, ~seen] == 255).all()
    best = np.array([3, 7, 9])[probabilities[:, seen].argmax(axis=0)]
    assert (best == mapped[seen]).mean() > 0.99  # but for rounded percent
    assert np.abs(probabilities[:, seen].max(axis=0).astype(int) - confidence[seen]).max() <= 1
    entropy, margin = read(one / "entropy.tif")[0][0], read(one / "margin.tif")[0][0]
    assert np.isnan(entropy[~seen]).all()
    shares = probabilities[:, seen] / 100.0
    expected = -(shares * np.log(shares, out=np.zeros_like(shares), where=shares > 0)).sum(axis=0) / np.log(3)
    np.testing.assert_allclose(entropy[seen], expected, atol=0.06)
    np.testing.assert_allclose(margin[seen], np.diff(np.sort(shares, axis=0)[-2:], axis=0)[0], atol=0.011)
    assert (one / "entropy.qml").exists()
    far, applicable = read(one / "dissimilarity.tif")[0][0], read(one / "applicability.tif")[0][0]
    assert (applicable[~seen] == 255).all()
    assert set(np.unique(applicable[seen])) <= {0, 1}
    assert far[seen & (applicable == 0)].min(initial=9) > far[seen & (applicable == 1)].max()


def test_layers_follow_the_run_and_none_is_stale(given_files, quick_runs):
    work = make_map(given_files, "follow", "--layers", "entropy")
    assert (work / "entropy.tif").exists()
    refused = attempt("mosaicmap", "--workspace", work, "--layer", "margin")
    assert refused.status == 1
    assert "run classifypatches with margin in LAYERS first" in refused.said
    before = read(work / "map.tif")[0]
    make_map(given_files, "follow")
    assert not (work / "entropy.tif").exists()
    np.testing.assert_array_equal(read(work / "map.tif")[0], before)
    make_map(given_files, "follow", "--layers", "entropy")
    removed = next((work / "uncertainty").glob("*.tif"))
    kept = removed.read_bytes()
    removed.unlink()
    make_map(given_files, "follow", "--layers", "entropy")
    assert removed.read_bytes() == kept


def test_bayes_smoothing_has_no_seams_and_is_calmer(given_files, quick_runs):
    bayes = ("--smoothing", 4, "--smoothing-method", "bayes")
    one = read(make_map(given_files, "bayes-one", *bayes) / "map.tif")[0][0]
    many = read(make_map(given_files, "bayes-many", *bayes, "--patch-size", 170) / "map.tif")[0][0]
    np.testing.assert_array_equal(one, many)
    rough = read(make_map(given_files, "plain") / "map.tif")[0][0]
    np.testing.assert_array_equal(one == 0, rough == 0)
    truth = np.select([np.arange(60) < 20, np.arange(60) < 40], [3, 7], 9)[np.newaxis].repeat(50, 0)
    seen = rough > 0
    assert (one != truth)[seen].mean() < 0.5 * (rough != truth)[seen].mean()


def slow_sieve(classes, least):
    """Area by area, with a flood fill."""
    areas, seen = [], np.zeros(classes.shape, dtype=bool)
    for start in zip(*np.nonzero(classes), strict=True):
        if seen[start]:
            continue
        area, todo = [], [start]
        seen[start] = True
        while todo:
            y, x = todo.pop()
            area.append((y, x))
            for place in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                inside = 0 <= place[0] < classes.shape[0] and 0 <= place[1] < classes.shape[1]
                if inside and not seen[place] and classes[place] == classes[start]:
                    seen[place] = True
                    todo.append(place)
        areas.append(area)
    large = np.zeros(classes.shape, dtype=bool)
    for area in areas:
        if len(area) >= least:
            large[tuple(np.transpose(area))] = True
    result = classes.copy()
    for area in areas:
        votes = {}
        for y, x in area if len(area) < least else []:
            for place in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if 0 <= place[0] < classes.shape[0] and 0 <= place[1] < classes.shape[1] and large[place]:
                    votes[classes[place]] = votes.get(classes[place], 0) + 1
        if votes:
            result[tuple(np.transpose(area))] = min(votes, key=lambda id_: (-votes[id_], id_))
    return result


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_the_sieve_equals_a_flood_fill(seed, least):
    rng = np.random.default_rng(seed)
    classes = np.kron(rng.integers(0, 4, (5, 6)), np.ones((3, 3), dtype=int))
    noise = rng.random(classes.shape) < 0.2
    classes[noise] = rng.integers(0, 4, noise.sum())
    np.testing.assert_array_equal(sieve(classes, least), slow_sieve(classes, least))


def test_the_sieve_has_no_seams_and_keeps_the_map_before(given_files, quick_runs):
    options = ("--minimum-area", 0.12, "--smoothing", 1)
    one = make_map(given_files, "sieve-one", *options)
    many = make_map(given_files, "sieve-many", *options, "--patch-size", 170)
    np.testing.assert_array_equal(read(one / "map.tif")[0], read(many / "map.tif")[0])
    before = read(next((one / "maps-smoothed").glob("*.tif")))[0][0]
    np.testing.assert_array_equal(read(one / "map.tif")[0][0], slow_sieve(before.astype(int), 12))
    assert (before != read(one / "map.tif")[0][0]).any()
