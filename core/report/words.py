"""Texts of the report: formatted numbers, the title, the summary and the cautions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from ..learning.assessment import FEW_POLYGONS, Assessment
from ..learning.classifiers import CLASSIFIERS
from ..learning.records import ModelRecord
from ..vocabulary.classes import LandCoverClass
from ..vocabulary.plurals import written
from .facts import Facts

_FEW_POLYGONS_OF_A_CLASS = 5
_WEAK_RECALL = 0.5
_FEW_OBSERVATIONS = 6
_SMALL_SHARE = 0.1
_LONG_GAP = timedelta(days=92)
_SPACE = "\u202f"


def number(value: float) -> str:
    """A whole number with separated thousands."""
    return f"{value:,.0f}".replace(",", _SPACE)


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction in percent, a dash for None."""
    return "–" if fraction is None else f"{fraction * 100:.{digits}f}{_SPACE}%"


def day(value: date) -> str:
    """A date as in 4 Aug 2017."""
    return f"{value.day} {value:%b %Y}"


def hectares(value: float) -> str:
    """Hectares with about three significant digits."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else number(value)


def area(km2: float) -> str:
    """Square kilometres with about three significant digits."""
    return f"{number(km2) if km2 >= 100 else written(km2, 3)}{_SPACE}km²"


def count(how_many: int, singular: str, plural: str | None = None) -> str:
    """A number and a noun, as in 1 patch or 2 patches."""
    return f"{number(how_many)} {singular if how_many == 1 else plural or singular + 's'}"


def class_label(entry: LandCoverClass) -> str:
    """The id and name of a class, or only the id if that is its name."""
    return str(entry.id) if entry.name == str(entry.id) else f"{entry.id} {entry.name}"


def listed(items: Sequence[str]) -> str:
    """A list in words, as in a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def title(facts: Facts) -> str:
    """Title of the page with the years of the imagery."""
    text = "Land-cover map" if facts.mapped else "Land-cover model" if facts.training else "Land-cover run"
    if facts.observations:
        first, last = facts.observations[0].time.year, facts.observations[-1].time.year
        text += f", {first}" if first == last else f", {first}–{last}"
    return text


def summary(facts: Facts) -> list[str]:
    """Paragraphs on what was done and how accurate the model is."""
    return [text for text in (_run_summary(facts), _accuracy_summary(facts.training)) if text]


def classifier_noun(name: str) -> str:
    """A classifier as a sentence names it, with its article."""
    return CLASSIFIERS[name].noun


def _run_summary(facts: Facts) -> str:
    text = f"{area(facts.area_km2)} in {count(len(facts.layout.patches), 'patch', 'patches')}"
    if facts.observations:
        first, last = facts.observations[0].time, facts.observations[-1].time
        text += f", {acquisitions(facts)} from {day(first)} to {day(last)}"
    if facts.training:
        noun = classifier_noun(facts.training.classifier)
        classes = count(len(facts.training.classes.ids), "class", "classes")
        text += f". {noun[0].upper()}{noun[1:]} was trained on {count(facts.training.samples, 'reference pixel')}"
        text += f" of {classes}"
        text += " and classified the whole area" if facts.mapped and facts.mapped.own_model else ""
    return f"{text}."


def acquisitions(facts: Facts) -> str:
    """Number of acquisitions, and of each satellite if there are several."""
    text = count(len(facts.observations), "acquisition")
    times = Counter(item.satellite for item in facts.observations)
    if len(times) == 1:
        return text
    return f"{text} ({', '.join(f'{number(times[name])} {name}' for name in facts.bands_by_satellite)})"


def _accuracy_summary(training: ModelRecord | None) -> str:
    if training is None:
        return ""
    tested = training.fair
    if tested is None:
        return "The accuracy of the model is unknown: no class has two polygons, so it could not be tested."
    return (
        f"{tested.headline}. The interval is one of 95 % confidence. It is the accuracy of the labelled area; for "
        "that of the map, and for areas that can be published, draw and label validation points."
    )


_BELIEVE = {
    "polygons": "Believe the validation by polygons: no polygon is in both training and test",
    "blocks": "Believe the validation by spatial blocks: no square of the area is in both training and test",
    "regions": "Believe the validation by regions: each region was tested with a model trained on the others",
    "independent": "Believe the independent polygons: they have no part in the training",
}


