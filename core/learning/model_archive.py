"""Model files from strangers: what a skops archive may contain, checked before anything of it is constructed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import skops.io

from .booster_text import check_booster
from .classifiers import CLASSIFIERS

_SCHEMA = "schema.json"
_MOST_BYTES = 4 << 30
_MOST_SCHEMA_BYTES = 256 << 20  # LightGBM with 30 classes has 10 MB
_MOST_BRACKETS = 1_000_000  # a random forest of 100 trees has 6500
_DEEPEST = 60  # a neural network has 19 levels
_OLDEST_PROTOCOL = 2  # of skops 0.11, which wrote the first models; older nodes are checked less strictly

_BOOSTER = "lightgbm.basic.Booster"
# All that the models of CLASSIFIERS consist of, as the nodes of skops and the types that each node makes.
TYPES = {
    "DictNode": {"builtins.dict"},
    "DefaultDictNode": {"collections.defaultdict"},
    "JsonNode": {"builtins.str"},
    "ListNode": {"builtins.list"},
    "TupleNode": {"builtins.tuple"},
    "TypeNode": {"builtins.str", "collections.OrderedDict", "numpy.int32", "numpy.int64"},
    "NdArrayNode": {"numpy.ndarray", "numpy.float32", "numpy.float64", "numpy.int32", "numpy.int64"},
    "RandomStateNode": {"numpy.random.mtrand.RandomState"},
    "TreeNode": {"sklearn.tree._tree.Tree"},
    "ObjectNode": {
        _BOOSTER,
        "lightgbm.sklearn.LGBMClassifier",
        "sklearn.ensemble._forest.ExtraTreesClassifier",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._label.LabelBinarizer",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.ExtraTreeClassifier",
    },
}
_NODE_KEYS = {"__loader__", "__module__", "__class__"}


class UntrustedTypeError(Exception):
    """An archive contains something else than the models of Patchwork; the text is its name."""


def read_archive(path: Path) -> Any:
    """The content of a skops file that consists of `TYPES` only.

    Raises UntrustedTypeError or ValueError before anything is constructed if it contains something else, is too large
    or too deep. What it constructs can still be nonsense.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError("it is larger than 4 GB")
    data = path.read_bytes()  # what is checked is what is loaded
    with ZipFile(io.BytesIO(data)) as archive:
        sizes = _sizes(archive, len(data))
        text = archive.read(_SCHEMA)
    if len(text) > _MOST_SCHEMA_BYTES or text.count(b"{") + text.count(b"[") > _MOST_BRACKETS:
        raise ValueError("its schema is too large")
    schema = json.loads(text)
    if not isinstance(schema, dict) or not int(schema.get("protocol", 0)) >= _OLDEST_PROTOCOL:
        raise ValueError("its schema is unknown or outdated")
    types = _types()
    _Check(types, sizes, 2 * len(data)).node(schema, 0)
    return skops.io.loads(data, trusted=sorted(set().union(*types.values())))


def _types() -> dict[str, set[str]]:
    """`TYPES`, and the estimators of classifiers that are not Patchwork's own."""
    estimators = [type(record.new(0, 1)) for record in CLASSIFIERS.values()]
    added = {f"{estimator.__module__}.{estimator.__name__}" for estimator in estimators}
    return {**TYPES, "ObjectNode": TYPES["ObjectNode"] | added}


def _sizes(archive: ZipFile, size: int) -> dict[str, int]:
    """The size of each member. Models are not compressed: what is unpacked is not larger than the archive."""
    members = archive.infolist()
    if any(member.compress_type != ZIP_STORED for member in members) or sum(m.file_size for m in members) > size:
        raise ValueError("it is compressed, which model files are not")
    return {member.filename: member.file_size for member in members}


class _Check:
    """A walk through a schema that raises at the first thing that models do not have."""

    def __init__(self, types: dict[str, set[str]], sizes: dict[str, int], most_bytes: int) -> None:
        self._types = types
        self._sizes = sizes
        self._left = most_bytes  # of arrays: one may be used twice, not a million times
        self._known: dict[int, Any] = {}

    def node(self, value: Any, depth: int) -> Any:
        """The value without ids.

        A node that repeats an id must repeat its content: skops takes the first, which could grow without end.
        """
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} levels deep")
        if isinstance(value, list):
            return [self.node(item, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        own = {key: self.node(item, depth + 1) for key, item in value.items() if key != "__id__"}
        if not _NODE_KEYS.isdisjoint(own):
            self._check_type(own)
        if "__id__" in value:
            number = value["__id__"]
            if not isinstance(number, int) or self._known.setdefault(number, own) != own:
                raise ValueError("two of its objects have the same id")
        return own

    def _check_type(self, node: dict[str, Any]) -> None:
        name = f"{node.get('__module__')}.{node.get('__class__')}"
        if name not in self._types.get(str(node.get("__loader__")), ()):
            raise UntrustedTypeError(f"{name} ({node.get('__loader__')})")
        if name == _BOOSTER:
            state = node["content"]["content"]
            check_booster(json.loads((state["_handle"] if "_handle" in state else state["handle"])["content"]))
        if "file" in node:
            self._left -= self._sizes[node["file"]]
            if self._left < 0:
                raise ValueError("its arrays are larger than the file")
