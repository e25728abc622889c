"""Model files that were made to run code, or to take all memory: nothing of them is constructed."""

import builtins
import io
import json
import os
import pickletools
import re
import zipfile
from datetime import date

import numpy as np
import pytest
import skops.io
import skops.io._audit
from sklearn.tree import DecisionTreeClassifier

from patchwork.core.errors import DataError
from patchwork.core.learning import model_archive, models
from patchwork.core.learning.features import SeriesPlan
from patchwork.core.vocabulary.classes import ClassScheme

CLASSIFIERS = ("extra-trees", "random-forest", "lightgbm", "neural-network")
PLAN = SeriesPlan(("B02", "B03", "B04", "B08"), (), (date(2019, 1, 1), date(2019, 7, 1)))
SCHEME = ClassScheme.of({2: "forest", 7: "water", 1200: "maize"})
LOADERS = sorted({loader for loader, _ in skops.io._audit.NODE_TYPE_MAPPING})
DANGEROUS = (
    "builtins.eval builtins.exec builtins.compile builtins.open builtins.getattr builtins.__import__ builtins.map "
    "builtins.type builtins.print builtins.bytes builtins.set builtins.object os.system os.mkdir os.remove os.popen "
    "os.execv posix.system subprocess.Popen subprocess.run numpy.load numpy.fromfile numpy.memmap numpy.save "
    "numpy.vectorize numpy.ufunc numpy.dtype numpy.random.seed numpy.random._pickle.__randomstate_ctor "
    "numpy.testing._private.utils.runstring numpy.f2py.compile sklearn.datasets._base.load_files "
    "sklearn.utils._testing.assert_run_python_script_without_output sklearn.utils.fixes.loguniform "
    "sklearn.preprocessing._function_transformer.FunctionTransformer sklearn.decomposition._pca.PCA "
    "sklearn.tree._tree.Trees lightgbm.basic.Dataset collections.OrderedDict.fromkeys operator.methodcaller "
    "operator.attrgetter functools.partial pickle.loads joblib.load importlib.import_module pathlib.Path"
).split()
COUNTED = iter(range(10**6, 10**9))


def blobs(count):
    """Features of pixels of the three classes, and their ids."""
    class_ids = np.resize([2, 7, 1200], count)
    noise = np.random.default_rng(0).normal(0, 0.05, (count, 8))
    return (class_ids[:, np.newaxis] / 2400 + noise).astype(np.float32), class_ids


def json_node(value):
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
        "is_json": True,
        "__id__": next(COUNTED),
    }


def node(loader, name, **more):
    module, _, own = name.rpartition(".")
    return {"__class__": own, "__module__": module, "__loader__": loader, "__id__": next(COUNTED), **more}


def sequence(items, loader="ListNode", name="builtins.list"):
    return node(loader, name, content=list(items))


def mapping(items):
    key_types = sequence(node("TypeNode", "builtins.str") for _ in items)
    return node("DictNode", "builtins.dict", content=dict(items), key_types=key_types)


def written(path, estimator, description="{}", **members):
    """A skops file made by hand."""
    schema = mapping({"estimator": estimator, "description": json_node(description)})
    return archived(path, json.dumps({**schema, "protocol": 2, "_skops_version": "0.16.0"}), **members)


def archived(path, schema, compression=zipfile.ZIP_STORED, **members):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr("schema.json", schema)
    return path


def hostile(loader, name, marker):
    """A node of that kind and name with all that any kind of node asks for: arguments that would write the marker."""
    code = f"open({str(marker)!r}, 'w')"
    arguments = sequence([json_node(code)], "TupleNode", "builtins.tuple")
    parts = {"func": node("TypeNode", name), "args": arguments, "kwds": mapping({}), "namespace": json_node(None)}
    parts |= {"main": mapping({}), "default_factory": node("TypeNode", name), "obj": node("ObjectNode", name)}
    parts |= {"data": json_node(1), "mask": json_node(1), "bit_generator": mapping({}), "seed_seq": mapping({})}
    own = {"attrs": arguments, "__reduce__": {"args": arguments}, "type": "json", "shape": arguments, "file": "1.npy"}
    content = {
        **arguments,
        "start": 0,
        "stop": 1,
        "step": 1,
        **{key: value for key, value in parts.items() if key not in arguments},
    }
    if loader in ("DictNode", "ListNode", "SetNode", "TupleNode", "NdArrayNode"):
        content = {"a": json_node(code)} if loader == "DictNode" else [json_node(code)]
    if loader == "JsonNode":
        content = json.dumps(code)
    return node(loader, name, content=content, key_types=sequence([node("TypeNode", name)]), **own)


