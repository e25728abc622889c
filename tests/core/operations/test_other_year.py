"""A model of one year maps another: its dates move, its card tells what it is, and what it cannot do is an error."""

import json
from datetime import date

import numpy as np
import pytest
import rasterio
import shapely
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from services.commands import attempt, run

from patchwork.core.errors import DataError
from patchwork.core.learning.features import SeriesPlan, regular_dates

LEFT, TOP = 500_000.0, 5_100_000.0
BANDS = ("B04", "B08", "SCL")


def values(number, band, shape):
    """Two classes that differ only in when they are green: the first three dates, or the last three."""
    if band == "SCL":
        return np.full(shape, 4)
    early = np.arange(shape[1]) < 20
    green = early if number < 3 else ~early
    return np.broadcast_to(np.where(green, 3000, 900) if band == "B08" else 700, shape)


def times(year, months=(3, 4, 5, 8, 9, 10)):
    return [f"{year}{month:02d}05T100031" for month in months]


@pytest.fixture(scope="module")
def made(tmp_path_factory, make_imagery, make_reference):
    """A map of 2019, and the imagery of other years."""
    folder = tmp_path_factory.mktemp("years")
    for year in (2019, 2020):
        make_imagery(folder / str(year), times=times(year), bands=BANDS, shape=(40, 40), values=values)
    make_imagery(folder / "half", times=times(2021, (3, 4)), bands=BANDS, shape=(40, 40), values=values)
    boxes = [shapely.box(LEFT + x, TOP - y - 60, LEFT + x + 60, TOP - y) for x in (40, 300) for y in (20, 150, 280)]
    reference = make_reference(folder / "r.gpkg", boxes, {"kind": ["early"] * 3 + ["late"] * 3})
    options = ("--reference", reference, "--class-field", "kind", "--jobs", 1, "--per-class", 50)
    run("makemap", "--imagery", folder / "2019", "--workspace", folder / "of 2019", *options)
    return folder


def read(path):
    with rasterio.open(path) as file:
        return file.read(1)


def test_the_next_year_is_mapped_without_a_reference(made, quick_runs):
    model = made / "of 2019" / "model.skops"
    done = run("makemap", "--imagery", made / "2020", "--workspace", made / "of 2020", "--model", model, "--jobs", 1)
    assert "The model is a forest of extra trees, trained on 96 samples from 05 March to" in done.said
    assert "of the classes early, late. Accuracy " in done.said
    assert "moved by 1 year" in done.said
    assert "100% of the area resembles what the model was trained on" in done.said
    again = run("makemap", "--imagery", made / "2020", "--workspace", made / "of 2020", "--model", model, "--jobs", 1)
    assert "resembles" not in again.said  # nothing was left to do
    assert done.outputs["ACCURACY"] is None
    mapped = read(done.outputs["MAP"])
    np.testing.assert_array_equal(mapped, read(made / "of 2019" / "map.tif"))
    assert (mapped[:, :20] == 1).all()
    assert (mapped[:, 20:] == 2).all()
    assert not (made / "of 2020" / "model.skops").exists()


def test_land_that_the_model_has_never_seen_is_told(made, quick_runs, make_imagery, tmp_path):
    def other(number, band, shape):
        found = np.array(values(number, band, shape))
        if band != "SCL":
            found[:, :30] = 8000 - 200 * number  # bright all year, on three quarters of the area
        return found

    make_imagery(tmp_path / "2022", times=times(2022), bands=BANDS, shape=(40, 40), values=other)
    model = made / "of 2019" / "model.skops"
    done = run("makemap", "--imagery", tmp_path / "2022", "--workspace", tmp_path / "w", "--model", model, "--jobs", 1)
    assert "Warning: 25% of the area resembles what the model was trained on" in done.said
    assert "Elsewhere the map is a guess" in done.said


def test_a_season_that_the_imagery_does_not_cover_is_an_error(made, quick_runs):
    model = made / "of 2019" / "model.skops"
    done = attempt(
        "makemap", "--imagery", made / "half", "--workspace", made / "of half", "--model", model, "--jobs", 1
    )
    assert done.status == 1
    assert "uses the season from 05 March to" in done.said
    assert "2021-03-05 to 2021-04-05 does not cover it" in done.said


def test_the_card_tells_what_the_model_is(made):
    card = json.loads((made / "of 2019" / "model.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in card["classes"]] == ["early", "late"]
    assert card["bands"] == ["B04", "B08"]
    assert (card["dates"][0], card["step_days"], card["seed"]) == ("2019-03-05", 16, 0)
    value, low, high = card["accuracy"]
    assert low <= value <= high
    assert "6 polygons are few" in card["accuracy_in_words"]
    area = card["training_area"]
    assert 14.9 < area["west"] < area["east"] < 15.1
    assert 45.9 < area["south"] < area["north"] < 46.2
    assert "scikit-learn" in card["versions"]


def test_a_model_of_a_newer_version_or_cut_short_is_refused_with_the_reason(made, tmp_path):
    model = made / "of 2019" / "model.skops"
    content = skops.io.load(model, trusted=skops.io.get_untrusted_types(file=model))
    newer = {**json.loads(content["description"]), "format": 99}
    skops.io.dump({**content, "description": json.dumps(newer)}, tmp_path / "newer.skops")
    (tmp_path / "cut.skops").write_bytes(model.read_bytes()[:-500])
    for name, message in (("newer", "newer version of Patchwork"), ("cut", "is not a model of Patchwork")):
        done = attempt("classifypatches", "--workspace", made / "of 2019", "--model", tmp_path / f"{name}.skops")
        assert done.status == 1
        assert message in done.said


@given(st.dates(date(2015, 1, 1), date(2024, 12, 31)), st.integers(-6, 6), st.integers(1, 40))
def test_dates_move_by_whole_years_into_the_period(start, years, step):
    dates = regular_dates(start, date.fromordinal(start.toordinal() + 300), step)
    plan = SeriesPlan(("B04",), (), dates)
    first, last = plan.moved(years).dates[0], plan.moved(years).dates[-1]
    assert plan.years_to(first, last) == years
    back = plan.moved(years).moved(-years).dates
    assert all(abs((one - other).days) <= 1 for one, other in zip(back, dates, strict=True))


def test_another_season_of_any_year_is_refused():
    plan = SeriesPlan(("B04",), (), regular_dates(date(2019, 3, 1), date(2019, 10, 31), 16))
    with pytest.raises(DataError, match="season from 01 March"):
        plan.years_to(date(2022, 10, 1), date(2023, 2, 28))
