"""The record of a classifier. Standard library only: QGIS imports it."""

from __future__ import annotations

from typing import Any, Callable

from ...frozen import frozen


@frozen
class Classifier:
    """A kind of classifier.

    `noun` names it in a sentence ("a random forest"). `new` gives an unfitted scikit-learn classifier for a seed and a
    number of threads.
    """

    name: str
    label: str
    help: str
    noun: str
    new: Callable[[int, int], Any]
