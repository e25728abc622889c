"""Numbers as text, and what a run amounts to in plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from ..vocabulary.classes import LandCoverClass
from .facts import Facts, Training, Validation

CLASSIFIERS = {"random-forest": "a random forest", "lightgbm": "LightGBM", "neural-network": "a neural network"}
_FEW_POLYGONS = 30
_FEW_POLYGONS_OF_A_CLASS = 5
_WEAK_RECALL = 0.5
_FEW_LOOKS = 6
_A_LOOK = 0.1
_LONG_GAP = timedelta(days=92)
_SPACE = "\u202f"


def number(value: float) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,.0f}".replace(",", _SPACE)


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction in percent, a dash where it is not known."""
    return "–" if fraction is None else f"{fraction * 100:.{digits}f}{_SPACE}%"


def day(value: date) -> str:
    """4 Aug 2017."""
    return f"{value.day} {value:%b %Y}"


def hectares(value: float) -> str:
    """Hectares, with as many digits as tell something."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else number(value)


def area(km2: float) -> str:
    """Square kilometres, with as many digits as tell something."""
    return f"{number(km2) if km2 >= 100 else f'{km2:.3g}'}{_SPACE}km²"


def count(how_many: int, what: str, many: str | None = None) -> str:
    """1 patch, 2 patches."""
    return f"{number(how_many)} {what if how_many == 1 else many or what + 's'}"


def told(entry: LandCoverClass) -> str:
    """The id and the name of a class, the id alone where the name is no more than that."""
    return str(entry.id) if entry.name == str(entry.id) else f"{entry.id} {entry.name}"


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def title(facts: Facts) -> str:
    """What the page is about, and of which years."""
    text = "Land-cover map" if facts.mapped else "Land-cover model" if facts.training else "Land-cover run"
    if facts.observations:
        first, last = facts.observations[0].time.year, facts.observations[-1].time.year
        text += f", {first}" if first == last else f", {first}–{last}"
    return text


def summary(facts: Facts) -> list[str]:
    """What was done and what it is worth: a paragraph each."""
    return [text for text in (_done(facts), _worth(facts.training)) if text]


def _done(facts: Facts) -> str:
    text = f"{area(facts.area_km2)} in {count(len(facts.layout.patches), 'patch', 'patches')}"
    if facts.observations:
        first, last = facts.observations[0].time, facts.observations[-1].time
        text += f", seen in {acquisitions(facts)} from {day(first)} to {day(last)}"
    if facts.training:
        classes = count(len(facts.training.class_ids), "class", "classes")
        name = CLASSIFIERS.get(facts.training.classifier, facts.training.classifier)
        pixels = count(facts.training.samples, "pixel")
        text += f". {name[0].upper()}{name[1:]} learnt {classes} from {pixels} of the reference"
        text += " and classified the whole area" if facts.mapped and facts.mapped.own_model else ""
    return f"{text}."


def acquisitions(facts: Facts) -> str:
    """How many there are, and by which satellite where there are several."""
    text = count(len(facts.observations), "acquisition")
    times = Counter(item.satellite for item in facts.observations)
    if len(times) == 1:
        return text
    return f"{text} ({', '.join(f'{number(times[name])} by {name}' for name in facts.bands_by_satellite)})"


def _worth(training: Training | None) -> str:
    if training is None:
        return ""
    tested = training.polygons
    if tested is None:
        return "How accurate the model is, is not known: no class has two polygons, so nothing could be tested."
    return (
        f"Overall accuracy {percent(tested.overall)}: of {count(tested.pixels, 'reference pixel')} in "
        f"{count(tested.groups, 'polygon')}, each classified by a model that had not seen that polygon, "
        f"{number(tested.right)} got the right class. It is the accuracy on these pixels; the classes are not weighted "
        "by their area on the map."
    )


def cautions(facts: Facts) -> list[str]:
    """What a reader must know before relying on the map, the gravest first."""
    found: list[str] = []
    if facts.simulated:
        found.append(
            "Simulated sample region: the land and the imagery are made up. The numbers say nothing about real land."
        )
    if facts.mapped and not facts.mapped.own_model:
        found.append(
            f"The map was made with another model ({facts.mapped.model}) than the one trained here: the accuracy below "
            "is not that of the map. Classify the patches again to have the map of this model."
        )
    if facts.training and facts.training.polygons is None:
        found.append("Nothing could be tested: no class has two polygons. Draw more reference polygons.")
    if facts.training and facts.training.polygons:
        found += _about_test(facts, facts.training.polygons, facts.training.blocks)
    unseen = [told(item.entry) for item in facts.classes if facts.training and not item.samples and item.polygons]
    if unseen and not (facts.mapped and not facts.mapped.own_model):
        found.append(f"{_class(unseen)} {_verb(unseen, 'has', 'have')} no samples and cannot be in the map.")
    found += _about_observations(facts)
    if facts.mapped and facts.mapped.no_data:
        share = facts.mapped.no_data / (facts.mapped.no_data + facts.mapped.pixels)
        if share > 0.001:
            seen = "was never validly seen" + (" by radar, by optical imagery or by both" if facts.is_joined else "")
            found.append(f"{percent(share)} of the area {seen} and has no class in the map.")
    return found


def _about_test(facts: Facts, tested: Validation, blocks: Validation | None) -> list[str]:
    found = []
    untested = [told(facts.entry(id_)) for id_ in tested.untested]
    if len(untested) == 1:
        found.append(f"Class {untested[0]} has a single polygon: it is learnt but could not be tested.")
    elif untested:
        found.append(f"Classes {listed(untested)} have a single polygon each: they are learnt but could not be tested.")
    for score in tested.scores:
        if score.pixels and score.recall < _WEAK_RECALL:
            right = round(score.recall * score.pixels)
            found.append(
                f"Class {told(facts.entry(score.class_id))} is mostly missed: {right or 'none'} of its "
                f"{count(score.pixels, 'test pixel')} got the right class."
            )
    if tested.groups < _FEW_POLYGONS:
        found.append(
            f"The accuracy rests on {tested.groups} polygons only. A few polygons more or less could change it a lot."
        )
    few = [
        f"{told(item.entry)} ({item.sampled_polygons} polygons)"
        for item in facts.classes
        if item.entry.id in tested.class_ids and 2 <= item.sampled_polygons < _FEW_POLYGONS_OF_A_CLASS
    ]
    if few:
        found.append(f"{_class(few)} {_verb(few, 'was', 'were')} tested on a few polygons: take the scores as rough.")
    if blocks and tested.overall - blocks.overall > 0.05:
        found.append(
            f"Away from the ground it learnt from the model does worse: {percent(blocks.overall)} overall, tested by "
            "blocks."
        )
    return found


def _about_observations(facts: Facts) -> list[str]:
    """Where the course of the year rests on few looks or none."""
    looks = [(item.time, (item.coverage or 0.0) * item.valid) for item in facts.counted if item.valid is not None]
    seen = "validly seen by optical imagery" if facts.is_joined else "validly seen"
    times = [time for time, share in looks if share >= _A_LOOK]
    if not times:
        return []
    found = []
    on_average = sum(share for _, share in looks)
    if on_average < _FEW_LOOKS:
        found.append(f"A pixel was {seen} {on_average:.1f} times on average: little to tell classes by their course.")
    start, end = max(pairwise(times), key=lambda pair: pair[1] - pair[0], default=(times[0], times[0]))
    if end - start > _LONG_GAP:
        found.append(
            f"Between {day(start)} and {day(end)} hardly anything was {seen}; the series is interpolated over that gap."
        )
    return found


def _class(names: Sequence[str]) -> str:
    return f"{'Class' if len(names) == 1 else 'Classes'} {listed(names)}"


def _verb(names: Sequence[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many
