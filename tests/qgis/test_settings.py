"""Settings are stored, and invalid values are ignored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from patchwork.core.operations import OPERATIONS
from patchwork.core.parameters import declared

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("python", "workspace_folder", "memory", "jobs", "account")

# Widgets need an application with windows, of which a process has one for ever: hence a process of its own.
PAGE = """
import os, sys
sys.path.insert(0, {launcher!r})
from qgis.core import QgsApplication
application = QgsApplication([], True)
application.initQgis()
from qgis.PyQt.QtCore import QEventLoop
from patchwork.plugin.options import OptionsFactory
from patchwork.processing_provider import settings
factory = OptionsFactory()
assert not factory.icon().isNull()
page = factory.createWidget(None)
page.apply()
from qgis.core import QgsSettings
assert not [key for key in QgsSettings().allKeys() if key.startswith("patchwork/")], "defaults are not kept"

page.python.setFilePath({python!r})
page.workspace_folder.setFilePath("/data/Käfer dir")
page.memory.setValue(1500)
page.jobs.setValue(3)
page.apply()
again = factory.createWidget(None)
assert again.python.filePath() == settings.python() == {python!r}
assert again.workspace_folder.filePath() == settings.workspace_folder() == "/data/Käfer dir"
assert again.memory.value() == settings.memory() == 1500
assert again.jobs.value() == settings.jobs() == 3
again.memory.setValue(1)
assert again.memory.value() == 500, "what the declaration allows"
page.jobs.setValue(0)
assert page.jobs.text() == "One for each core"

again.resize(320, 600)
again.show()
assert again.minimumSizeHint().width() <= 320
for text, python in (("All required packages are installed", {python!r}), ("does not exist", "/no/such/python"),
                     ("does not run", {broken!r}), ("pip install -r", {bare!r})):
    again.python.setFilePath(python)
    again.test.click()
    loop = QEventLoop()
    again._task.taskCompleted.connect(loop.quit)
    again._task.taskTerminated.connect(loop.quit)
    loop.exec()
    application.processEvents()
    assert text in again.state.text(), again.state.text()
    assert again.test.isEnabled()
print("DONE")
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_kept_under_its_name(qgis, name):
    from qgis.core import QgsSettings

    from patchwork.processing_provider import settings

    setting = getattr(settings, name)
    value = "42" if isinstance(setting.default, str) else 42
    assert setting() == setting.default
    setting.set(value)
    assert setting() == value
    assert str(QgsSettings().value(f"patchwork/{name}")) == "42"
    setting.set(setting.default)
    assert not QgsSettings().contains(f"patchwork/{name}")


@pytest.mark.parametrize("value", ["", "much", [1, 2]])
def test_a_number_that_is_none_is_as_if_unset(qgis, value):
    from qgis.core import QgsSettings

    from patchwork.processing_provider import settings

    QgsSettings().setValue("patchwork/memory", value)
    assert settings.memory() == 4000
    QgsSettings().remove("patchwork/memory")


def test_memory_and_jobs_have_the_defaults_of_the_operations(provider):
    from patchwork.processing_provider import settings

    algorithm = provider.algorithm("makemap")
    for name in ("memory", "jobs"):
        assert getattr(settings, name)() == algorithm.parameterDefinition(name.upper()).defaultValue()


def test_what_is_set_is_what_algorithms_take_unless_given(provider, request):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    from patchwork.processing_provider import bindings, settings

    def default_and_values(**given):
        algorithm = provider.algorithm("maskclouds").create()
        definition = algorithm.parameterDefinition("MEMORY")
        parameter = next(p for p in declared(OPERATIONS["maskclouds"].parameters) if p.name == "memory")
        values = bindings.QgisValues(given, QgsProcessingContext(), QgsProcessingFeedback())
        return definition.defaultValue(), bindings.engine_value(parameter, definition, values)

    request.addfinalizer(lambda: settings.memory.set(settings.memory.default))
    settings.memory.set(1234)
    assert default_and_values() == (1234, 1234)
    assert default_and_values(MEMORY="600") == (1234, 600)
    settings.memory.set(settings.memory.default)
    assert default_and_values() == (4000, 4000)


def test_workspaces_are_made_in_a_folder_of_the_user(qgis):
    from patchwork.processing_provider import settings

    assert os.path.isabs(settings.workspace_folder())


def test_the_options_page_shows_and_keeps_what_is_set(qgis, engine_python, tmp_path):
    broken, bare = tmp_path / "broken", tmp_path / "bare"
    broken.write_text("#!/bin/sh\nexit 3\n")
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    for file in (broken, bare):
        file.chmod(0o755)
    code = PAGE.format(
        launcher=str(ROOT / "core" / "launcher"), python=engine_python, broken=str(broken), bare=str(bare)
    )
    environment = {name: value for name, value in os.environ.items() if name != "PATCHWORK_PYTHON"}
    own = {"HOME": str(tmp_path), "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, **own},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "DONE" in done.stdout, done.stderr
