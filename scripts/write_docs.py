"""Write what follows from the declarations, the plugin's help page and tables of docs/: python3 scripts/write_docs.py

A table stands between `<!-- NAME -->` and `<!-- end -->`. Run it again when a declaration changes; a test reports when
that is needed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from help_page import OPERATIONS, PAGE, ROOT, page

from patchwork.core.clouds.methods import METHODS
from patchwork.core.imagery.sources import SOURCES
from patchwork.core.learning.classifiers import CLASSIFIERS
from patchwork.core.mapping.layers import LAYERS
from patchwork.core.registry import Registry
from patchwork.core.vocabulary.indices import INDICES

DOCS = ROOT / "docs"


def written() -> dict[Path, str]:
    """The text that each file must have."""
    return {PAGE: page(), **{file: _filled(file.read_text(encoding="utf-8")) for file in sorted(DOCS.glob("*.md"))}}


def _filled(text: str) -> str:
    """A document with its tables; KeyError where a marker names no table."""
    tables = _tables()
    marked = re.compile(r"(<!-- ([a-z-]+) -->\n).*?(<!-- end -->)", flags=re.DOTALL)
    return marked.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n{found[3]}", text)


def _tables() -> dict[str, str]:
    operations = {operation.name: operation.summary.split(". ")[0].rstrip(".") for operation in OPERATIONS.values()}
    return {
        "operations": _table("Operation", "Summary", operations),
        "sources": _table("SOURCE", "Imagery", _helps(SOURCES)),
        "cloud-methods": _table("METHOD", "Cloud detection", _helps(METHODS)),
        "indices": _table("Index", "Bands", {name: ", ".join(index.bands) for name, index in INDICES.items()}),
        "classifiers": _table("CLASSIFIER", "Classifier", _helps(CLASSIFIERS)),
        "layers": _table("LAYER", "Layer", _helps(LAYERS)),
    }


def _helps(registry: Registry[Any]) -> dict[str, str]:
    """The label and the help of each record."""
    return {name: f"{record.label}. {record.help}" for name, record in registry.items()}


def _table(name: str, label: str, rows: dict[str, str]) -> str:
    return "".join([f"| {name} | {label} |\n|---|---|\n", *(f"| `{key}` | {text} |\n" for key, text in rows.items())])


if __name__ == "__main__":
    for file, text in written().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        print(file.relative_to(ROOT))
