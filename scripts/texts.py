"""List every text that users and readers of the code see, once, with its place: scripts/texts.py [PART OF A PATH]

Labels and help of the declarations, texts of the interface, messages, the report's template, first lines of docstrings.
Values in f-strings are listed as their expressions. Standard library only.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("core", "processing_provider", "plugin")
FILES = ("scripts/make_model.py",)  # the texts of the shipped model
TEMPLATES = "resources/*.j2"
SECTIONS = ("Labels and help", "Interface", "Messages and other texts", "Report template", "Docstrings")
LABELS, INTERFACE, MESSAGES, REPORT, DOCSTRINGS = SECTIONS
LANGUAGE = "core/parameters.py"  # its classes are the kinds of parameters and outputs
TEXTS_OF_RECORDS = {"label", "help", "summary", "title", "group", "tags", "description"}
NO_TEXT = {"name", "extension", "of", "allowed"}  # arguments of declarations


class Text(NamedTuple):
    """A text and its place."""

    section: str
    place: str
    text: str


def texts() -> Iterator[Text]:
    """All texts, file by file, each once."""
    seen = set()
    modules = chain(*(sorted((ROOT / folder).rglob("*.py")) for folder in FOLDERS), map(ROOT.joinpath, FILES))
    found = chain(*map(_of_module, modules), *map(_of_template, sorted(ROOT.glob(TEMPLATES))))
    for entry in found:
        if (entry.section, entry.text) not in seen:
            seen.add((entry.section, entry.text))
            yield entry


def _of_module(file: Path) -> Iterator[Text]:
    return Finder(file.relative_to(ROOT).as_posix()).found(ast.parse(file.read_text(encoding="utf-8")))


class Finder:
    """The texts of one module."""

    def __init__(self, path: str) -> None:
        self._path = path

    def found(self, node: ast.AST, section: str = MESSAGES) -> Iterator[Text]:
        """The texts of a node and what is below it; `section` is what it is an argument of."""
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            first = (ast.get_docstring(node) or "").split("\n\n")[0]
            yield from [self._text(DOCSTRINGS, node, first)] if first else []
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, (ast.Constant, ast.JoinedStr)):
            text = _as_text(node)
            if _is_prose(text) or (section != MESSAGES and re.search("[A-Za-z]{2}", text)):
                yield self._text(section, node, text)
        if isinstance(node, ast.Call):
            yield from self._of_call(node, section)
        elif not _is_code(node):
            for child in ast.iter_child_nodes(node):
                if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
                    yield from self.found(child, section)

    def _of_call(self, call: ast.Call, section: str) -> Iterator[Text]:
        name = ast.unparse(call.func).rpartition(".")[2]
        inside = INTERFACE if name == "tr" else LABELS if name in KINDS else section
        yield from self.found(call.func, MESSAGES)
        for argument in call.args:
            yield from self.found(argument, inside)
        for keyword in call.keywords:
            if not (inside == LABELS and keyword.arg in NO_TEXT):
                of_record = keyword.arg in TEXTS_OF_RECORDS and inside == MESSAGES
                yield from self.found(keyword.value, LABELS if of_record else inside)

    def _text(self, section: str, node: ast.AST, text: str) -> Text:
        return Text(section, f"{self._path}:{getattr(node, 'lineno', 1)}", " ".join(text.split()))


def _as_text(node: ast.AST) -> str:
    """A string with the expressions of its values, empty where the node is none."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_as_text, node.values))
    if isinstance(node, ast.FormattedValue):
        return f"{{{ast.unparse(node.value)}}}"
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_prose(text: str) -> bool:
    """Whether a string outside declarations is for users: two words or more, or one with a capital, and no code."""
    words = re.sub(r"\{[^}]*\}", "0", text).strip()
    is_prose = re.search(r"[A-Za-z]{2}.* |\S .*[A-Za-z]{2}", words) or re.fullmatch(r"[A-Z][a-z]{2,}( …|:|\.)?", words)
    return bool(is_prose) and not re.search(r'^(<|SELECT|import|from \w+\.|\(\?|%|#)|="', text.strip())


def _is_code(node: ast.AST) -> bool:
    """Whether strings below a node are none for users: keys, words compared with, names that a module gives."""
    if isinstance(node, ast.Subscript):
        return not ast.unparse(node.value).endswith("Annotated")
    return isinstance(node, ast.Compare) or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")


def _of_template(file: Path) -> Iterator[Text]:
    """Text between tags, and prose in the template's expressions."""
    page = re.sub(r"<style>.*?</style>", lambda found: "\n" * found[0].count("\n"), file.read_text("utf-8"), flags=re.S)
    for number, line in enumerate(page.splitlines(), start=1):
        quoted = [word for code in re.findall(r"\{[{%].*?[%}]\}", line) for word in re.findall(r'"([^"]+)"', code)]
        between = re.split(r"\{%.*?%\}|<[^>]*>", line)
        for text in (*between, *filter(_is_prose, quoted)):
            if re.search("[A-Za-z]{2}", re.sub(r"\{\{.*?\}\}", "", text)):
                yield Text(REPORT, f"{file.relative_to(ROOT).as_posix()}:{number}", " ".join(text.split()))


def _kinds() -> set[str]:
    tree = ast.parse((ROOT / LANGUAGE).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


KINDS = _kinds()


def main(wanted: str = "") -> None:
    """Print the texts of files whose path contains `wanted`, section by section."""
    listed = [entry for entry in texts() if wanted in entry.place]
    for section in SECTIONS:
        print(f"\n# {section}\n")
        for entry in listed:
            if entry.section == section:
                print(f"{entry.place}: {entry.text}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
