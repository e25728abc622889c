"""The shipped model, and models that users build from the single steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = "patchwork:landcovermodel"
STEPS = (
    "splitarea", "downloadscenes", "maskclouds", "observationstatistics", "rasterizereference", "drawsamples",
    "trainmodel", "classifypatches", "mosaicmap",
)  # fmt: skip


@pytest.fixture(scope="module")
def parameters(map_parameters):
    """The parameters of both the model and the algorithm."""
    return map_parameters


@pytest.fixture(scope="module")
def made(finished_run):
    """The map of the algorithm."""
    return finished_run


@pytest.fixture
def model(provider):
    """The shipped model, as in a dialog."""
    from qgis.core import QgsApplication

    return QgsApplication.processingRegistry().createAlgorithmById(MODEL)


def result(results, output):
    """An output of a model; older QGIS prefixes it with the name of its step."""
    (value,) = (value for name, value in results.items() if name.rpartition(":")[2] == output)
    return value


def test_the_shipped_model_gives_the_same_map_as_the_algorithm(run, model, made, parameters, tmp_path):
    results = run("landcovermodel", {**parameters, "WORKSPACE": str(tmp_path / "č 1")})
    for output, name in (
        ("MAP", "Land-cover map"),
        ("CONFIDENCE", "Confidence"),
        ("VALID_COUNT", "Valid observations"),
    ):
        file = Path(result(results, name))
        assert file.parent == tmp_path / "č 1"
        assert file.read_bytes() == Path(made[output]).read_bytes()
        assert file.with_suffix(".qml").read_bytes() == Path(made[output]).with_suffix(".qml").read_bytes()
    page = Path(result(results, "Report")).read_text(encoding="utf-8")
    assert "data:image/png" in page


def test_results_are_saved_to_destinations_and_existing_results_are_reused(run, made, parameters, tmp_path):
    wanted = {"mosaicmap:Land-cover map": tmp_path / "my map.tif", "writereport:Report": tmp_path / "page.html"}
    destinations = {name: str(path) for name, path in wanted.items()}
    patches = sorted(Path(made["WORKSPACE"]).glob("*/**/*.tif"))
    before = [path.stat().st_mtime_ns for path in patches]
    results = run("landcovermodel", {**parameters, **destinations, "WORKSPACE": made["WORKSPACE"]})
    assert [path.stat().st_mtime_ns for path in patches] == before
    assert {name: results[name] for name in wanted} == destinations
    assert (tmp_path / "my map.tif").read_bytes() == Path(made["MAP"]).read_bytes()
    assert (tmp_path / "my map.qml").is_file()


def test_the_shipped_model_is_whole_in_the_toolbox_and_in_qgis_process(provider, model):
    shown = provider.algorithm("landcovermodel")
    for algorithm in (shown, model):
        assert algorithm.id() == MODEL
        assert algorithm.canExecute() == (True, "")
        assert algorithm.groupId() == provider.algorithm("makemap").groupId()
        assert algorithm.group() == provider.algorithm("makemap").group()
        outputs = {name.partition(":")[2] for name in (o.name() for o in algorithm.outputDefinitions())}
        assert outputs == {"Land-cover map", "Confidence", "Valid observations", "Report"}
        assert not algorithm.icon().isNull()
        assert algorithm.shortDescription()
    for definition in model.parameterDefinitions():
        assert definition.isDestination() or definition.help()


def test_the_shipped_model_asks_as_its_steps_do(provider, model):
    asked = [definition for definition in model.parameterDefinitions() if not definition.isDestination()]
    own = {d.name(): d for step in STEPS for d in provider.algorithm(step).parameterDefinitions()}
    for definition in asked:
        step = own[definition.name()]
        assert type(definition) is type(step)
        for tell in ("description", "help", "defaultValue", "flags", "metadata"):
            assert getattr(definition, tell)() == getattr(step, tell)(), (definition.name(), tell)


def test_the_shipped_model_is_the_one_that_the_script_makes(provider, tmp_path):
    from qgis.core import QgsProcessingModelAlgorithm

    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import make_model
    finally:
        sys.path.pop(0)
    assert make_model.make_model().toFile(str(tmp_path / "new.model3"))
    shipped, new = QgsProcessingModelAlgorithm(), QgsProcessingModelAlgorithm()
    assert shipped.fromFile(str(make_model.FILE))
    assert new.fromFile(str(tmp_path / "new.model3"))
    same = _without_outputs(shipped) == _without_outputs(new)
    assert same, "a declaration has changed: run scripts/make_model.py"


def _without_outputs(model):
    """The inputs and steps of a model, without the names of its outputs, which differ between versions of QGIS."""
    asked = {d.name() for d in model.parameterDefinitions() if not d.isDestination()}
    facts = _plain(model.toVariant())
    told = {part: {name: facts[part][name] for name in asked} for part in ("parameterDefinitions", "help")}
    return {**told, "children": facts["children"]}


def _plain(value):
    """A model as Python values."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return str(value)


