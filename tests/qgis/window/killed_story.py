"""QGIS is killed in the middle of a run; started again, it goes on from what the project remembers."""

import json
import os
import signal
from pathlib import Path

from driving import OUT, click, drive, iface, open_dock, picture, wait, wait_until
from qgis.core import QgsProject

PROJECT = os.environ["PATCHWORK_PROJECT"]


def story(told):
    if Path(PROJECT).exists():
        go_on(told)
    else:
        be_killed(told)


def be_killed(told):
    panel = open_dock()
    session = panel.session
    session.set("IMAGERY", os.environ["PATCHWORK_IMAGERY"])
    session.set("PATCH_SIZE", 130.0)
    session.set("VALIDATION", "polygons")
    session.set("REFERENCE", str(Path(os.environ["PATCHWORK_FLANDERS"]) / "reference.shp"))
    session.set("CLASS_FIELD", "crop")
    wait_until(lambda: len(panel.overlay.ids) > 20)
    click(panel.run.button)
    assert QgsProject.instance().write(PROJECT)
    wait_until(lambda: panel.run.whole.value() > 5)
    told.update(running=panel.run.is_running, workspace=str(session.workspace))
    (OUT / "told.json").write_text(json.dumps(told), encoding="utf-8")
    os.kill(os.getpid(), signal.SIGKILL)


def go_on(told):
    iface.addProject(PROJECT)
    wait(0.5)
    panel = open_dock()
    wait_until(lambda: panel.overlay.ids)
    told["button"] = panel.run.button.text()
    told["workspace"] = str(panel.session.workspace)
    wait_until(lambda: panel.reference.table.rowCount() == 5)
    told["field"] = panel.reference.form.widget("CLASS_FIELD").currentText()
    told["layer"] = panel.reference.form._wrappers["REFERENCE"].parameterValue()
    picture("restored")
    click(panel.run.button)
    wait_until(lambda: not panel.run.is_running, 200)
    told["note"] = panel.run.note.text


drive(story)
