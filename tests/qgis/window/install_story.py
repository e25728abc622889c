"""A fresh profile: the zip is installed, the engine by the dock's button, then the sample region is mapped."""

import os
from pathlib import Path

import pyplugin_installer
from driving import click, dock, drive, iface, open_dock, picture, wait, wait_until
from qgis.PyQt.QtWidgets import QApplication, QToolButton
from qgis.utils import loadPlugin, plugins, startPlugin, updateAvailablePlugins


def story(told):
    zip_file = os.environ["PATCHWORK_ZIP"]
    pyplugin_installer.instance().installFromZipFile(zip_file)
    for box in QApplication.topLevelWidgets():
        if box is not iface.mainWindow() and box.isVisible() and hasattr(box, "accept"):
            box.accept()
    if "patchwork" not in plugins:
        updateAvailablePlugins()
        assert loadPlugin("patchwork")
        assert startPlugin("patchwork")
    wait(1)
    panel = open_dock()
    wait_until(lambda: panel.installation.isVisible())
    told["missing"] = panel.installation.note.text
    picture("1-missing")
    click(panel.installation.button)
    wait(3)
    click(panel.installation.button)  # cancelled
    wait_until(lambda: panel.installation._run is None)
    told["cancelled"] = panel.installation.note.text
    folder = Path(os.environ["HOME"]) / ".local/share/QGIS/QGIS3/profiles/default/patchwork"
    told["left"] = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    click(panel.installation.button)
    wait(10)
    picture("2-installing")
    wait_until(lambda: not panel.installation.isVisible(), 400)
    told["installed"] = (folder / "engine").is_dir()
    (sample,) = (b for b in panel.area.findChildren(QToolButton) if b.text() == "Sample region")
    click(sample)
    wait_until(lambda: panel.area.numbers)
    panel.session.set("AREA", "546000,548000,5153000,5155000 [EPSG:32633]")  # a part is enough to see that it works
    panel.session.set("PATCH_SIZE", 1000.0)
    wait_until(lambda: len(panel.overlay.ids) >= 4 and "4 km²" in panel.area.note.text.replace("24 km²", ""))
    click(panel.run.button)
    wait_until(lambda: not panel.run.is_running, 400)
    told["note"] = panel.run.note.text
    wait(3)
    picture("3-made")
    assert dock() is panel


drive(story)
