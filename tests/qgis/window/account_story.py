"""Tests an account of QGIS's authentication database from the dock, then finds scenes and opens a quick look."""

import os
from pathlib import Path

from driving import click, drive, open_dock, picture, wait, wait_until
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsProcessingContext, QgsProject
from qgis.PyQt.QtWidgets import QComboBox

from patchwork.processing_provider import settings

CLIENT = os.environ["SH_CLIENT_ID"]


def configuration(name, secret):
    config = QgsAuthMethodConfig()
    config.setName(name)
    config.setMethod("Basic")
    config.setConfig("username", CLIENT)
    config.setConfig("password", secret)
    QgsApplication.authManager().storeAuthenticationConfig(config)
    return config.id()


def try_account(panel):
    click(panel.imagery.test)
    wait_until(lambda: not panel.imagery._sign_in.is_busy)
    return panel.imagery.account.text


def story(told):
    assert QgsApplication.authManager().setMasterPassword("master of the tests", True)
    right, wrong = configuration("Twin", os.environ["SH_CLIENT_SECRET"]), configuration("Twin", "wr0ng")
    for name in ("SH_CLIENT_ID", "SH_CLIENT_SECRET"):
        del os.environ[name]  # the account is the store's alone
    panel = open_dock()
    session = panel.session
    session.set("SOURCE", "sentinelhub")
    session.set("SERVICE_URL", os.environ["HUB_URL"])
    combo = panel.imagery.form.widget("AUTH").findChild(QComboBox)
    told["listed"] = [combo.itemText(number).replace(right, "R").replace(wrong, "W") for number in range(combo.count())]
    told["shown"] = [combo.currentText()]
    session.set("AUTH", wrong)
    told["shown"].append(combo.currentData() == wrong)
    told["wrong"] = try_account(panel)
    combo.setCurrentIndex(combo.findData(right))
    told["chosen"] = session.get("AUTH") == right
    told["signed_in"] = try_account(panel)
    session.set("AUTH", None)
    settings.account.set(right)
    session.restored.emit()
    told["shown"].append(combo.currentText().replace(right, "R"))
    told["by_default"] = try_account(panel)
    settings.account.set("")
    session.set("AUTH", "othe123")
    told["shown"].append(combo.currentText())
    session.set("AUTH", right)
    configuration("Third", "wr0ng")
    panel.imagery.form._wrappers["AUTH"].setParameterValue(right, QgsProcessingContext())  # as QGIS does after an edit
    wait(0.3)
    told["shown"] += [combo.currentData() == right, combo.findText("Third") > 0]
    session.set("AREA", "546300,5154700,547500,5155700,EPSG:32633")
    session.set("START", "2019-06-01")
    session.set("END", "2019-08-31")
    wait_until(lambda: panel.area.numbers)
    click(panel.imagery.find)
    wait_until(lambda: panel.imagery._scenes)
    told["costs"] = panel.imagery.note.text
    panel.imagery.scenes.strip.choose(1)
    wait_until(lambda: not panel.imagery._look.is_busy)
    told["quick_look"] = not panel.imagery.scenes.picture.pixmap().isNull()
    picture("account")
    assert QgsProject.instance().write(str(Path.home() / "project.qgs"))


drive(story)