def places(bad):
    """That node as the estimator, and at every place within nodes that are trusted."""
    classifier = "sklearn.tree._classes.DecisionTreeClassifier"
    tree = {"args": sequence([json_node(1), bad, json_node(1)], "TupleNode", "builtins.tuple")}
    default = {"main": mapping({}), "default_factory": bad}
    items = {"a": json_node(1)}
    yield "estimator", bad
    yield "list", sequence([json_node(1), bad])
    yield "tuple", sequence([bad], "TupleNode", "builtins.tuple")
    yield "value", mapping({"estimators_": bad})
    yield "key type", node("DictNode", "builtins.dict", content=items, key_types=sequence([bad]))
    yield "key types", node("DictNode", "builtins.dict", content=items, key_types=bad)
    yield "default factory", node("DefaultDictNode", "collections.defaultdict", content=default)
    yield "state", node("ObjectNode", classifier, content=bad)
    yield "attribute", node("ObjectNode", classifier, content=mapping({"predict_proba": bad}))
    yield "reduced", node("TreeNode", "sklearn.tree._tree.Tree", content=mapping({}), __reduce__=tree)
    yield "random state", node("RandomStateNode", "numpy.random.mtrand.RandomState", content=bad)
    yield "array", node("NdArrayNode", "numpy.ndarray", type="json", content=[bad], shape=json_node([1]))
    yield "shape", node("NdArrayNode", "numpy.ndarray", type="json", content=[], shape=bad)
    yield "a key called id", {**mapping({}), "content": {"__id__": bad}, "key_types": sequence([])}


@pytest.fixture
def constructed(monkeypatch):
    """The nodes of skops that have constructed something."""
    nodes = []
    original = skops.io._audit.Node.construct
    monkeypatch.setattr(skops.io._audit.Node, "construct", lambda self: nodes.append(self) or original(self))
    return nodes


@pytest.mark.parametrize("loader", LOADERS)
def test_a_callable_is_refused_in_every_kind_of_node_and_place(tmp_path, constructed, loader):
    marker = tmp_path / "ran"
    for number, name in enumerate(DANGEROUS):
        for place, estimator in places(hostile(loader, name, marker)):
            if number > 2 and place != "estimator":
                break
            path = written(tmp_path / "model.skops", estimator)
            with pytest.raises(DataError, match=r"model\.skops is not a model of Patchwork"):
                models.load_model(path)
            assert not constructed, (name, place)
            assert not marker.exists(), (name, place)


@pytest.mark.parametrize("loader", ["TypeNode", "LossNode"])
def test_every_callable_of_builtins_and_os_and_numpy_is_refused(tmp_path, constructed, loader):
    allowed = set().union(*model_archive.TYPES.values())
    names = [f"{module.__name__}.{own}" for module in (builtins, os, np) for own in dir(module)]
    for name in sorted(set(names) - allowed):
        path = written(tmp_path / "model.skops", hostile(loader, name, tmp_path / "ran"))
        with pytest.raises(DataError, match=re.escape(name)):
            models.load_model(path)
    assert not constructed
    assert not (tmp_path / "ran").exists()


def test_a_name_that_looks_like_a_trusted_one_is_refused(tmp_path, constructed):
    for loader, names in model_archive.TYPES.items():
        for name in names:
            for other in (f"{name}.mro", f"{name}s", f"x.{name}", name.rpartition(".")[0] + "..str"):
                with pytest.raises(DataError, match="untrusted type"):
                    models.load_model(written(tmp_path / "model.skops", node(loader, other, content=[])))
    split = {"__class__": "ensemble._forest.RandomForestClassifier", "__module__": "sklearn.x"}
    with pytest.raises(DataError, match="untrusted type"):
        models.load_model(written(tmp_path / "model.skops", {**node("ObjectNode", "a.b"), **split}))
    assert not constructed


