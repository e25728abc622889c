"""What the model has learnt, for the report: courses of the classes, what it relies on, labels that look wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from .. import plots
from ..errors import PatchworkError
from ..grid.windows import Window
from ..learning.class_curves import class_curve, class_spread
from ..learning.records import SampleRecord
from ..plots import images
from ..store.acquisitions import Acquisition
from ..store.rasters import burn
from ..store.reading import read_cloud_mask, read_scene
from ..store.workspace import Workspace
from . import reading
from .facts import Facts
from .panels import Picture, as_picture
from .words import class_label, day

if TYPE_CHECKING:
    from ..learning.suspects import ScoredPolygons

_INDEX = "NDVI"
_SIDE = 240
_MOST = 8
_POINTS = 200  # of a curve, more are not seen
_AROUND = 8  # pixels
_TRIES = 6


@dataclass(frozen=True)
class Suspect:
    """A polygon that looks like another class, as words and, where there is true colour, as a picture."""

    text: str
    picture: Picture | None


def curves(workspace: Workspace) -> tuple[str, Markup] | None:
    """The name of an index or band and its course in each class with its spread; None before samples were drawn."""
    record = workspace.find(SampleRecord)
    if record is None or not record.spreads or len(record.plan.dates) < 2:
        return None
    plan = record.plan
    name = _INDEX if _INDEX in plan.values else plan.values[0]
    entries = [entry for entry in record.classes.classes if entry.id in record.means]
    means = [class_curve(plan, record.means[entry.id], name) for entry in entries]
    spreads = [class_spread(plan, record.spreads[entry.id], name) for entry in entries]
    names, colours = [entry.name for entry in entries], [entry.colour for entry in entries]
    figure = plots.curves_with_spread(names, colours, plan.dates, np.array(means), np.array(spreads))
    return name, figure_markup(figure, "curves")


def importance(workspace: Workspace) -> Markup | None:
    """What the features are worth on polygons that the model was not trained on; None if nothing was tested."""
    found = reading.importance(workspace)
    if found is None:
        return None
    plan, falls = found
    return figure_markup(plots.importance_by_date(plan.values, plan.dates, falls), "importance")


def receiver(workspace: Workspace, facts: Facts) -> Markup | None:
    """The receiver operating characteristic of each tested class; None if nothing was tested."""
    if facts.training is None or facts.training.polygons is None or not workspace.paths.predictions.exists():
        return None
    from ..learning.accuracy import receiver_operating  # scikit-learn takes long to import
    from ..learning.validation import read_predictions

    tested = read_predictions(workspace)
    found = receiver_operating(tested.class_ids, tested.probabilities, tested.classes)
    entries = [facts.entry(id_) for id_ in found]
    thinned = [(_thinned(false), _thinned(true), area) for false, true, area in found.values()]
    figure = plots.roc_curves([entry.name for entry in entries], [entry.colour for entry in entries], thinned)
    return figure_markup(figure, "roc")


def suspects(workspace: Workspace, facts: Facts) -> list[Suspect]:
    """The most suspicious polygons, up to eight."""
    if facts.training is None or facts.training.polygons is None:
        return []
    from ..learning.suspects import scored_polygons

    try:
        found = scored_polygons(workspace)
    except PatchworkError:  # of a workspace without its polygons
        return []
    acquisitions = _clearest(workspace, facts)
    numbers = np.flatnonzero(found.scores.is_suspect)[:_MOST]
    return [
        Suspect(_words(facts, found, number), _picture(workspace, found, number, acquisitions)) for number in numbers
    ]


def _words(facts: Facts, found: ScoredPolygons, number: int) -> str:
    own, other = (class_label(facts.entry(int(ids[number]))) for ids in (found.scores.classes, found.scores.suggested))
    return f"Polygon {found.features[number]}: {own}, looks like {other} (score {found.scores.scores[number]:.2f})"


def _clearest(workspace: Workspace, facts: Facts) -> list[Acquisition]:
    """Acquisitions in true colour, those with the most valid pixels of the area first."""
    if facts.catalogue is None:
        return []
    shares = {item.time: (item.coverage or 0.0) * (item.valid or 0.0) for item in facts.counted}
    visible = [item for item in facts.catalogue.optical if set(reading.VISIBLE) <= set(item.bands)]
    return sorted(visible, key=lambda item: -shares.get(item.time, 0.0))[:_TRIES]


def _picture(
    workspace: Workspace, found: ScoredPolygons, number: int, acquisitions: Sequence[Acquisition]
) -> Picture | None:
    """The polygon and its surroundings in true colour, on the clearest date, with its outline."""
    layout = workspace.layout
    shape = layout.grid.to_pixels(found.shapes[[number]])
    left, top, right, bottom = shape[0].bounds
    own = Window.between(int(np.floor(top)), int(np.floor(left)), int(np.ceil(bottom)), int(np.ceil(right)))
    window = own.expanded(max(_AROUND, own.width // 3, own.height // 3)).intersection(layout.domain)
    if window.is_empty or not acquisitions:
        return None
    masks = [read_cloud_mask(workspace, item, window) == 0 for item in acquisitions]
    best = int(np.argmax([mask.mean() for mask in masks]))
    bands = read_scene(workspace, acquisitions[best], window, reading.VISIBLE).astype(np.float32)
    shown = images.enlarged(images.true_colour(bands, images.stretch_of([bands], [masks[best]])), _SIDE)
    inside = burn(shape, np.ones(1, dtype=np.uint8), window).astype(bool)
    outlined = images.with_outline(shown, images.enlarged(inside, _SIDE))
    return as_picture(outlined, f"Polygon {found.features[number]}, {day(acquisitions[best].time)}", "")


def _thinned(values: np.ndarray) -> np.ndarray:
    places = np.unique(np.linspace(0, len(values) - 1, _POINTS).round().astype(int))
    thinned: np.ndarray = values[places]
    return thinned


def figure_markup(figure: Figure, name: str) -> Markup:
    """A figure as markup: Matplotlib escapes the texts in it."""
    return Markup(plots.as_svg(figure, name))  # nosec B704
