"""The help that comes with the plugin, one HTML page, made from the declarations; scripts/write_docs.py writes it."""

from __future__ import annotations

import ast
import re
import sys
from html import escape
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "core" / "launcher"))

from patchwork.core import parameters as kinds  # noqa: E402
from patchwork.core.operations import OPERATIONS  # noqa: E402

PAGE = ROOT / "resources" / "help" / "operations.html"
INSTALLATION = ROOT / "processing_provider" / "installation.py"
MODELS = ROOT / "resources" / "models"
TYPES: dict[type, str] = {
    kinds.Text: "text",
    kinds.Account: "authentication configuration",
    kinds.Choice: "choice",
    kinds.Names: "names separated by commas",
    kinds.Date: "date",
    kinds.Crs: "coordinate reference system",
    kinds.Area: "polygon layer or extent",
    kinds.Place: "point or vector layer",
    kinds.File: "file",
    kinds.Folder: "folder",
    kinds.VectorFile: "vector layer",
    kinds.RasterFile: "raster layer",
    kinds.RasterOutput: "raster (GeoTIFF)",
    kinds.VectorOutput: "vector layer (GeoPackage)",
    kinds.TableOutput: "table (CSV)",
    kinds.PageOutput: "HTML page",
    kinds.FileOutput: "file",
    kinds.FolderOutput: "folder",
    kinds.NumberOutput: "number",
    kinds.TextOutput: "text",
}
HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Patchwork: operations</title>
<style>
:root { color-scheme: light dark; --text: #1d2125; --soft: #5a636b; --line: #d5dade; --ground: #fff; --link: #0b57a4 }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7ea; --soft: #a3abb3; --line: #41484f; --ground: #1b1e21; --link: #7db8f5 }
}
body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 sans-serif; color: var(--text);
  background: var(--ground) }
a { color: var(--link) } nav ul { margin: 0 0 .7rem } section { border-top: 1px solid var(--line); margin-top: 2rem }
h3 code { font-size: .75em; font-weight: normal } h4 { margin: 1.2rem 0 .3rem } dt { margin-top: .7rem }
dt b { margin-right: .3rem } dd { margin-left: 1.5rem } code, .type { color: var(--soft) }
</style></head>
<body>
<h1>Patchwork</h1>
<p>Every operation is an algorithm in the Processing toolbox, for <code>qgis_process</code> and the modeler
(<code>patchwork:NAME</code>) and on the command line (<code>patchwork NAME</code>). On the command line, parameters are
options in lower case with hyphens: <code>CLASS_FIELD</code> is <code>--class-field</code>.</p>
"""


def page() -> str:
    """The page: groups as in the toolbox, a section for each algorithm with its name as the anchor."""
    operations = [*OPERATIONS.values(), installengine()]
    sections = [(operation.group, operation.name, operation.label, _operation(operation)) for operation in operations]
    sections += map(_model, sorted(MODELS.glob("*.model3")))
    contents, body = [], []
    for group in sorted({group for group, *_ in sections}):
        inside = [section for section in sections if section[0] == group]
        links = "\n".join(f'<li><a href="#{name}">{escape(label)}</a></li>' for _, name, label, _ in inside)
        contents.append(f"{escape(group)}\n<ul>\n{links}\n</ul>")
        body.append(f"<h2>{escape(group)}</h2>")
        for _, name, label, text in inside:
            heading = f"<h3>{escape(label)} <code>{name}</code></h3>"
            body.append(f'<section id="{name}">\n{heading}\n{text}\n</section>')
    return "\n".join([HEAD + "<nav>", *contents, "</nav>", *body, "</body>", "</html>", ""])


def installengine() -> kinds.Operation:
    """The operation that the provider declares, read without its algorithms, which need QGIS."""
    tree = ast.parse(INSTALLATION.read_text(encoding="utf-8"))
    body = [node for node in tree.body if not re.match(r"from (qgis|\.\w)", ast.unparse(node))]
    end = next(number for number, node in enumerate(body) if ast.unparse(node).startswith("OPERATION ="))
    tree.body = body[: end + 1]
    module = ModuleType("patchwork.processing_provider.declaration")
    sys.modules[module.__name__] = module  # annotations are looked up there
    module.__package__ = "patchwork.processing_provider"
    exec(compile(tree, str(INSTALLATION), "exec"), vars(module))
    return vars(module)["OPERATION"]


def _operation(operation: kinds.Operation) -> str:
    asked: dict[bool, list[str]] = {False: [], True: []}
    for parameter in kinds.declared(operation.parameters):
        asked[parameter.kind.advanced].append(_entry(parameter, _facts(parameter)))
    given = [_entry(output, TYPES[type(output.kind)]) for output in kinds.declared(operation.results)]
    lists = {"Parameters": asked[False], "Advanced parameters": asked[True], "Outputs": given}
    shown = [f"<h4>{title}</h4>\n<dl>\n{chr(10).join(entries)}\n</dl>" for title, entries in lists.items() if entries]
    return "\n".join([f"<p>{_text(operation.summary)}</p>", *shown])


def _entry(declared: kinds.Declared, facts: str) -> str:
    kind = declared.kind
    options = getattr(kind, "options", {})
    listed = "".join(f"<li><code>{word}</code> {escape(label)}</li>" for word, label in options.items())
    choices = f"<ul>{listed}</ul>" if listed else ""
    term = f'<b>{escape(kind.label)}</b> <code>{declared.name.upper()}</code> <span class="type">{_text(facts)}</span>'
    return f"<dt>{term}</dt>\n<dd>{_text(kind.help)}{choices}</dd>"


def _facts(parameter: kinds.Declared) -> str:
    """Type, unit, bounds and default of a parameter in words."""
    kind = parameter.kind
    if isinstance(kind, kinds.Number):
        bounds = {"above": kind.above, "at least": kind.minimum, "at most": kind.maximum}
        facts = ["whole number" if kind.whole else "number", kind.unit]
        facts += [f"{words} {bound:.15g}" for words, bound in bounds.items() if bound is not None]
    else:
        facts = [f"field of `{kind.of.upper()}`" if isinstance(kind, kinds.FieldName) else TYPES[type(kind)]]
    if parameter.required:
        facts.append("required")
    elif parameter.default is None or parameter.default == ():
        facts.append("optional")
    else:
        default = kind.plain(parameter.default)
        facts.append(f"default: `{f'{default:g}' if isinstance(default, float) else default}`")
    return ", ".join(fact for fact in facts if fact)


def _text(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _model(file: Path) -> tuple[str, str, str, str]:
    """The group, name, label and text of a model of the toolbox: what it does, and its steps in order."""
    root = ElementTree.parse(file).getroot()
    boxes = sorted(root.find("Option[@name='children']"), key=lambda box: float(_value(box, "component_pos_y")))
    steps = [(_value(box, "alg_id").partition(":")[2], _value(box, "component_description")) for box in boxes]
    listed = "\n".join(f'<li><a href="#{name}">{escape(label)}</a></li>' for name, label in steps)
    summary = _text(_value(root.find("Option[@name='help']"), "ALG_DESC"))
    text = f"<p>{summary}</p>\n<h4>Steps</h4>\n<ol>\n{listed}\n</ol>\n<p>Its parameters are those of its steps.</p>"
    return _value(root, "model_group"), file.stem, _value(root, "model_name"), text


def _value(element: ElementTree.Element, name: str) -> str:
    return element.find(f"Option[@name='{name}']").get("value")
