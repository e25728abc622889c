"""The language of declarations: every value survives the round trip, and everything wrong is told at once."""

import json
import math
import re
from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core import parameters as language
from patchwork.core.errors import ParameterError
from patchwork.core.frozen import frozen
from patchwork.core.operations import OPERATIONS, destinations_of
from patchwork.core.parameters import (
    Account,
    Area,
    Choice,
    Crs,
    Date,
    FieldName,
    File,
    Folder,
    Kind,
    Names,
    Number,
    Parameters,
    Place,
    RasterFile,
    Text,
    VectorFile,
    declared,
)

OPTIONS = {"one": "One", "two": "Two"}
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)
NAMES = WORDS.map(lambda text: text.replace(",", "").strip()).filter(bool)
PATHS = NAMES.filter(lambda text: "\0" not in text and not text.startswith("~")).map(Path)
WHOLE = st.integers(-(2**53), 2**53)

# Every kind with values that it may hold
KINDS = [
    (Text("t", ""), WORDS),
    (Account("a", ""), WORDS),
    (Number("n", ""), st.floats(allow_nan=False, allow_infinity=False)),
    (Number("n", "", whole=True), WHOLE),
    (Number("n", "", minimum=-2, maximum=3), st.floats(-2, 3)),
    (Number("n", "", above=0), st.floats(0, exclude_min=True, allow_infinity=False)),
    (Choice("c", "", options=OPTIONS), st.sampled_from(sorted(OPTIONS))),
    (Names("n", ""), st.lists(NAMES).map(tuple)),
    (Names("n", "", allowed=("a", "b")), st.lists(st.sampled_from(["a", "b"])).map(tuple)),
    (Date("d", ""), st.dates(date(1000, 1, 1))),
    (Crs("c", ""), WORDS),
    (Area("a", ""), WORDS),
    (Place("p", ""), WORDS),
    (File("f", ""), PATHS),
    (RasterFile("r", ""), PATHS),
    (Folder("f", ""), PATHS),
    (VectorFile("v", ""), WORDS),
    (FieldName("f", ""), WORDS),
]


@pytest.mark.parametrize(("kind", "values"), KINDS, ids=lambda each: type(each).__name__)
@given(st.data())
def test_reading_what_is_written_plainly_gives_the_value(kind, values, data):
    value = data.draw(values)
    through_json = json.loads(json.dumps(kind.plain(value)))
    assert kind.read(through_json) == value
    assert type(kind.read(through_json)) is type(value) or isinstance(kind, (File, Folder))
    assert kind.read(kind.plain(kind.read(value))) == value


ALLOWED = [
    (Text("t", ""), ""),
    (Number("n", ""), "Number"),
    (Number("n", "", unit="m", minimum=0), "Number in m, at least 0"),
    (Number("n", "", unit="MB", whole=True, above=2), "Whole number in MB, greater than 2"),
    (Number("n", "", minimum=0, maximum=0.5), "Number, between 0 and 0.5"),
    (Choice("c", "", options=OPTIONS), "One of: one (One), two (Two)"),
    (Names("n", ""), "Names, separated by commas, or none"),
    (Names("n", "", allowed=("a", "b")), "Any of a, b, separated by commas, or none"),
    (Place("p", ""), "Vector file, or a point x,y[,EPSG:n]"),
]


@pytest.mark.parametrize(("kind", "text"), ALLOWED)
def test_a_kind_describes_its_allowed_values(kind, text):
    assert kind.allowed_values() == text


def test_every_kind_is_tested():
    kinds = {kind for kind in vars(language).values() if isinstance(kind, type) and issubclass(kind, Kind)}
    assert kinds - {Kind} == {type(kind) for kind, _ in KINDS}


# Wrong values

