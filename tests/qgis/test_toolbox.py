"""Algorithms in the toolbox: dialogs, batches, help, and commands to copy."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Dialogs need an application with windows, of which a process has only one: hence a separate process.
SCRIPT = """
import json, os, sys
sys.path.insert(0, {launcher!r})
from qgis.core import QgsApplication, QgsProcessingContext
application = QgsApplication([], True)
application.initQgis()
sys.path.insert(0, QgsApplication.pkgDataPath() + "/python/plugins")
from processing.core.Processing import Processing
Processing.initialize()
from patchwork.plugin.plugin import PatchworkPlugin
plugin = PatchworkPlugin(None)
plugin.initProcessing()
from qgis.PyQt.QtWidgets import QDateTimeEdit, QMenu
from processing.gui.AlgorithmDialog import AlgorithmDialog
from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
registry = QgsApplication.processingRegistry()
kept = []
required = json.loads({required!r})
found = {{}}

def asked_for(dialog):
    return dialog.mainWidget().createProcessingParameters()

for algorithm in registry.providerById("patchwork").algorithms():
    dialog = AlgorithmDialog(registry.createAlgorithmById(algorithm.id()), False, None)
    batch = BatchAlgorithmDialog(registry.createAlgorithmById(algorithm.id()))
    kept += [dialog, batch]  # Qt may still use what Python deletes
    facts = found[algorithm.name()] = {{"missing": ""}}
    try:
        asked_for(dialog)
    except Exception as error:
        facts["missing"] = error.parameter.name()
    inputs = {{each.name() for each in algorithm.parameterDefinitions() if not each.isDestination()}}
    dialog.setParameters({{name: value for name, value in required.items() if name in inputs}})
    values = asked_for(dialog)
    facts["values"] = sorted(values)
    facts["check"] = algorithm.create().checkParameterValues(values, QgsProcessingContext())
    facts["calendars"] = [edit.calendarPopup() for edit in dialog.findChildren(QDateTimeEdit)]
    facts["columns"] = batch.mainWidget().tblParameters.columnCount()
    facts["title"] = dialog.windowTitle()
{more}
print("FOUND" + json.dumps(found))
sys.stdout.flush()
os._exit(0)
"""


# Parameters without a default in any dialog.
REQUIRED = {"WORKSPACE": "/tmp", "PLACE": "14.5,46.2 [EPSG:4326]", "TIME": "20190731T100031"}
REQUIRED |= dict.fromkeys(("MAP", "MAP_FROM", "MAP_TO"), str(ROOT / "docs" / "images" / "dock-results.png"))
REQUIRED["VALIDATION_POINTS"] = str(Path(tempfile.mkdtemp(prefix="patchwork-points-")) / "points.geojson")
POINT = {"type": "Feature", "properties": {"class": 1}, "geometry": {"type": "Point", "coordinates": [14.5, 46.2]}}


def in_a_window(more=""):
    """Facts about the dialogs of all algorithms."""
    Path(REQUIRED["VALIDATION_POINTS"]).write_text(json.dumps(POINT), encoding="utf-8")
    code = SCRIPT.format(launcher=str(ROOT / "core" / "launcher"), more=more, required=json.dumps(REQUIRED))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND")]
    assert lines, done.stderr
    return json.loads(lines[0][len("FOUND") :])


@pytest.fixture(scope="module")
def dialogs(qgis):
    return in_a_window()


# Operations that need more than a workspace.
NEEDS_MORE = {
    "makemap",
    "landcovermodel",
    "splitarea",
    "findscenes",
    "downloadscenes",
    "rasterizereference",
    "timeseries",
}
NEEDS_MORE |= {"quicklook", "checkreference", "checkinstallation", "installengine"}
NEEDS_MORE |= {"drawvalidation", "assessmap", "comparemaps"}


def test_every_algorithm_opens_as_a_dialog_and_as_a_batch(provider, dialogs):
    assert set(dialogs) == {algorithm.name() for algorithm in provider.algorithms()}
    for algorithm in provider.algorithms():
        facts = dialogs[algorithm.name()]
        assert facts["title"].endswith(algorithm.displayName())
        assert facts["columns"] >= len(algorithm.parameterDefinitions())
        assert set(facts["values"]) <= {definition.name() for definition in algorithm.parameterDefinitions()}


def test_a_dialog_says_what_must_be_given(provider, dialogs):
    for name, facts in dialogs.items():
        definitions = provider.algorithm(name).parameterDefinitions()
        names = [definition.name() for definition in definitions if not definition.isDestination()]
        needed = [parameter for parameter in names if parameter in REQUIRED]
        assert facts["missing"] == (needed[0] if needed else ""), name


def test_a_dialog_says_what_is_missing_beside_what_is_there(dialogs):
    area = "Area of interest (AREA) is missing; or set IMAGERY, to use its whole extent."
    imagery = "Imagery folder (IMAGERY) is missing: the source folder reads it."
    reference = "Reference (REFERENCE) is missing: polygons of known class."
    lacking = {name: facts["check"][1].splitlines() for name, facts in dialogs.items() if not facts["check"][0]}
    assert sorted(lacking.pop("makemap")) == [area, imagery, reference]
    of_imagery = ("findscenes", "quicklook", "downloadscenes")
    assert lacking == {"splitarea": [area]} | {name: [imagery] for name in of_imagery}


def test_dates_are_chosen_from_a_calendar(dialogs):
    assert dialogs["makemap"]["calendars"] == [True, True]
    assert all(all(facts["calendars"]) for facts in dialogs.values())


def test_every_algorithm_has_a_group_an_icon_and_tags(provider):
    groups = {algorithm.group(): algorithm.groupId() for algorithm in provider.algorithms()}
    assert len(set(groups.values())) == len(groups)
    assert sorted(groups)[0] == "0 All in one"
    for algorithm in provider.algorithms():
        assert not algorithm.icon().isNull()
        assert Path(algorithm.svgIconPath()).is_file()
        assert algorithm.tags()
        assert algorithm.shortHelpString()


def test_choices_are_given_by_name(provider):
    from qgis.core import QgsProcessingParameterEnum

    choices = [
        definition
        for algorithm in provider.algorithms()
        for definition in algorithm.parameterDefinitions()
        if isinstance(definition, QgsProcessingParameterEnum)
    ]
    assert choices
    for definition in choices:
        assert definition.usesStaticStrings()
        assert definition.defaultValue() in definition.options()
        assert all(re.search(rf"\b{word}: ", definition.help()) for word in definition.options())


@pytest.fixture(scope="module")
def finished(finished_run, tmp_path_factory):
    """A copy of a finished workspace, for further runs."""
    return shutil.copytree(finished_run["WORKSPACE"], tmp_path_factory.mktemp("again") / "work")


def test_every_step_runs_with_its_defaults(run, provider, finished):
    for algorithm in provider.algorithms():
        if algorithm.name() not in NEEDS_MORE:
            results = run(algorithm.name(), {"WORKSPACE": str(finished)})
            paths = [value for value in results.values() if isinstance(value, str) and value.startswith(str(finished))]
            assert len(paths) > 1
            assert all(Path(path).exists() for path in paths)


def test_every_step_says_which_one_must_come_first(run, provider, tmp_path):
    from qgis.core import QgsProcessingException

    for algorithm in provider.algorithms():
        if algorithm.name() not in NEEDS_MORE:
            with pytest.raises(QgsProcessingException, match=r"(?i)run \w+ first"):
                run(algorithm.name(), {"WORKSPACE": str(tmp_path)})


AREA = "501400,501900,5629100,5629600 [EPSG:32631]"


@pytest.fixture(scope="module")
def commands(small, tmp_path_factory):
    """The commands that a dialog copies: Python and, in newer QGIS, a command line."""
    folder = tmp_path_factory.mktemp("commands č")
    values = {
        "IMAGERY": str(small),
        "PATCH_SIZE": 320,
        "AREA": AREA,
        "WORKSPACE": str(folder / "one's work"),
    }
    more = f"""