def which_to_believe(training: ModelRecord | None) -> str:
    """A sentence on which of the validations to believe, and why."""
    believed = training.fair if training else None
    if training is None or believed is None:
        return ""
    text = _BELIEVE[believed.kind]
    if believed.kind in ("polygons", "blocks") and believed.distance and believed.map_distance:
        text += (
            f", and its test pixels are {number(believed.distance)}{_SPACE}m (median) from the nearest training pixel; "
            f"the pixels of the map are {number(believed.map_distance)}{_SPACE}m from it"
        )
    flattering = next((found for found in training.assessments if found.kind == "random"), None)
    if flattering and flattering.overall.value > believed.overall.value:
        text += (
            f". Random pixels of the same polygons would give {percent(flattering.overall.value)}, because "
            "neighbouring pixels are alike: that is not the accuracy of the map"
        )
    return f"{text}."


def cautions(facts: Facts) -> list[str]:
    """Limits of the map and of its accuracy, the most serious first."""
    trained_here = facts.mapped is None or facts.mapped.own_model
    found: list[str] = []
    if facts.simulated:
        found.append(
            "Simulated sample region: land and imagery are artificial, and the results do not apply to real land."
        )
    if facts.mapped and not trained_here:
        found.append(
            f"The map was made with another model ({facts.mapped.model}) than the one trained here: the accuracy below "
            "is not that of the map. Classify the patches again to make the map with this model."
        )
    if facts.training and facts.training.fair is None:
        found.append("The model could not be tested: no class has two polygons. Add reference polygons.")
    if facts.training and facts.training.fair:
        found += _test_cautions(facts, facts.training.fair)
    unsampled = [class_label(item.entry) for item in facts.classes if item.polygons and not item.samples]
    if facts.training and unsampled and trained_here:
        found.append(f"{_classes(unsampled)} {_verb(unsampled, 'has', 'have')} no samples and cannot be in the map.")
    return found + _observation_cautions(facts) + _no_data_cautions(facts)


def _test_cautions(facts: Facts, tested: Assessment) -> list[str]:
    """Limits of the validation, and classes with low accuracy."""
    found = []
    untested = [class_label(facts.entry(id_)) for id_ in tested.untested]
    if untested:
        found.append(
            f"{_classes(untested)} {_verb(untested, 'has only one polygon', 'have only one polygon each')}: "
            "used for training, but not tested."
        )
    for score in tested.scores:
        if score.pixels and score.recall.value < _WEAK_RECALL:
            correct = round(score.recall.value * score.pixels)
            label, pixels = class_label(facts.entry(score.class_id)), count(score.pixels, "test pixel")
            found.append(f"Class {label} is mostly missed: {number(correct)} of {pixels} classified correctly.")
    if tested.polygons < FEW_POLYGONS:
        polygons = count(tested.polygons, "polygon")
        found.append(f"Accuracy is based on only {polygons}: a few more or fewer polygons could change it a lot.")
    few = [
        f"{class_label(item.entry)} ({item.sampled_polygons} polygons)"
        for item in facts.classes
        if item.entry.id in tested.class_ids and 2 <= item.sampled_polygons < _FEW_POLYGONS_OF_A_CLASS
    ]
    if few:
        found.append(f"{_classes(few)} {_verb(few, 'was', 'were')} tested on few polygons: the scores are rough.")
    return found


def _observation_cautions(facts: Facts) -> list[str]:
    """Few valid observations, or a long time without any."""
    shares = [(item.time, (item.coverage or 0.0) * item.valid) for item in facts.counted if item.valid is not None]
    times = [time for time, share in shares if share >= _SMALL_SHARE]
    if not times:
        return []
    kind = "valid optical observations" if facts.has_radar_and_optical else "valid observations"
    found = []
    on_average = sum(share for _, share in shares)
    if on_average < _FEW_OBSERVATIONS:
        found.append(
            f"Pixels have {on_average:.1f} {kind} on average: few to separate classes by their course over the year."
        )
    start, end = max(pairwise(times), key=lambda pair: pair[1] - pair[0], default=(times[0], times[0]))
    if end - start > _LONG_GAP:
        found.append(
            f"There are hardly any {kind} between {day(start)} and {day(end)}; this gap in the series is interpolated."
        )
    return found


def _no_data_cautions(facts: Facts) -> list[str]:
    """A part of the area without a class in the map."""
    if facts.mapped is None or not facts.mapped.no_data:
        return []
    share = facts.mapped.no_data / (facts.mapped.no_data + facts.mapped.pixels)
    kind = "valid observation of radar, optical imagery or both" if facts.has_radar_and_optical else "valid observation"
    return [f"{percent(share)} of the area has no {kind} and no class in the map."] if share > 0.001 else []


def _classes(names: Sequence[str]) -> str:
    return f"{'Class' if len(names) == 1 else 'Classes'} {listed(names)}"


def _verb(names: Sequence[str], singular: str, plural: str) -> str:
    return singular if len(names) == 1 else plural
