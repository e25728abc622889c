"""Charts: curves, axes and legends; and pictures of arrays."""

import base64
import io
import math
import subprocess
import sys
from datetime import date, datetime, timezone

import numpy as np
import pytest
from matplotlib.dates import num2date
from matplotlib.image import imread

from patchwork.core import plots
from patchwork.core.plots import images
from patchwork.core.plots.maps import LegendEntry, length_text, map_picture, round_length

TIMES = [datetime(2019, month, 5, 10, tzinfo=timezone.utc) for month in (1, 2, 3, 8, 9)]


def lines(axes):
    """(dates, values) of the curves of the axes, by label."""
    return {
        line.get_label(): ([num2date(x).date() for x in line.get_xdata()], list(line.get_ydata()))
        for line in axes.get_lines()
    }


def test_ndvi_is_drawn_at_its_dates():
    rows = [(0.1, 0.2, 0.5), (0.1, None, 0.0), (0.3, 0.4, 1.0), (0.5, 0.6, 0.8), (0.2, 0.7, 0.02)]
    upper, lower = plots.ndvi_over_time(TIMES, rows).axes
    drawn = lines(upper)
    days, everything = drawn["All pixels, including clouds"]
    # The gap from March to August is not connected: a NaN breaks the line.
    assert [value for value in everything if not np.isnan(value)] == [0.1, 0.1, 0.3, 0.5, 0.2]
    assert np.isnan(everything[3])
    assert days[0] == date(2019, 1, 5)
    assert days[-1] == date(2019, 9, 5)
    valid = drawn["Valid pixels"][1]
    assert [value for value in valid if not np.isnan(value)] == [0.2, 0.4, 0.6]
    assert drawn["Less than 10 % valid"][1] == [0.7]
    assert upper.get_ylabel() == "Mean NDVI"
    assert lower.get_ylabel() == "Valid pixels"
    assert [label.get_text() for label in upper.get_legend().get_texts()] == list(drawn)


def test_a_figure_without_ndvi(tmp_path):
    figure = plots.ndvi_over_time(TIMES, [(None, None, 0.5)] * 5)
    plots.save(figure, tmp_path / "ndvi.png")
    assert imread(tmp_path / "ndvi.png").ndim == 3


def test_series_has_a_panel_for_each_name():
    rows = [{"NDVI_all": "0.1", "NDVI_valid": "", "B04_all": "0.5", "B04_valid": "0.25"} for _ in TIMES]
    ndvi, band = plots.series_over_time(TIMES, rows, ("NDVI", "B04")).axes
    assert ndvi.get_ylabel() == "NDVI"
    assert not any(not np.isnan(value) for value in lines(ndvi)["Valid observations"][1])
    assert {value for value in lines(band)["Valid observations"][1] if not np.isnan(value)} == {0.25}


