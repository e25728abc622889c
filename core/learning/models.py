"""Models: classifiers by name, fitted, kept as skops files, and applied in blocks that do not change the result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ..errors import DataError
from ..store.files import written_whole
from ..vocabulary.classes import ClassScheme
from ..vocabulary.plurals import counted
from .applicability import FeatureSpace
from .calibration import tempered
from .classifiers import CLASSIFIERS
from .features import SeriesPlan
from .model_archive import UntrustedTypeError, read_archive
from .perceptron import predict_perceptron

# Every call of predict sees this many rows: matrix products round differently for other shapes.
_ROWS = 4096


FORMAT = 2  # of the description in a model file


class NewerFormatError(Exception):
    """A model file of a later version."""


@dataclass(frozen=True)
class Model:
    """A fitted estimator with the plan of its features, its classes, the temperature of its probabilities, and the
    space of its training samples (None where it is unknown)."""

    estimator: Any
    plan: SeriesPlan
    scheme: ClassScheme
    facts: Mapping[str, Any]
    temperature: float = 1.0
    space: FeatureSpace | None = None

    @property
    def in_words(self) -> str:
        """What the model is and how good it is, in two sentences."""
        known = {own.name: own.noun for own in CLASSIFIERS.values()}
        noun = known.get(str(self.facts.get("classifier")), "a classifier")
        number = self.facts.get("samples")
        samples = counted(number, "sample") if isinstance(number, int) else "samples"
        names = ", ".join(entry.name for entry in self.scheme.classes)
        first, last = self.plan.dates[0], self.plan.dates[-1]
        return (
            f"The model is {noun}, trained on {samples} from {first:%d %B} to {last:%d %B %Y}, of the classes {names}. "
            f"{self.facts.get('accuracy', 'Its accuracy is unknown')}."
        )

    def probabilities(self, features: np.ndarray, threads: int = 1) -> np.ndarray:
        """(pixel, class) float32, classes in the order of the scheme, of features (pixel, feature) float32.

        The same row has the same result in whatever block and however many threads. Rows must not hold NaN.
        """
        result = np.empty((len(features), len(self.scheme.classes)), dtype=np.float32)

        def predict(first: int) -> None:
            block = features[first : first + _ROWS]
            padded = np.zeros((_ROWS, features.shape[1]), dtype=np.float32)
            padded[: len(block)] = block
            result[first : first + len(block)] = predict_proba(self.estimator, padded)[: len(block)]

        with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(predict, range(0, len(features), _ROWS)):
                pass
        return tempered(result, self.temperature)


def fit(name: str, features: np.ndarray, class_ids: np.ndarray, seed: int, threads: int) -> Any:
    """The classifier of that name fitted to features (n, feature) and class ids (n,), ready to predict in blocks.

    Raises ParameterError if there is no classifier of that name.
    """
    # BLAS adds in another order with another number of threads.
    with threadpool_limits(threads), threadpool_limits(1, "blas"):
        return CLASSIFIERS[name].new(seed, threads).fit(features, class_ids)


def predict_proba(estimator: Any, rows: np.ndarray) -> np.ndarray:
    """(row, class) of a fitted estimator.

    A forest's own method adds up its trees in the order in which threads end, which changes digits; so does BLAS, on
    which a network's own method relies.
    """
    if isinstance(estimator, Pipeline) and isinstance(estimator[-1], MLPClassifier):
        return predict_perceptron(estimator[0], estimator[-1], rows)
    if not isinstance(estimator, (ExtraTreesClassifier, RandomForestClassifier)):
        probabilities: np.ndarray = estimator.predict_proba(rows)
        return probabilities
    total = np.zeros((len(rows), estimator.n_classes_))
    for tree in estimator.estimators_:
        total += tree.predict_proba(rows, check_input=False)
    return total / len(estimator.estimators_)


def importances(estimator: Any) -> list[float] | None:
    """The importance of each feature, summing to 1; None if the classifier has none."""
    found = getattr(estimator, "feature_importances_", None)
    if found is None or not np.sum(found):
        return None
    shares: list[float] = (np.asarray(found, dtype=np.float64) / np.sum(found)).tolist()
    return shares


def save_model(path: Path, model: Model) -> None:
    """Write the model as a skops file, which contains no code, completely or not at all."""
    description = {
        "format": FORMAT,
        "plan": model.plan.to_json(),
        "classes": model.scheme.to_json(),
        "facts": dict(model.facts),
        "temperature": model.temperature,
    }
    with written_whole(path) as temporary:
        content = {"estimator": model.estimator, "description": json.dumps(description)}
        space = {"space": model.space.to_arrays()} if model.space else {}
        skops.io.dump({**content, **space}, temporary)


def load_model(path: Path) -> Model:
    """The model of a file; DataError if it is not a model. Nothing of a file with other types is constructed."""
    try:
        content = read_archive(path)
        description = json.loads(content["description"])
        if description.get("format", 1) > FORMAT:
            raise NewerFormatError
        scheme = ClassScheme.from_json(description["classes"])
        plan, facts = SeriesPlan.from_json(description["plan"]), description["facts"]
        space = FeatureSpace.from_arrays(content["space"]) if "space" in content else None
        model = Model(content["estimator"], plan, scheme, facts, float(description.get("temperature", 1.0)), space)
        _check_use(model)
    except FileNotFoundError:
        raise DataError(f"There is no model {path}. Run trainmodel first, or choose another MODEL.") from None
    except NewerFormatError:
        raise DataError(f"{path} was made by a newer version of Patchwork. Update Patchwork to use it.") from None
    except UntrustedTypeError as error:
        raise DataError(
            f"{path} is not a model of Patchwork: it contains the untrusted type {error}. Nothing of it was run. "
            "Choose another MODEL."
        ) from error
    except Exception as error:  # whatever a stranger's file leads to
        raise DataError(f"{path} is not a model of Patchwork ({type(error).__name__}: {error}).") from error
    return model


def _check_use(model: Model) -> None:
    """Raise ValueError unless the estimator takes the features of the plan and gives the classes of the scheme.

    The trees of scikit-learn follow their numbers without a check, also out of the memory that they own.
    """
    count = len(model.plan.features)
    if model.space is not None and len(model.space.mean) != count:
        raise ValueError(f"its feature space has {len(model.space.mean)} features, its plan {count}")
    for tree in getattr(model.estimator, "estimators_", ()):
        nodes = tree.tree_
        inner = nodes.children_left != -1
        ends = np.stack([nodes.children_left, nodes.children_right], axis=1)[inner]
        own = np.flatnonzero(inner)[:, np.newaxis]
        features = nodes.feature[inner]
        if not nodes.node_count or (ends <= own).any() or (ends >= nodes.node_count).any():
            raise ValueError("a tree has impossible branches")
        if (features < 0).any() or (features >= count).any():
            raise ValueError(f"a tree uses other features than its {count}")
    found = predict_proba(model.estimator, np.zeros((1, count), dtype=np.float32)).shape
    if found != (1, len(model.scheme.classes)):
        raise ValueError(f"its classifier has {found[-1]} classes, its legend {len(model.scheme.classes)}")