def test_old_kinds_of_nodes_cannot_be_chosen(tmp_path, constructed):
    schema = mapping({"estimator": json_node(1), "description": json_node("{}")})
    for protocol in (0, 1, -1, None, "2x", [2]):
        archived(tmp_path / "model.skops", json.dumps({**schema, "protocol": protocol}))
        with pytest.raises(DataError, match="is not a model of Patchwork"):
            models.load_model(tmp_path / "model.skops")
    assert not constructed


# Size and depth


def refused_quickly(path, match):
    """That the file is refused, without memory of more than 50 MB."""
    import tracemalloc

    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=match):
            models.load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_an_archive_that_grows_when_unpacked_is_refused(tmp_path, constructed):
    zeros = b" " * 300_000_000
    path = archived(tmp_path / "model.skops", zeros, zipfile.ZIP_DEFLATED)
    del zeros
    assert path.stat().st_size < 400_000
    refused_quickly(path, "it is compressed")
    assert not constructed


def test_an_array_that_is_read_a_thousand_times_is_refused(tmp_path, constructed):
    array = io.BytesIO()
    np.save(array, np.zeros(1_000_000, np.uint8))
    nodes = [node("NdArrayNode", "numpy.ndarray", type="numpy", file="a") for _ in range(1000)]
    path = written(tmp_path / "model.skops", sequence(nodes), a=array.getvalue())
    refused_quickly(path, "its arrays are larger than the file")
    assert not constructed


def test_objects_that_contain_one_another_again_and_again_are_refused(tmp_path, constructed):
    """Twenty-five levels of a list of twice the same list: a billion laughs."""
    estimator = json_node(1)
    for _ in range(25):
        estimator = sequence([estimator, {"__id__": estimator["__id__"]}])
    refused_quickly(written(tmp_path / "model.skops", estimator), "the same id")
    inner = sequence([])
    inner["content"] = [{"__id__": inner["__id__"]}]
    refused_quickly(written(tmp_path / "model.skops", inner), "the same id")
    assert not constructed


def nested(levels):
    estimator = json_node(1)
    for _ in range(levels):
        estimator = sequence([estimator])
    return estimator


@pytest.mark.parametrize("levels", [80, 300])
def test_deep_nesting_is_refused(tmp_path, constructed, levels):
    refused_quickly(written(tmp_path / "model.skops", nested(levels)), "levels deep")
    assert not constructed


def test_nesting_without_end_is_refused(tmp_path, constructed):
    refused_quickly(archived(tmp_path / "model.skops", "[" * 900_000), "RecursionError")
    refused_quickly(archived(tmp_path / "model.skops", "[" * 2_000_000), "its schema is too large")
    assert not constructed


# Our own models


@pytest.fixture(scope="module", params=CLASSIFIERS)
def saved(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param) / "model.skops"
    estimator = models.fit(request.param, *blobs(60), seed=3, threads=1)
    models.save_model(path, models.Model(estimator, PLAN, SCHEME, {}))
    return path


def test_our_own_models_consist_of_the_trusted_types_alone(saved):
    with zipfile.ZipFile(saved) as archive:
        schema = json.loads(archive.read("schema.json"))
    found, left = set(), [schema]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += value.values()
            if "__loader__" in value:
                found.add((value["__loader__"], f"{value['__module__']}.{value['__class__']}"))
        elif isinstance(value, list):
            left += value
    assert found <= {(loader, name) for loader, names in model_archive.TYPES.items() for name in names}


def test_a_model_file_holds_arrays_and_json_only(saved):
    with zipfile.ZipFile(saved) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "schema.json":
                json.loads(content)
                continue
            assert np.load(io.BytesIO(content), allow_pickle=False).dtype != object
            with pytest.raises(ValueError, match=r"opcode|pickle|at position|not enough data"):
                list(pickletools.genops(content))


def with_branches(change):
    """A forest whose first tree is changed."""
    forest = models.fit("random-forest", *blobs(60), seed=3, threads=1)
    tree = forest.estimators_[0].tree_
    state = tree.__getstate__()
    change(state["nodes"])
    tree.__setstate__(state)
    return forest


