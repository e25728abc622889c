"""Tests an account of QGIS's authentication database from the dock, then finds scenes and opens a quick look."""

import os
from pathlib import Path

from driving import click, drive, open_dock, picture, wait_until
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsProject


def configuration(name, secret):
    config = QgsAuthMethodConfig()
    config.setName(name)  # QGIS lists accounts by name
    config.setMethod("Basic")
    config.setConfig("username", os.environ["SH_CLIENT_ID"])
    config.setConfig("password", secret)
    QgsApplication.authManager().storeAuthenticationConfig(config)
    return config.id()


def try_account(panel):
    click(panel.imagery.test)
    wait_until(lambda: not panel.imagery._sign_in.is_busy)
    return panel.imagery.account.text


def story(told):
    assert QgsApplication.authManager().setMasterPassword("master of the tests", True)
    right, wrong = configuration("Right", os.environ["SH_CLIENT_SECRET"]), configuration("Wrong", "wr0ng")
    for name in ("SH_CLIENT_ID", "SH_CLIENT_SECRET"):
        del os.environ[name]  # the account is the store's alone
    panel = open_dock()
    session = panel.session
    session.set("SOURCE", "sentinelhub")
    session.set("SERVICE_URL", os.environ["HUB_URL"])
    session.set("AUTH", wrong)
    told["wrong"] = try_account(panel)
    session.set("AUTH", right)
    told["signed_in"] = try_account(panel)
    session.set("AREA", "546000,5155000,547200,5156000,EPSG:32633")
    session.set("START", "2019-06-01")
    session.set("END", "2019-08-31")
    wait_until(lambda: panel.area.numbers)
    click(panel.imagery.find)
    wait_until(lambda: panel.imagery._scenes)
    told["costs"] = panel.imagery.note.text
    panel.imagery.strip.choose(1)
    wait_until(lambda: not panel.imagery._look.is_busy)
    told["quick_look"] = not panel.imagery.picture.pixmap().isNull()
    picture("account")
    assert QgsProject.instance().write(str(Path.home() / "project.qgs"))


drive(story)
