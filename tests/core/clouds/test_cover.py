"""The cloud cover of a folder of imagery, against the pixels of its files."""

import json

import numpy as np
import pytest
import rasterio

from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress

TIMES = ("20190705T100031", "20190715T100031")


@pytest.fixture
def covers_of(tmp_path, make_imagery):
    """The cloud cover of the acquisitions of a folder with this band, in percent, and the number that were found."""

    def covers(band, values, shape, **given):
        folder = make_imagery(tmp_path / "scenes", times=TIMES, bands=("B04", "B08", band), shape=shape, values=values)
        return found(folder, **given)

    def found(folder, **given):
        for name, own in (("splitarea", given), ("findscenes", {"max_cloud_cover": 10})):
            operation = OPERATIONS[name]
            values = {"workspace": tmp_path / "work", "source": "folder", "imagery": folder, **own}
            execute(operation, operation.parameters.from_values(values), {}, Progress())
        catalogue = json.loads((tmp_path / "work" / "scenes.json").read_text(encoding="utf-8"))
        return [own["cloud_cover"] for own in catalogue["acquisitions"]]

    covers.of_folder = found
    return covers


def scl(number, band, shape):
    """Clouds in a fifth of the columns, shadow in the next, no data in the last tenth; at the second time all clear."""
    row = np.full(shape[1], 4)
    if band == "SCL" and number == 0:
        tenth = shape[1] // 10
        row[: 2 * tenth] = np.resize([8, 9, 10], 2 * tenth)
        row[2 * tenth : 4 * tenth], row[9 * tenth :] = 3, 0
    return np.broadcast_to(row, shape)


def test_the_share_of_clouds_among_what_has_data(covers_of):
    assert covers_of("SCL", scl, (40, 40)) == [pytest.approx(8 / 36, abs=1e-4), 0.0]  # none is left out for it


def test_a_large_area_is_sampled(covers_of):
    assert covers_of("SCL", scl, (200, 1400)) == [pytest.approx(2 / 9, abs=0.05), 0.0]


def test_only_the_area_counts(covers_of):
    def half(number, band, shape):
        return np.broadcast_to(np.where(np.arange(shape[1]) < 20, 9, 4), shape)

    area = "500000,5099600,500300,5100000,EPSG:32633"  # 30 of 40 columns
    assert covers_of("SCL", half, (40, 40), area=area) == [pytest.approx(20 / 30, abs=1e-4)] * 2


def test_bits_of_landsat(covers_of):
    def bits(number, band, shape):
        row = np.full(shape[1], 0b1000000)
        row[:10], row[10:20] = 0b1001000, 1  # cloud; fill
        return np.broadcast_to(row if band == "QA" else np.full(shape[1], 500), shape)

    assert covers_of("QA", bits, (40, 40)) == [pytest.approx(10 / 30, abs=1e-4)] * 2


def test_without_a_classification_it_is_unknown(covers_of):
    assert covers_of("B11", lambda number, band, shape: np.full(shape, 700), (40, 40)) == [None, None]


def test_real_scenes(covers_of, realdata):
    folder = realdata / "flanders"
    covers = covers_of.of_folder(folder)
    files = sorted(folder.glob("*.tif"))
    assert len(covers) == len(files)
    for file, cover in zip(files, covers, strict=True):
        with rasterio.open(file) as opened:
            classes = opened.read(opened.descriptions.index("SCL") + 1)
        known = (classes >= 2) & (classes <= 11)
        assert cover == pytest.approx(np.isin(classes, (8, 9, 10))[known].mean(), abs=0.02)