algorithm = registry.createAlgorithmById("patchwork:splitarea")
dialog = AlgorithmDialog(algorithm, False, None)
kept.append(dialog)
dialog.setParameters({values!r})
values = asked_for(dialog)
found["imagery"] = {str(small)!r}
found["python"] = algorithm.asPythonCommand(values, QgsProcessingContext())
if hasattr(algorithm, "asQgisProcessCommand"):  # from QGIS 3.24 on
    found["process"] = algorithm.asQgisProcessCommand(values, QgsProcessingContext())
"""
    return folder / "one's work", in_a_window(more)


def test_the_python_command_of_a_dialog_works(provider, commands):
    import processing

    workspace, found = commands
    results = eval(found["python"], {"processing": processing})
    assert results["WORKSPACE"] == str(workspace)
    assert results["PATCH_NUMBER"] > 1


@pytest.fixture(scope="module")
def qgis_process(tmp_path_factory):
    """`qgis_process` with a profile in which the plugin is enabled; Debian's wrapper of this name fails."""
    program = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    if program is None:
        pytest.skip("qgis_process is not on the path")
    home = tmp_path_factory.mktemp("home")
    plugins = home / ".local/share/QGIS/QGIS3/profiles/default/python/plugins"
    plugins.mkdir(parents=True)
    (plugins / "patchwork").symlink_to(ROOT)
    environment = {name: value for name, value in os.environ.items() if name != "QGIS_CUSTOM_CONFIG_PATH"}
    environment = {**environment, "HOME": str(home), "PYTHONPATH": ""}

    def run(command):
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    # The first commands of the documentation, word by word
    page = (ROOT / "docs" / "modeler.md").read_text(encoding="utf-8")
    commands = [line.strip() for line in page.splitlines() if line.startswith("    ")]
    done = run(["sh", "-e", "-c", "\n".join(commands[:3])])
    assert done.returncode == 0, done.stderr
    assert "PER_CLASS" in done.stdout
    assert commands[3].startswith("$program run patchwork:makemap -- ")
    return lambda arguments: run([program, *arguments])