def test_importance_is_in_percent():
    weights = np.array([[0.1, 0.2], [0.3, 0.4]])
    axes = plots.importance_by_date(("B04", "NDVI"), (date(2019, 1, 3), date(2020, 1, 4)), weights).axes[0]
    np.testing.assert_allclose(axes.get_images()[0].get_array(), weights * 100)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["B04", "NDVI"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["3 Jan\n2019", "4 Jan\n2020"]


def test_accuracies_have_their_intervals_and_unknown_ones_none():
    rows = [(0.98, 0.97, 0.99), (0.88, 0.71, 0.96), (0.9, math.nan, math.nan)]
    axes = plots.accuracies_with_intervals(["Random", "By polygons", "By blocks"], rows, 1).axes[0]
    drawn = [
        line.get_xdata() for line in axes.get_lines() if line.get_linestyle() == "-" and len(line.get_xdata()) == 2
    ]
    assert [list(values) for values in drawn] == [[0.97, 0.99], [0.71, 0.96]]
    colours = {line.get_color() for line in axes.get_lines()}
    assert len(colours) == 2
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first one on top


def test_reliability_shows_confidence_against_what_is_right():
    axes = plots.reliability_curve([(0.4, 0.5, 10), (0.9, 0.8, 100)]).axes[0]
    line = axes.get_lines()[1]
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([0.4, 0.9], [0.5, 0.8])
    small, large = axes.collections[0].get_sizes()
    assert small < large


def test_areas_have_bars_intervals_and_the_mapped_area():
    areas = [(10.0, 8.0, 12.0), (5.0, math.nan, math.nan)]
    axes = plots.areas_with_intervals(["a", "b"], ["#ff0000", "#00ff00"], [11.0, 4.0], areas).axes[0]
    assert [patch.get_width() for patch in axes.patches] == [10.0, 5.0]
    drawn = [list(line.get_xdata()) for line in axes.get_lines()]
    assert [8.0, 12.0] in drawn
    assert [11.0, 4.0] in drawn


def test_files_and_svgs_are_reproducible(tmp_path):
    def figure():
        return plots.ndvi_over_time(TIMES, [(0.1, 0.2, 0.5)] * 5)

    for name in ("a.png", "b.png"):
        plots.save(figure(), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert plots.as_svg(figure(), "ndvi") == plots.as_svg(figure(), "ndvi")
    assert plots.as_svg(figure(), "ndvi").startswith("<svg")
    assert "<text" in plots.as_svg(figure(), "ndvi")


def test_no_window_system_and_no_pyplot():
    code = "import sys; import patchwork.core.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_true_colour_by_hand():
    """Black at the low point, three quarters of the brightness at the end of the usual range, white at the high one."""
    bands = np.array([[[500, 3000, 0, 8000, 9999, 5500]], [[400, 3000, 0, 8000, 9999, 5500]]])
    bands = np.concatenate([bands, [[[300, 1650, 0, 8000, 9999, 5500]]]])
    stretch = images.Stretch(np.array([500.0, 400.0, 300.0]), 3000.0, 8000.0)
    picture = images.true_colour(bands, stretch)
    half = round(0.75 * 0.5 ** (1 / 1.4) * 255)
    assert picture[0, :, :3].tolist() == [
        [0, 0, 0],
        [191, 191, half],
        [0, 0, 0],
        [255, 255, 255],
        [255, 255, 255],
        [223, 223, 223],
    ]
    assert picture[0, :, 3].tolist() == [255, 255, 0, 255, 255, 255]


def drawn_together(scenes, clear):
    """The scenes as pictures (y, x, 3), with the stretch that they have in common."""
    stretch = images.stretch_of(scenes, clear)
    return [images.true_colour(scene, stretch)[..., :3] for scene in scenes]


def test_fields_and_snow_are_neither_burnt_out_nor_dark():
    random = np.random.default_rng(1)
    forest = random.integers(200, 600, (3, 40, 40))
    fields = random.integers(1500, 3500, (3, 40, 40))
    snow = random.integers(7500, 9800, (3, 40, 10))
    scene = np.concatenate([forest, fields], axis=2)
    winter = np.concatenate([forest[:, :, :20], snow], axis=2)
    clear = [np.ones(each.shape[1:], dtype=bool) for each in (scene, winter)]
    summer_picture, winter_picture = drawn_together([scene, winter], clear)
    for picture in (summer_picture, winter_picture):
        assert np.mean(picture == 255) < 0.02
    assert 10 < summer_picture[:, :40].mean() < 80
    assert 120 < summer_picture[:, 40:].mean() < 200
    assert np.ptp(summer_picture[:, 40:].astype(int)) > 60
    assert winter_picture[:, 20:].mean() > 205
    assert np.ptp(winter_picture[:, 20:].astype(int)) > 20
    np.testing.assert_array_equal(summer_picture[:, :20], winter_picture[:, :20])  # one stretch for all


def test_clouds_do_not_change_the_stretch():
    land = np.random.default_rng(1).integers(300, 2000, (3, 40, 40))
    cloud = np.full((3, 40, 40), 9000)
    clear, covered = np.ones((40, 40), dtype=bool), np.zeros((40, 40), dtype=bool)
    alone, beside = images.stretch_of([land], [clear]), images.stretch_of([land, cloud], [clear, covered])
    assert (alone.usual, alone.high, *alone.low) == (beside.usual, beside.high, *beside.low)
    assert (drawn_together([land, cloud], [clear, covered])[1] == 255).all()
    assert alone.high == pytest.approx(2300, abs=50)


def test_pictures_without_clear_pixels_and_without_data_have_a_stretch():
    cloud = np.random.default_rng(1).integers(7000, 9800, (3, 40, 40))
    (picture,) = drawn_together([cloud], [np.zeros((40, 40), dtype=bool)])
    assert np.ptp(picture.astype(int)) > 100
    for scenes, clear in (([np.zeros((3, 4, 4))], [np.ones((4, 4), dtype=bool)]), ([], [])):
        stretch = images.stretch_of(scenes, clear)
        assert stretch.low.tolist() == [0, 0, 0]
        assert 0 < stretch.usual <= stretch.high


def test_class_colours_by_hand():
    ids = np.array([[0, 1, 300, 5]], dtype=np.uint16)
    picture = images.class_colours(ids, {1: (255, 0, 0), 300: (0, 0, 255)})
    assert picture.tolist() == [[[0, 0, 0, 0], [255, 0, 0, 255], [0, 0, 255, 255], [0, 0, 0, 0]]]


def test_values_are_blue_to_yellow_and_nan_is_transparent():
    picture = images.coloured(np.array([[0.0, 100.0, np.nan]]), 100.0, images.CLOUD_COLOURS)
    blue, yellow, nothing = picture[0].astype(int)
    assert blue[2] > blue[0]
    assert yellow[0] > yellow[2]
    assert nothing[3] == 0


def test_outline_is_the_inner_edge_of_the_mask():
    mask = np.zeros((7, 7), dtype=bool)
    mask[1:6, 1:6] = True
    drawn = images.with_outline(np.zeros((7, 7, 4), dtype=np.uint8), mask)[..., 3] > 0
    rim = mask.copy()
    rim[2:5, 2:5] = False
    np.testing.assert_array_equal(drawn, rim)
    everywhere = images.with_outline(np.zeros((3, 3, 4), dtype=np.uint8), np.ones((3, 3), dtype=bool))[..., 3] > 0
    assert everywhere.sum() == 8


def test_png_contains_the_pixels():
    picture = images.enlarged(np.random.default_rng(0).integers(0, 256, (5, 4, 4), dtype=np.uint8), 20)
    assert picture.shape == (20, 16, 4)
    prefix = "data:image/png;base64,"
    address = images.as_png(picture)
    assert address.startswith(prefix)
    read = imread(io.BytesIO(base64.b64decode(address[len(prefix) :])))
    np.testing.assert_array_equal((read * 255).round().astype(np.uint8), picture)


@pytest.mark.parametrize(
    ("longest", "length", "text"),
    [
        (160.0, 100.0, "100 m"),
        (500.0, 500.0, "500 m"),
        (1999.0, 1000.0, "1 km"),
        (62_500.0, 50_000.0, "50 km"),
        (0.7, 0.5, "0.5 m"),
    ],
)
def test_scale_bars_are_round(longest, length, text):
    assert round_length(longest) == pytest.approx(length)
    assert length_text(length) == text


@pytest.mark.parametrize("size", [(6000.0, 4000.0), (400.0, 9000.0), (9000.0, 400.0)])
def test_map_picture_of_any_shape_and_any_name(tmp_path, size):
    picture = np.full((40, 60, 4), 255, dtype=np.uint8)
    legend = [LegendEntry(f"{number} $x_{{{number}$ <b>", "#117733") for number in range(30)]
    figure = map_picture(picture, size, legend, "Land $cover", "one\ntwo", "Simulated sample region")
    plots.save(figure, tmp_path / "map.png")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "N ↑" in texts
    assert "Simulated sample region" in texts
    assert length_text(round_length(size[0] / 4)) in texts