WRONG = [
    (Number("n", ""), "ten", "'ten' is not a number"),
    (Number("n", ""), True, "True is not a number"),
    (Number("n", ""), [1], "is not a number"),
    (Number("n", ""), "nan", "is not a finite number"),
    (Number("n", ""), "-inf", "is not a finite number"),
    (Number("n", ""), "1e400", "is not a finite number"),
    (Number("n", "", whole=True), "1.5", "1.5 is not a whole number"),
    (Number("n", "", minimum=2), 1.999, "1.999 is out of range: it must be at least 2"),
    (Number("n", "", maximum=2), "2.001", "2.001 is out of range: it must be at most 2"),
    (Number("n", "", above=0), 0, "0 is out of range: it must be greater than 0"),
    (Number("n", "", above=0), -1, "-1 is out of range: it must be greater than 0"),
    (Number("n", "", minimum=0, maximum=2**31 - 1), 2**31, "it must be between 0 and 2147483647"),
    (Number("n", "", above=0, maximum=1), 2, "it must be greater than 0 and at most 1"),
    (Choice("c", "", options=OPTIONS), "three", "'three' is not one of one, two"),
    (Choice("c", "", options=OPTIONS), "One", "'One' is not one of one, two"),
    (Names("n", "", allowed=("a", "b")), "a,c", "'c' is not one of a, b"),
    (Date("d", ""), "31.7.2019", "'31.7.2019' is not a date such as 2019-07-31"),
    (Date("d", ""), "2019-02-30", "is not a date"),
    (Text("t", ""), "  ", "is empty"),
    (Folder("f", ""), " ", "is empty"),
    (File("f", ""), "\t", "is empty"),
]


@pytest.mark.parametrize(("kind", "value", "message"), WRONG)
def test_what_is_wrong_is_told_with_the_value(kind, value, message):
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        kind.read(value)


def test_bounds_belong_to_what_is_allowed():
    assert Number("n", "", minimum=2, maximum=2).read("2") == 2
    assert Number("n", "", above=0).read(5e-324) == 5e-324


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Number("n", "", whole=True), "10.0", 10),
        (Number("n", ""), " 1e3 ", 1000.0),
        (Choice("c", "", options=OPTIONS), " two ", "two"),
        (Names("n", ""), " B02, B03 ,,B8A ", ("B02", "B03", "B8A")),
        (Names("n", ""), ["B02", "B03"], ("B02", "B03")),
        (Date("d", ""), "2019-07-31T23:59:59", date(2019, 7, 31)),
        (Date("d", ""), datetime(2019, 7, 31, 23), date(2019, 7, 31)),
        (Folder("f", ""), "/some/Ordner mit Ü", Path("/some/Ordner mit Ü")),
        (Folder("f", ""), "~", Path.home()),
    ],
)
def test_values_as_people_and_programs_give_them(kind, text, value):
    found = kind.read(text)
    assert found == value
    assert type(found) is type(value)


# Parameters together


@frozen
class Base(Parameters):
    """Something that must be given."""

    workspace: Annotated[Path, Folder("Workspace", "")]


@frozen
class Some(Base):
    """And some that need not."""

    size: Annotated[float, Number("Patch size", "", above=0)] = 5000.0
    bands: Annotated[tuple[str, ...], Names("Bands", "")] = ("B02",)
    start: Annotated[Optional[date], Date("Start", "")] = None


def test_everything_that_is_wrong_is_told_in_one_message():
    with pytest.raises(ParameterError) as raised:
        Some.from_values({"size": "-1", "start": "yesterday", "colour": "red"})
    assert str(raised.value).splitlines() == [
        "There is no parameter 'colour'.",
        "Workspace (WORKSPACE) is missing.",
        "Patch size (SIZE): -1 is out of range: it must be greater than 0.",
        "Start (START): 'yesterday' is not a date such as 2019-07-31.",
    ]


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_left_out_takes_the_default(nothing):
    values = {"workspace": "/w", "size": nothing, "bands": nothing, "start": nothing}
    assert Some.from_values(values) == Some.from_values({"workspace": "/w"}) == Some(Path("/w"))


def test_declarations_are_in_order_with_their_defaults():
    assert [(each.name, each.required, each.default) for each in declared(Some)] == [
        ("workspace", True, None),
        ("size", False, 5000.0),
        ("bands", False, ("B02",)),
        ("start", False, None),
    ]