def test_the_command_line_of_a_dialog_works(commands, qgis_process):
    workspace, found = commands
    command, ok = found.get("process", (None, True))
    assert ok
    if command is None:  # QGIS before 3.24 has none: a command as a user writes it
        command = f"qgis_process run patchwork:splitarea --PATCH_SIZE=320 --AREA='{AREA}' "
        command += f"--IMAGERY={shlex.quote(found['imagery'])} --WORKSPACE={shlex.quote(str(workspace))}"
    shutil.rmtree(workspace, ignore_errors=True)
    done = qgis_process(shlex.split(command)[1:])
    assert done.returncode == 0, done.stdout + done.stderr
    assert (workspace / "patches.gpkg").is_file()
    assert "PATCH_NUMBER" in done.stdout


def test_qgis_process_shows_the_help_of_the_shipped_model(qgis_process):
    done = qgis_process(["help", "patchwork:landcovermodel"])
    assert done.returncode == 0, done.stderr
    for word in ("WORKSPACE", "mosaicmap:Land-cover map", "writereport:Report", "Polygons of known class"):
        assert word in done.stdout


def test_a_copy_of_the_shipped_model_opens_in_the_modeler(qgis):
    more = """
from patchwork.processing_provider import toolbox_actions
from processing.gui.ProviderActions import ProviderContextMenuActions
from processing.modeler.ModelerDialog import ModelerDialog
toolbox_actions.remove_from_toolbox()
before = list(ProviderContextMenuActions.actions)
toolbox_actions.add_to_toolbox()
(action,) = [other for other in ProviderContextMenuActions.actions if other not in before]
offered = found["offered"] = []
for algorithm in registry.providerById("patchwork").algorithms():
    action.setData(algorithm, None)
    if action.isEnabled():
        offered.append(algorithm.name())
        action.execute()
model = ModelerDialog.dlgs[-1].model()
found["steps"] = sorted(model.childAlgorithms())
found["file"] = model.sourceFilePath()
toolbox_actions.remove_from_toolbox()
found["left"] = len(ProviderContextMenuActions.actions) - len(before)
"""
    found = in_a_window(more)
    assert found["offered"] == ["landcovermodel"]
    assert {"splitarea", "mosaicmap", "writereport"} < set(found["steps"])
    assert (found["file"], found["left"]) == ("", 0)


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("splitarea", {"PATCH_SIZE": 0}, "PATCH_SIZE.*must be greater than 0"),
        ("splitarea", {"RESOLUTION": -10}, "RESOLUTION|Resolution"),
        ("splitarea", {"AREA": "somewhere"}, "AREA|Area"),
        ("findscenes", {"START": "2019-02-01", "END": "2019-01-31"}, "START.*is after end"),
        ("findscenes", {"MAX_CLOUD_COVER": 101}, "MAX_CLOUD_COVER|Maximum cloud cover"),
        ("downloadscenes", {"CONNECTIONS": 0}, "CONNECTIONS|Connections"),
        ("maskclouds", {"WORKSPACE": __file__}, "is a file. Choose a folder"),
        ("maskclouds", {"METHOD": "guess"}, r"Cloud detection \(METHOD\): 'guess' is not one of auto, "),
        ("maskclouds", {"WORKSPACE": None}, "WORKSPACE|Workspace"),
        ("observationstatistics", {"VALID_COUNT": "/no/such/folder/count.tif"}, "there is no folder /no/such/folder"),
        ("rasterizereference", {"EROSION": -1}, "EROSION|Erosion"),
        ("drawsamples", {"PER_CLASS": 1}, "PER_CLASS|Samples per class"),
        ("trainmodel", {"CLASSIFIER": "oracle"}, r"\(CLASSIFIER\): 'oracle' is not one of extra-trees, "),
        ("classifypatches", {"MODEL": "/no/such/model.skops"}, "there is no file /no/such/model.skops"),
        ("mosaicmap", {"LAYER": "moon"}, "LAYER|Layer"),
        ("mosaicmap", {"MAP": "/tmp/map.png"}, r"must end in \.tif"),
        ("timeseries", {"PLACE": "nowhere"}, "PLACE|Place"),
        ("writereport", {"REPORT": "/tmp/report.pdf"}, r"must end in \.html"),
        ("landcovermodel", {"PATCH_SIZE": "wide"}, "PATCH_SIZE|Patch size"),
    ],
)
def test_what_is_wrong_is_said_before_a_run(provider, tmp_path, name, wrong, message):
    from qgis.core import QgsApplication, QgsProcessingContext

    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"patchwork:{name}")
    needed = {name: value for name, value in REQUIRED.items() if algorithm.parameterDefinition(name)}
    values = {**needed, "WORKSPACE": str(tmp_path / "work"), **wrong}
    ok, said = algorithm.checkParameterValues(values, QgsProcessingContext())
    assert not ok
    assert re.search(message, said), said
    assert not (tmp_path / "work").exists()
