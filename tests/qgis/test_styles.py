"""The styles of the engine in a real QGIS: they load without messages, also automatically, and render as intended."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from patchwork.core import styles
from patchwork.core.vocabulary.classes import ClassScheme, LandCoverClass

START = datetime(2019, 7, 31, 10, 0, 31, tzinfo=timezone.utc)
SHOWN = (START, START + timedelta(days=5, seconds=-1))
SCHEME = ClassScheme.of({1: 'Ödland & <Wald> "alt"', 2: "water", 1200: "森林"})


@pytest.fixture
def raster(qgis, tmp_path):
    """`raster(style, bands=…)`: a layer from a file with that style."""
    from osgeo import gdal, osr
    from qgis.core import QgsRasterLayer

    kept = []  # a renderer is deleted with its layer

    def make(style, bands=("B02", "B03", "B04")):
        file = tmp_path / "raster č 1.tif"
        dataset = gdal.GetDriverByName("GTiff").Create(str(file), 4, 3, len(bands), gdal.GDT_UInt16)
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(32633)
        dataset.SetProjection(reference.ExportToWkt())
        dataset.SetGeoTransform((500_000, 10, 0, 5_100_000, 0, -10))
        for number, name in enumerate(bands, start=1):
            dataset.GetRasterBand(number).SetDescription(name)
            dataset.GetRasterBand(number).SetNoDataValue(0)
            dataset.GetRasterBand(number).Fill(1000 * number)
        del dataset
        styles.write_style(file, style)
        layer = QgsRasterLayer(str(file), "raster")
        assert layer.isValid()
        assert layer.loadNamedStyle(str(file.with_suffix(".qml"))) == ("", True)
        alone = QgsRasterLayer(str(file), "by itself")
        assert alone.renderer().type() == layer.renderer().type()
        kept.append(layer)
        return layer

    return make


def test_classes_have_their_colours_and_names(raster):
    renderer = raster(styles.class_style(SCHEME)).renderer()
    assert renderer.type() == "paletted"
    shown = [(entry.value, entry.color.name(), entry.label) for entry in renderer.classes()]
    assert shown == [(entry.id, entry.colour, entry.name) for entry in SCHEME.classes]


def test_a_mask_shows_its_class_and_nothing_else(raster):
    renderer = raster(styles.mask_style(LandCoverClass(20, "meadow", "#ffa500"))).renderer()
    (entry,) = renderer.classes()
    assert (entry.value, entry.color.name(), entry.label) == (1, "#ffa500", "meadow")


@pytest.mark.parametrize(
    ("scale", "unit"),
    [
        (styles.CONFIDENCE, " %"),
        (styles.CLOUD_PROBABILITY, " %"),
        (styles.MEAN_NDVI, ""),
        (styles.count_scale(37), ""),
        (styles.count_scale(0), ""),
    ],
)
def test_a_scale_runs_through_its_colours(raster, scale, unit):
    shader = raster(styles.scale_style(scale)).renderer().shader()
    ramp = shader.rasterShaderFunction()
    assert (ramp.minimumValue(), ramp.maximumValue()) == (scale.lowest, scale.highest)
    for value, colour in ((scale.lowest, scale.colours[0]), (scale.highest, scale.colours[-1])):
        visible, red, green, blue, alpha = ramp.shade(value)
        assert (visible, f"#{red:02x}{green:02x}{blue:02x}", alpha) == (True, colour, 255)
    assert ramp.legendSettings().suffix() == unit
    assert all(item.label.endswith(unit) for item in ramp.colorRampItemList())


def test_a_scene_is_true_colour_in_its_time(raster):
    from qgis.core import Qgis

    layer = raster(styles.scene_style(("B02", "B03", "B04"), SHOWN))
    renderer = layer.renderer()
    assert (renderer.redBand(), renderer.greenBand(), renderer.blueBand()) == (3, 2, 1)
    stretch = renderer.redContrastEnhancement()
    assert (stretch.minimumValue(), stretch.maximumValue()) == (0, 3000)
    temporal = layer.temporalProperties()
    assert temporal.isActive()
    assert temporal.mode() == Qgis.RasterTemporalMode.FixedTemporalRange
    shown = temporal.fixedTemporalRange()
    told = [moment.toUTC().toString("yyyyMMddThhmmss") for moment in (shown.begin(), shown.end())]
    assert told == ["20190731T100031", "20190805T100030"]


@pytest.mark.parametrize(("bands", "range_"), [(("B08", "B04"), (0, 3000)), (("VV", "VH"), (25_000, 50_000))])
def test_a_scene_without_red_green_and_blue_is_grey(raster, bands, range_):
    renderer = raster(styles.scene_style(bands, SHOWN), bands).renderer()
    assert renderer.type() == "singlebandgray"
    stretch = renderer.contrastEnhancement()
    assert (stretch.minimumValue(), stretch.maximumValue()) == range_


def test_no_data_is_transparent_and_white_is_bright(raster):
    from osgeo import gdal
    from qgis.core import QgsRectangle
    from qgis.PyQt.QtGui import QColor

    layer = raster(styles.scene_style(("B02", "B03", "B04"), SHOWN))
    dataset = gdal.Open(layer.source(), gdal.GA_Update)
    for number in (1, 2, 3):
        band = dataset.GetRasterBand(number)
        pixels = band.ReadAsArray()
        pixels[0, 0], pixels[0, 1] = 0, 9000
        band.WriteArray(pixels)
    del dataset, band
    layer.reload()
    block = layer.renderer().block(1, QgsRectangle(500_000, 5_099_970, 500_040, 5_100_000), 4, 3)
    nothing, bright, other = (QColor.fromRgba(block.color(*place)) for place in ((0, 0), (0, 1), (1, 1)))
    assert nothing.alpha() == 0
    assert bright.name() == "#ffffff"
    assert other.name() == "#ffaa55"  # 3000, 2000, 1000 of 3000
    assert layer.brightnessFilter().gamma() == pytest.approx(1.4)


def test_patches_are_outlines_with_their_ids(qgis, tmp_path):
    from osgeo import ogr
    from qgis.core import QgsVectorLayer

    file = tmp_path / "patches.gpkg"
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(file))
    layer = source.CreateLayer("patches", geom_type=ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("id", ogr.OFTString))
    del layer, source
    styles.write_style(file, styles.outline_style("1,2,3,255", "id"))
    shown = QgsVectorLayer(str(file), "patches", "ogr")
    assert shown.loadNamedStyle(str(file.with_suffix(".qml"))) == ("", True)
    by_itself = QgsVectorLayer(f"{file}|layername=patches", "patches", "ogr")
    for layer in (shown, by_itself):
        (part,) = layer.renderer().symbol().symbolLayers()
        assert part.layerType() == "SimpleLine"
        assert part.color().name() == "#010203"
        assert layer.labelsEnabled()
        assert layer.labeling().settings().fieldName == "id"