def test_the_boxes_of_the_shipped_model_do_not_lie_on_each_other(model):
    boxes = [*model.childAlgorithms().values(), *model.parameterComponents().values()]
    boxes += [output for child in model.childAlgorithms().values() for output in child.modelOutputs().values()]
    places = [(box.position().x(), box.position().y()) for box in boxes]
    assert len(set(places)) == len(places)
    assert all(child.comment().description() for child in model.childAlgorithms().values())
    assert model.validate() == (True, [])  # otherwise boxes are red


def test_a_new_model_of_the_single_steps_gives_the_same_map(provider, made, parameters, tmp_path):
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
        QgsProcessingModelParameter,
        QgsProcessingParameterFile,
    )

    model = QgsProcessingModelAlgorithm("chain", "Tests")
    folder = QgsProcessingParameterFile("FOLDER", "Folder", behavior=QgsProcessingParameterFile.Behavior.Folder)
    model.addModelParameter(folder, QgsProcessingModelParameter("FOLDER"))
    workspace = QgsProcessingModelChildParameterSource.fromModelParameter("FOLDER")
    for name in STEPS:
        child = QgsProcessingModelChildAlgorithm(f"patchwork:{name}")
        child.setChildId(name)
        for definition in child.algorithm().parameterDefinitions():
            if definition.name() in parameters:
                value = QgsProcessingModelChildParameterSource.fromStaticValue(parameters[definition.name()])
                child.addParameterSources(definition.name(), [value])
        child.addParameterSources("WORKSPACE", [workspace])
        if name == "mosaicmap":
            output = QgsProcessingModelOutput("map", "map")
            output.setChildId(name)
            output.setChildOutputName("MAP")
            child.setModelOutputs({"map": output})
        model.addChildAlgorithm(child)
        workspace = QgsProcessingModelChildParameterSource.fromChildOutput(name, "WORKSPACE")
    assert model.toFile(str(tmp_path / "chain.model3"))
    handed_on = QgsProcessingModelAlgorithm()
    assert handed_on.fromFile(str(tmp_path / "chain.model3"))
    handed_on.initAlgorithm()
    feedback = QgsProcessingFeedback(False)
    results, ok = handed_on.run({"FOLDER": str(tmp_path / "work")}, QgsProcessingContext(), feedback)
    assert ok, feedback.textLog()
    assert Path(result(results, "map")).read_bytes() == Path(made["MAP"]).read_bytes()


def test_the_shipped_model_is_made_by_a_script_that_runs_alone(qgis, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r}); import make_model; from pathlib import Path; "
        f"make_model.FILE = Path({str(tmp_path / 'models' / 'new.model3')!r}); make_model.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    file = tmp_path / "models" / "new.model3"
    made = done.returncode == 0 and file.stat().st_size > 10_000
    assert made != ("Take QGIS 3.22" in done.stderr), done.stderr