def outside(nodes):
    nodes["left_child"][0] = 1 << 40


def in_a_circle(nodes):
    nodes["left_child"][0] = 0


def below_zero(nodes):
    nodes["right_child"][0] = -5


def other_feature(nodes):
    nodes["feature"][0] = 1 << 40


@pytest.mark.parametrize("change", [outside, in_a_circle, below_zero, other_feature])
def test_a_tree_that_leads_out_of_its_memory_is_refused(tmp_path, change):
    models.save_model(tmp_path / "model.skops", models.Model(with_branches(change), PLAN, SCHEME, {}))
    with pytest.raises(DataError, match=r"is not a model of Patchwork \(ValueError: a tree "):
        models.load_model(tmp_path / "model.skops")


def with_booster(path, change):
    """A model of LightGBM whose text is changed, with the sizes of its trees put right."""
    estimator = models.fit("lightgbm", *blobs(60), seed=3, threads=1)
    models.save_model(path, models.Model(estimator, PLAN, SCHEME, {}))
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members.pop("schema.json"))
    state = schema["content"]["estimator"]["content"]["content"]["_Booster"]["content"]["content"]["_handle"]
    text = change(json.loads(state["content"]))
    if text:
        trees = re.findall(r"^Tree=.*?\n\n\n(?=Tree=|end of trees)", text, re.DOTALL | re.MULTILINE)
        text = re.sub(r"tree_sizes=.*", "tree_sizes=" + " ".join(str(len(tree)) for tree in trees), text)
    state["content"] = json.dumps(text)
    archived(path, json.dumps(schema), **members)


def replaced(pattern, by):
    return lambda text: re.sub(pattern, by, text, count=1, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "change",
    [
        replaced(r"^split_feature=\d+", "split_feature=900000000"),
        replaced(r"^split_feature=\d+", "split_feature=-1"),
        replaced(r"^left_child=-?\d+", "left_child=0"),
        replaced(r"^left_child=-?\d+", "left_child=900000000"),
        replaced(r"^right_child=-?\d+", "right_child=-900000000"),
        replaced(r"^num_leaves=\d+", "num_leaves=900000000"),
        replaced(r"^num_cat=0", "num_cat=900000000"),
        replaced(r"^leaf_value=\S+ ", "leaf_value="),
        replaced(r"^num_tree_per_iteration=3", "num_tree_per_iteration=0"),
        replaced(r"^num_leaves=(\d+)", r"num_leaves=\1\nnum_leaves=900000000"),
        replaced(r"^max_feature_idx=7", "max_feature_idx=7\nmax_feature_idx=900000000"),
        lambda text: text[:2000],
        lambda text: None,
    ],
)
def test_a_booster_that_would_end_the_process_is_refused(tmp_path, constructed, change):
    with_booster(tmp_path / "model.skops", change)
    constructed.clear()
    with pytest.raises(DataError, match="is not a model of Patchwork"):
        models.load_model(tmp_path / "model.skops")
    assert not constructed


def test_a_booster_that_is_not_changed_is_accepted(tmp_path):
    with_booster(tmp_path / "model.skops", lambda text: text)
    assert models.load_model(tmp_path / "model.skops").scheme == SCHEME


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_model_of_other_features_or_classes_than_its_plan_is_refused(tmp_path, name):
    features, class_ids = blobs(60)
    for columns, rows in ((slice(0, 7), class_ids > 0), (slice(0, 8), class_ids < 1000)):
        estimator = models.fit(name, features[rows][:, columns], class_ids[rows], seed=3, threads=1)
        models.save_model(tmp_path / "model.skops", models.Model(estimator, PLAN, SCHEME, {}))
        with pytest.raises(DataError, match="is not a model of Patchwork"):
            models.load_model(tmp_path / "model.skops")


def test_a_classifier_that_is_not_ours_is_refused(tmp_path):
    tree = DecisionTreeClassifier().fit(*blobs(60))
    skops.io.dump({"estimator": [tree], "description": "{}"}, tmp_path / "model.skops")
    with pytest.raises(DataError, match="is not a model of Patchwork"):
        models.load_model(tmp_path / "model.skops")