# The operations


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_default_survives_the_round_trip(operation):
    given_values = {"workspace": "/some/workspace", "place": "14,46", "area": "1,2,3,4", "time": "20190731T100031"}
    given_values |= dict.fromkeys(("map", "map_from", "map_to"), "/some/map.tif") | {"validation_points": "points.gpkg"}
    names = {each.name for each in declared(operation.parameters)}
    made = operation.parameters.from_values({name: value for name, value in given_values.items() if name in names})
    for each in declared(operation.parameters):
        if not each.required and each.name not in given_values:
            assert getattr(made, each.name) == each.default
    values = json.loads(json.dumps(made.to_values()))
    assert operation.parameters.from_values(values) == made
    texts = {
        each.name: each.kind.text(getattr(made, each.name))
        for each in declared(operation.parameters)
        if getattr(made, each.name) is not None
    }
    assert operation.parameters.from_values(texts) == made


def odd_values(kind):
    """Values of a kind as declared, at its bounds and in between."""
    if isinstance(kind, Number):
        low = next((bound for bound in (kind.minimum, kind.above) if bound is not None), -1e6)
        high = kind.maximum if kind.maximum is not None else 1e6
        if kind.whole:
            return st.integers(math.ceil(low), math.floor(high))
        return st.floats(low, high, exclude_min=kind.above is not None)
    if isinstance(kind, Choice):
        return st.sampled_from(sorted(kind.options))
    if isinstance(kind, Names):
        # An empty text stands for the default, so no names cannot be told from it.
        return st.lists(st.sampled_from(list(kind.allowed)) if kind.allowed else NAMES, min_size=1).map(tuple)
    return next(values for each, values in KINDS if type(each) is type(kind))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@given(st.data())
def test_odd_values_survive_the_round_trip(operation, data):
    values = {each.name: data.draw(odd_values(each.kind), each.name) for each in declared(operation.parameters)}
    made = operation.parameters(**values)
    assert operation.parameters.from_values(json.loads(json.dumps(made.to_values()))) == made


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_declaration_has_words_for_people(operation):
    for each in declared(operation.parameters):
        assert each.kind.label
        assert each.kind.help.endswith((".", "cells)."))
        assert each.name == each.name.lower()
    for each in declared(operation.results):
        assert each.kind.label
    assert operation.summary.endswith(".")
    assert operation.name == operation.name.lower()


def test_parameters_cannot_be_changed_by_accident():
    made = Some(Path("/w"))
    with pytest.raises(AttributeError):
        made.size = 3.0
    assert replace(made, size=3.0).size == 3.0
    assert [field.name for field in fields(made)] == ["workspace", "size", "bands", "start"]


def test_destinations_are_files_of_the_outputs():
    assert set(destinations_of(OPERATIONS["makemap"])) == {"map", "confidence", "valid_count", "report"}
    assert destinations_of(OPERATIONS["checkinstallation"]) == {}


@pytest.mark.parametrize(
    ("operation", "values", "wrong"),
    [
        ("findscenes", {"imagery": "i", "start": "2019-02-01", "end": "2019-01-31"}, ["START"]),
        ("findscenes", {"imagery": "i", "start": "2019-02-01", "end": "2019-02-01"}, []),
        ("makemap", {}, ["AREA", "IMAGERY", "REFERENCE"]),
        ("makemap", {"source": "safe", "reference": "r.shp"}, ["AREA", "IMAGERY", "CLASS_FIELD"]),
        ("makemap", {"source": "sample"}, []),
        ("makemap", {"source": "stac", "reference": "r.shp", "class_field": "crop"}, ["AREA", "START, END"]),
        (
            "makemap",
            {"source": "stac", "area": "1,2,3,4", "start": "2019-01-01", "end": "2019-12-31", "reference": "r.shp"},
            ["CLASS_FIELD"],
        ),
        ("makemap", {"imagery": "i", "reference": "r.shp", "class_field": "crop"}, []),
        ("splitarea", {}, ["AREA"]),
        ("splitarea", {"imagery": "i"}, []),
        ("splitarea", {"source": "sample"}, []),
        ("rasterizereference", {}, []),
    ],
)
def test_values_that_do_not_go_together_are_told(operation, values, wrong):
    told = OPERATIONS[operation].parameters.from_values({"workspace": "w", **values}).faults()
    assert sorted(re.findall(r"\(([A-Z_, ]+)\)", text)[0] for text in told) == sorted(wrong)
