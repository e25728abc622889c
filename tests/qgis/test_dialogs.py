"""The widgets for areas and places in the dialog and the modeler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Widgets need an application with windows, of which a process has one for ever: hence a process of its own.
DIALOG = """
import os, sys
sys.path.insert(0, {launcher!r})
from qgis.core import QgsApplication, QgsProcessingContext, QgsProject, QgsVectorLayer
application = QgsApplication([], True)
application.initQgis()
sys.path.insert(0, QgsApplication.pkgDataPath() + "/python/plugins")
from processing.core.Processing import Processing
Processing.initialize()
from patchwork.plugin.plugin import PatchworkPlugin
plugin = PatchworkPlugin(None)
plugin.initProcessing()
layer = QgsVectorLayer("Polygon?crs=EPSG:32633", "area", "memory")
QgsProject.instance().addMapLayer(layer)
from processing.gui.wrappers import WidgetWrapperFactory
context = QgsProcessingContext()
context.setProject(QgsProject.instance())

def widget(algorithm, name):
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(algorithm)
    wrapper = WidgetWrapperFactory.create_wrapper(algorithm.parameterDefinition(name), None)
    wrapper.algorithm = algorithm
    return wrapper

area = widget("patchwork:splitarea", "AREA")
extent = "500000,501000,5600000,5601000 [EPSG:32633]"
assert area.parameterValue() is None
area.setParameterValue(extent, context)
assert [float(n) for n in area.parameterValue().split(" ")[0].split(",")] == [500000, 501000, 5600000, 5601000]
assert area.parameterValue().endswith("[EPSG:32633]")
area.setParameterValue({file!r}, context)
assert area.parameterValue() == {file!r}, area.parameterValue()
assert not area._drawn.isEnabled()
area.setParameterValue(extent, context)
assert area.parameterValue().endswith("[EPSG:32633]")
assert area._drawn.isEnabled()
area.setParameterValue(layer.id(), context)
assert area.parameterValue() == layer.id()
area.setParameterValue(None, context)
assert not area.parameterValue()
place = widget("patchwork:timeseries", "PLACE")
place.setParameterValue("14.5,46.25 [EPSG:4326]", context)
assert place.parameterValue() == "14.500000,46.250000 [EPSG:4326]", place.parameterValue()
choice = widget("patchwork:makemap", "CLASSIFIER")
words = [choice._list.itemText(number) for number in range(choice._list.count())]
assert words[:2] == ["Extra trees", "Random forest"], words
assert choice.parameterValue() == "extra-trees"
choice.setParameterValue("random-forest", context)
assert choice.parameterValue() == "random-forest"
assert choice._list.currentText() == "Random forest"
print("DONE")
sys.stdout.flush()
os._exit(0)
"""


def test_an_area_is_a_layer_or_an_extent_and_the_last_one_given_counts(qgis, tmp_path):
    file = tmp_path / "area č.geojson"
    ring = [[14, 46], [15, 46], [15, 47], [14, 46]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    file.write_text(f"{feature}".replace("'", '"'), encoding="utf-8")
    code = DIALOG.format(launcher=str(ROOT / "core" / "launcher"), file=str(file))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "DONE" in done.stdout, done.stderr
