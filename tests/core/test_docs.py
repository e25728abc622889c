"""The help page and the tables of the documentation follow from the declarations."""

from __future__ import annotations

import ast
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import help_page  # noqa: E402
import texts  # noqa: E402
import write_docs  # noqa: E402

from patchwork.core.operations import OPERATIONS  # noqa: E402
from patchwork.core.parameters import declared  # noqa: E402


class Parts(HTMLParser):
    """The ids, links, loaded files and visible text of each section, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.text: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.open += [] if tag == "meta" else [tag]
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values["href"] or ""] if tag == "a" else []
        self.loaded += [tag] if tag in {"script", "link", "img", "iframe"} else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        section = self.ids[-1] if self.ids else ""
        self.text[section] = self.text.get(section, "") + data


def test_the_help_and_the_tables_are_up_to_date() -> None:
    outdated = [
        str(file.relative_to(ROOT))
        for file, text in write_docs.written().items()
        if not file.exists() or file.read_text(encoding="utf-8") != text
    ]
    assert not outdated, f"{', '.join(outdated)}: run python3 scripts/write_docs.py"


def test_the_help_shows_all_of_a_declaration() -> None:
    parts = Parts(help_page.page())
    assert parts.ids == list(dict.fromkeys(parts.ids))
    assert {*OPERATIONS, "installengine", "landcovermodel"} == set(parts.ids)
    for name, operation in OPERATIONS.items():
        text = parts.text[name]
        assert operation.label in text
        assert operation.summary.replace("`", "") in text
        for field in (*declared(operation.parameters), *declared(operation.results)):
            assert f"{field.kind.label} {field.name.upper()}" in text
            assert field.kind.help.replace("`", "") in text
            for word, label in getattr(field.kind, "options", {}).items():
                assert f"{word} {label}" in text


def test_the_help_is_well_formed_and_loads_nothing() -> None:
    page = help_page.page()
    parts = Parts(page)
    assert not parts.open
    assert not parts.loaded
    assert {link.removeprefix("#") for link in parts.links} == set(parts.ids)
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"https?://|url\(|@import", page)


def test_the_help_has_basic_parameters_first_with_their_bounds_and_defaults() -> None:
    text = Parts(help_page.page()).text["splitarea"]
    assert text.index("PATCH_SIZE number, m, above 0, default: 5000") < text.index("Advanced parameters")
    assert text.index("Advanced parameters") < text.index("BUFFER number, m, at least 0, default: 0")
    assert "WORKSPACE folder, required" in text
    assert "AREA polygon layer or extent, optional" in text


def test_the_picture_of_the_structure_has_every_room() -> None:
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(
        r'containers = \["patchwork.core"\].*?layers = \[(.*?)^\]', contracts, flags=re.DOTALL | re.MULTILINE
    )
    assert layers is not None
    picture = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```")[1]
    for room in re.findall(r"\w+", layers[1]):
        assert re.search(rf"\b{room}\b", picture), room


def test_every_text_is_listed_once_with_its_place() -> None:
    listed = list(texts.texts())
    assert len({(entry.section, entry.text) for entry in listed}) == len(listed)
    labels = {entry.text for entry in listed if entry.section == texts.LABELS}
    for operation in OPERATIONS.values():
        fields = (*declared(operation.parameters), *declared(operation.results))
        assert {operation.label, operation.group, *(field.kind.label for field in fields)} <= labels
    for entry in listed:
        file, line = entry.place.split(":")
        assert int(line) <= len((ROOT / file).read_text(encoding="utf-8").splitlines()) + 1


def test_strings_of_errors_and_the_interface_are_texts_and_code_is_not() -> None:
    module = ast.parse(
        '''
"""What it is.

More of it.
"""
raise DataError(f"{path} cannot be read ({error}). " "Replace it.")
button.setText(tr("Close"))
record = Source(name="folder", label="GeoTIFFs", options={"one": "Word"})
__all__ = ["Reader"]
style = "<qgis version='3'> </qgis>"
value = values["a key"]
'''
    )
    found = [(entry.section, entry.text) for entry in texts.Finder("module.py").found(module)]
    assert found == [
        (texts.DOCSTRINGS, "What it is."),
        (texts.MESSAGES, "{path} cannot be read ({error}). Replace it."),
        (texts.INTERFACE, "Close"),
        (texts.LABELS, "GeoTIFFs"),
        (texts.MESSAGES, "Word"),
    ]
