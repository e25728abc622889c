"""The report of a small artificial area: complete, self-contained, and consistent with rasters and records."""

import csv
import html.parser
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import rasterio.transform
import shapely
from matplotlib.image import imread

from patchwork.core.errors import MissingStepError
from patchwork.core.learning.accuracy import Checked, assess
from patchwork.core.learning.intervals import Estimate
from patchwork.core.operations import OPERATIONS
from patchwork.core.progress import Progress
from patchwork.core.report import refresh_report, words, write_report
from patchwork.core.report.gathering import gather
from patchwork.core.report.reading import choose_dates, most_labelled_patch, read_small
from patchwork.core.report.tables import class_rows, matrix_rows, score_rows
from patchwork.core.store.workspace import Workspace

LEFT, TOP, PIXEL, SIDE = 500_000.0, 5_100_000.0, 10.0, 48
TIMES = [f"2019{month:02d}05T100031" for month in (3, 4, 5, 6, 7, 8, 9, 10, 11)]
BANDS = ("B02", "B03", "B04", "B08", "SCL")
NASTY = "<script>alert('x')</script> & \"$10^{-3$\""
NAMES = {3: "forest", 7: NASTY, 300: "one field only"}
# Polygons of each class: (column, row) of squares of 8 × 8 pixels.
SQUARES = {3: [(0, 0), (2, 0), (4, 0), (0, 4), (2, 4)], 7: [(0, 2), (2, 2), (4, 2), (4, 4)], 300: [(5, 5)]}
SECTIONS = [
    "patches", "true-colour", "clouds", "masks", "layers", "ndvi", "valid", "classes", "accuracy", "reliability",
    "roc", "suspects", "curves", "importance", "run",
]  # fmt: skip


class Page(html.parser.HTMLParser):
    """Elements of a page with their attributes, its text, and the rows of its tables as texts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.rows, self.text, self._cell = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data):
        self.text.append(data)
        if self._cell:
            self.rows[-1][-1] += data

    def ids(self, tag):
        return [attributes.get("id") for name, attributes in self.elements if name == tag]

    def rows_of(self, text):
        return [row[1:] for row in self.rows if row and row[0].strip() == text]


def values(number, band, shape):
    """Reflectance that separates the classes, with noise; a moving cloud, and one completely cloudy date."""
    if band == "SCL":
        scl = np.full(shape, 4)
        scl[5 * number : 5 * number + 9, 10:30] = 9
        return np.full(shape, 9) if number == 4 else scl
    columns, rows = np.meshgrid(np.arange(shape[1]) // 8, np.arange(shape[0]) // 8)
    kind = (rows // 2) % 2 + (columns == 5) * (rows == 5)
    noise = np.random.default_rng([number, *band.encode()]).integers(0, 900, shape)
    return 500 + 700 * kind * (band == "B08") + 150 * number * (band == "B04") + noise


@pytest.fixture(scope="module")
def made(tmp_path_factory, make_imagery, make_reference):
    """The workspace of a finished map."""
    folder = tmp_path_factory.mktemp("report")
    imagery = make_imagery(folder / "imagery", times=TIMES, bands=BANDS, shape=(SIDE, SIDE), values=values)
    squares = [(id_, place) for id_, places in SQUARES.items() for place in places]
    reference = make_reference(
        folder / "reference.gpkg",
        [shapely.box(LEFT + 80 * x, TOP - 80 * (y + 1), LEFT + 80 * (x + 1), TOP - 80 * y) for _, (x, y) in squares],
        {"id": np.array([id_ for id_, _ in squares]), "name": [NAMES[id_] for id_, _ in squares]},
    )
    run(
        "makemap",
        workspace=folder / "work",
        imagery=imagery,
        reference=reference,
        class_field="id",
        name_field="name",
        patch_size=240,
        per_class=60,
        jobs=1,
    )
    return folder / "work"


def run(name, **options):
    operation = OPERATIONS[name]
    texts = {key: str(value) for key, value in options.items()}
    return operation.run(operation.parameters.from_values(texts), Progress())


def page_of(folder):
    return Page(write_report(Workspace(folder)).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(made):
    return Page((made / "report.html").read_text(encoding="utf-8"))


@pytest.fixture
def copied(made, tmp_path):
    """A copy of the workspace from which files can be removed."""
    return shutil.copytree(made, tmp_path / "work")


def record(folder, step):
    return json.loads((folder / "records" / f"{step}.json").read_text(encoding="utf-8"))


def test_all_sections_in_the_order_of_the_article(page):
    assert page.ids("section") == SECTIONS
    assert "map" in page.ids("div")


def test_no_external_resources_and_no_script(page, made):
    for tag, attributes in page.elements:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base")
        for name in ("src", "href", "xlink:href", "srcset", "poster", "action"):
            assert re.match(r"#|data:image/png;base64,", attributes.get(name) or "#"), (tag, name)
        assert not any(name.startswith("on") for name in attributes)
        assert "url(" not in (attributes.get("style") or "")
    text = (made / "report.html").read_text(encoding="utf-8")
    assert "@import" not in text
    assert len(text) < 8_000_000


def test_every_picture_has_alternative_text_and_a_size(page):
    pictures = [attributes for tag, attributes in page.elements if tag == "img"]
    # Map and reference, true colour and clouds of 8 dates, labels of all and of 3 classes, layers of patch and area.
    suspects = "".join(page.text).count(", looks like ")
    assert len(pictures) == 2 + 2 * 8 + 4 + 3 + 2 + suspects
    assert suspects == 1
    assert all(picture["alt"] and 0 < int(picture["width"]) <= 1200 for picture in pictures)


def test_names_are_escaped(page, made):
    text = (made / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert f"7 {NASTY}" in "".join(page.text)


def test_confusion_and_scores_are_those_of_the_record(page, made):
    assessment = gather(Workspace(made)).training.fair.to_json()
    for position, id_ in enumerate(assessment["class_ids"]):
        name = f"{id_} {NAMES[id_]}"
        counts = assessment["confusion"][position]
        score = assessment["scores"][position]
        rows = page.rows_of(name)
        if not sum(counts):
            continue
        assert [f"{count}" for count in counts] in rows
        assert [f"{count / sum(counts) * 100:.1f}" for count in counts] in rows
        scores = [score[key] for key in ("precision", "recall", "f1")]
        texts = [f"{value:.2f}" + (f"{low:.2f} – {high:.2f}" if low is not None else "") for value, low, high in scores]
        assert [*texts, str(score["pixels"]), str(len(SQUARES[id_]))] in rows
    assert ["trained, not tested", "1"] in page.rows_of("300 one field only")


def test_all_validations_are_those_of_the_record(page, made):
    assessments = {own["kind"]: own for own in record(made, "trainmodel")["assessments"]}
    names = {"random": "Random pixels", "polygons": "By polygons", "blocks": "By spatial blocks"}
    assert set(assessments) == set(names)
    for kind, name in names.items():
        value, low, high = assessments[kind]["overall"]
        (row,) = page.rows_of(name)
        interval = f"{words.percent(low)} – {words.percent(high)}"
        total = words.number(np.sum(assessments[kind]["confusion"]))
        assert [row[0], row[1], row[3]] == [words.percent(value), interval, total]
    assert "Believe the validation by" in "".join(page.text)


def test_class_counts_are_those_of_the_rasters(page, made):
    with rasterio.open(made / "map.tif") as file:
        mapped = file.read(1)
    with rasterio.open(made / "labels.tif") as file:
        labels = file.read(1)
    drawn = record(made, "drawsamples")["drawn"]
    for id_, squares in SQUARES.items():
        hectares = (mapped == id_).sum() * PIXEL**2 / 1e4
        share = f"{(mapped == id_).sum() / (mapped > 0).sum() * 100:.1f}"
        expected = [len(squares), len(squares), (labels == id_).sum(), drawn[str(id_)]]
        row = [*(str(value) for value in expected), words.hectares(hectares), share, ""]
        assert row in page.rows_of(f"{id_} {NAMES[id_]}")


def test_the_summary_describes_the_run(page):
    text = " ".join("".join(page.text).split())
    assert "0.23 km² in 9 patches, 9 acquisitions from 5 Mar 2019 to 5 Nov 2019" in text
    assert re.search(r"A forest of extra trees was trained on \d+ reference pixels of 3 classes and classified", text)
    assert re.search(r"Accuracy \d+ %, between \d+ % and \d+ %: 9 polygons are few; tested on 9 polygons", text)


def test_limitations_of_the_test_are_listed(page):
    text = "".join(page.text)
    assert "Class 300 one field only has only one polygon: used for training, but not tested." in text
    assert "Accuracy is based on only 9 polygons" in text
    assert "Simulated" not in text


def test_acquisitions_show_valid_fractions(page):
    (clouded,) = page.rows_of("2019-07-05 10:00")
    assert clouded == ["100", "100", "0"]


def test_the_same_workspace_gives_the_same_bytes(made):
    files = [made / "report.html", made / "map.png"]
    before = [file.read_bytes() for file in files]
    write_report(Workspace(made))
    assert [file.read_bytes() for file in files] == before


def test_a_report_is_kept_until_what_it_shows_changes(made, tmp_path, monkeypatch):
    folder = shutil.copytree(made, tmp_path / made.name)  # its name is shown
    written = []
    monkeypatch.setattr("patchwork.core.report.write_report", written.append)

    def is_kept():
        written.clear()
        refresh_report(Workspace(folder))
        return not written

    run_record = folder / "records" / "makemap.json"
    facts = json.loads(run_record.read_text(encoding="utf-8"))
    run_record.write_text(json.dumps({**facts, "seconds": {"Training the model": 9.9}}), encoding="utf-8")
    assert is_kept()
    for name in ("map.tif", "confidence.tif", "ndvi.csv", "scenes.json", "records/trainmodel.json"):
        (folder / name).rename(folder / "aside")
        assert not is_kept(), name
        (folder / "aside").rename(folder / name)
        assert is_kept(), name
    for name in ("map.png", "report.html"):
        (folder / name).rename(folder / "aside")
        assert not is_kept(), name
        (folder / "aside").rename(folder / name)
    assert is_kept()
    (folder / "report.html").write_text("of an early version", encoding="utf-8")
    assert not is_kept()


def test_picture_of_the_map_has_the_class_colours_north_up(made):
    picture = (imread(made / "map.png")[..., :3] * 255).round().astype(int)
    scheme = {row["id"]: row["colour"] for row in record(made, "classifypatches")["classes"]}
    colours = {id_: [int(colour[i : i + 2], 16) for i in (1, 3, 5)] for id_, colour in scheme.items()}
    with rasterio.open(made / "map.tif") as file:
        mapped = file.read(1)
    found = {id_: (picture == colour).all(axis=2) for id_, colour in colours.items()}
    # Without the legend on the right, the share of each class in the picture is that on the map.
    whole = {id_: pixels[:, : int(pixels.shape[1] * 0.7)] for id_, pixels in found.items()}
    drawn = sum(pixels.sum() for pixels in whole.values())
    for id_, pixels in whole.items():
        assert pixels.sum() / drawn == pytest.approx((mapped == id_).mean(), abs=0.02)
    rows, columns = np.nonzero(sum(whole.values()))
    common = max(mapped[0].tolist(), key=mapped[0].tolist().count)
    top = {id_: pixels[rows.min() + 3, columns.min() : columns.max()].sum() for id_, pixels in whole.items()}
    assert max(top, key=top.get) == common


def test_a_map_of_another_model_is_a_limitation(copied):
    path = copied / "records" / "classifypatches.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**facts, "model": "/elsewhere/alps.skops", "identity": "other"}), encoding="utf-8")
    assert "The map was made with another model (alps.skops)" in "".join(page_of(copied).text)
    path.write_text(json.dumps({**facts, "identity": "of a model trained before"}), encoding="utf-8")
    assert "The map was made with another model (model.skops)" in "".join(page_of(copied).text)


def test_without_a_map(copied):
    for name in ("map.tif", "map.png", "confidence.tif", "records/classifypatches.json", "records/makemap.json"):
        (copied / name).unlink()
    page = page_of(copied)
    assert page.ids("section") == SECTIONS
    assert "map" not in page.ids("div")
    assert "Land-cover model, 2019" in page.text
    assert "Share" not in "".join(page.text).split("Accuracy")[0]
    assert not (copied / "map.png").exists()


def test_sections_without_inputs_are_skipped(copied):
    for name in (
        "ndvi.csv",
        "valid_count.tif",
        "records/trainmodel.json",
        "confidence.tif",
        "labels.tif",
        "samples.gpkg",
    ):
        (copied / name).unlink()
    shutil.rmtree(copied / "statistics")
    skipped = {"masks", "layers", "ndvi", "valid", "accuracy", "reliability", "roc", "suspects", "importance"}
    assert page_of(copied).ids("section") == [name for name in SECTIONS if name not in skipped]


def test_with_patches_only(tmp_path, made):
    for name in ("grid.json", "patches.gpkg"):
        shutil.copy(made / name, tmp_path)
    page = page_of(tmp_path)
    assert page.ids("section") == ["patches", "run"]
    assert not (tmp_path / "map.png").exists()


def test_before_the_area_is_split(tmp_path):
    with pytest.raises(MissingStepError, match="splitarea"):
        write_report(Workspace(tmp_path))


def test_the_sample_region_is_marked_as_simulated(copied):
    path = copied / "scenes.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"folder"', '"sample"'), encoding="utf-8")
    plain = (copied / "map.png").read_bytes()
    assert page_of(copied).text.count("Simulated sample region") == 1
    assert (copied / "map.png").read_bytes() != plain


def test_an_untested_model_is_a_limitation(made):
    facts = gather(Workspace(made))
    untested = replace(facts, training=replace(facts.training, assessments=()))
    assert any("could not be tested" in caution for caution in words.cautions(untested))
    assert "is unknown" in words.summary(untested)[1]


def test_untested_classes_are_listed_together(made):
    facts = gather(Workspace(made))
    tested = replace(facts.training.polygons, untested=(3, 300))
    cautions = words.cautions(replace(facts, training=replace(facts.training, assessments=(tested,))))
    expected = "Classes 3 forest and 300 one field only have only one polygon each: used for training, but not tested."
    assert expected in cautions


def test_long_gaps_and_few_observations_are_limitations(made):
    facts = gather(Workspace(made))
    few = replace(facts, observations=(facts.observations[0], facts.observations[-1]))
    text = " ".join(words.cautions(few))
    assert "hardly any valid observations between 5 Mar 2019 and 5 Nov 2019" in text
    assert "valid observations on average" in text


def cautions_with(facts, **changes):
    return words.cautions(replace(facts, **changes))


def test_an_acquisition_counts_as_far_as_it_covers_the_area(made):
    facts = gather(Workspace(made))
    halves = tuple(replace(item, coverage=0.5, valid=0.8) for item in facts.observations[:3])
    found = cautions_with(facts, observations=halves)
    assert any(text.startswith("Pixels have 1.2 valid observations on average") for text in found)


def assessed(reference, predicted):
    number = np.arange(len(reference))
    return assess("polygons", Checked(reference, number, np.ones(len(number))), predicted, number)


@pytest.mark.parametrize(("right", "told"), [(1, True), (2, False)])
def test_a_class_that_is_mostly_missed_is_a_limitation(made, right, told):
    facts = gather(Workspace(made))
    tested = assessed(np.array([3] * 4 + [7] * 9), np.array([3] * right + [7] * (13 - right)))
    found = cautions_with(facts, training=replace(facts.training, assessments=(tested,)))
    assert (f"Class 3 forest is mostly missed: {right} of 4 test pixels classified correctly." in found) == told


def test_the_report_says_which_validation_to_believe_and_what_flatters(made):
    training = gather(Workspace(made)).training
    found = {own.kind: own for own in training.assessments}
    flattering = replace(found["random"], overall=Estimate(0.999, 0.99, 1.0))
    for mismatch, name in ((0.0, "polygons"), (1e6, "spatial blocks")):
        polygons = replace(found["polygons"], mismatch=mismatch)
        text = words.which_to_believe(replace(training, assessments=(polygons, flattering, found["blocks"])))
        assert text.startswith(f"Believe the validation by {name}")
        assert "would give 99.9" in text
    assert words.which_to_believe(replace(training, assessments=(found["random"],))) == ""


@pytest.mark.parametrize(("groups", "told"), [(29, True), (30, False)])
def test_a_test_on_few_polygons_is_a_limitation(made, groups, told):
    facts = gather(Workspace(made))
    tested = replace(facts.training.polygons, polygons=groups)
    found = cautions_with(facts, training=replace(facts.training, assessments=(tested,)))
    assert any(text.startswith(f"Accuracy is based on only {groups} polygons") for text in found) == told


@pytest.mark.parametrize(("no_data", "share"), [(25, 25.0), (1, 1.3), (0, None)])
def test_the_share_of_the_area_without_a_class_is_a_limitation(made, no_data, share):
    facts = gather(Workspace(made))
    found = cautions_with(facts, mapped=replace(facts.mapped, counts={3: 70, 7: 5}, no_data=no_data))
    told = [text for text in found if text.endswith("of the area has no valid observation and no class in the map.")]
    assert [text.split("\u202f")[0] for text in told] == ([f"{share}"] if share else [])


def test_pixels_of_the_area_without_a_class_are_counted(copied):
    """Those of the area alone: it may be any shape within its rectangle."""
    path = copied / "grid.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    with rasterio.open(copied / "map.tif", "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
        mapped = file.read(1)
        mapped[:, 10:] = 0
        file.write(mapped, 1)
    domain = facts["domain"]
    area = shapely.box(domain["column"], domain["row"], domain["column"] + 30, domain["row"] + SIDE)
    path.write_text(json.dumps({**facts, "area": shapely.to_wkb(area, hex=True)}), encoding="utf-8")
    assert (mapped[:, :10] > 0).all()
    assert gather(Workspace(copied)).mapped.no_data == 20 * SIDE


def test_shares_of_the_map_are_of_the_pixels_with_a_class(made):
    facts = gather(Workspace(made))
    counts = {3: 60, 7: 15, 300: 0}
    classes = tuple(replace(item, mapped=counts[item.entry.id]) for item in facts.classes)
    rows = class_rows(replace(facts, classes=classes, mapped=replace(facts.mapped, counts=counts, no_data=25)))
    assert [(row.hectares, row.share, row.bar) for row in rows] == [(0.6, 0.8, 1.0), (0.15, 0.2, 0.25), (0.0, 0.0, 0.0)]


def test_observations_are_those_of_the_ndvi_table(made):
    with open(made / "ndvi.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    expected = [
        tuple(float(row[name]) if row[name] else None for name in ("valid_fraction", "ndvi_all", "ndvi_valid"))
        for row in table
    ]
    assert any(everything != valid for _, everything, valid in expected)
    assert [(item.valid, *item.ndvi) for item in gather(Workspace(made)).observations] == expected


def test_scores_of_classes_that_were_not_tested_or_never_predicted_are_dashes(made):
    facts = gather(Workspace(made))
    tested = assessed(np.array([3, 3, 7]), np.array([3, 3, 3]))
    rows = {row.entry.id: row for row in score_rows(facts, facts.training, tested)}
    values = {id_: [own and own.value for own in (row.precision, row.recall)] for id_, row in rows.items()}
    assert values == {3: [pytest.approx(2 / 3), 1.0], 7: [None, 0.0], 300: [None, None]}
    assert [rows[id_].pixels for id_ in (3, 7, 300)] == [2, 1, 0]
    empty = assessed(np.array([3, 3]), np.array([3, 7]))
    cells = {
        row.entry.id: [(cell.pixels, cell.fraction, cell.correct) for cell in row.cells]
        for row in matrix_rows(facts, empty)
    }
    assert cells == {3: [(1, 0.5, True), (1, 0.5, False)], 7: [(0, None, False), (0, None, True)]}


def test_downsampled_reading_keeps_class_ids(tmp_path):
    path = tmp_path / "large.tif"
    ids = np.zeros((1000, 3000), dtype=np.uint8)
    ids[:, 1500:] = 7
    place = {"crs": "EPSG:32633", "transform": rasterio.transform.from_origin(LEFT, TOP, PIXEL, PIXEL)}
    profile = {"driver": "GTiff", "height": 1000, "width": 3000, "count": 1, "dtype": "uint8", **place}
    with rasterio.open(path, "w", **profile) as file:
        file.write(ids, 1)
    small = read_small(path, 300)
    assert small.shape == (1, 100, 300)
    assert set(np.unique(small)) == {0, 7}


def test_the_patch_with_the_most_labels_is_chosen(made):
    workspace = Workspace(made)
    with rasterio.open(made / "labels.tif") as file:
        labels = file.read(1)
    window = most_labelled_patch(workspace).window
    counts = {
        patch.id: (labels[workspace.layout.domain.slices(patch.window)] > 0).sum() for patch in workspace.layout.patches
    }
    assert (labels[workspace.layout.domain.slices(window)] > 0).sum() == max(counts.values())


def test_dates_are_spread_and_include_clouds():
    seen = [(1.0, valid) for valid in (1.0, 0.0, 0.9, 0.4, 1.0, 0.0, 0.8, 1.0)]
    seen.insert(4, (0.1, 0.1))  # covers little of the patch
    chosen = choose_dates(seen, 4)
    assert chosen == sorted(chosen)
    assert len(chosen) == 4
    assert 4 not in chosen
    assert any(seen[position][1] < 0.5 for position in chosen)
    assert choose_dates(seen[:2], 8) == [0, 1]


def test_dates_that_show_little_of_the_patch_are_not_chosen_however_clear():
    seen = [(0.8, 0.6)] * 3 + [(0.4, 1.0), (0.41, 1.0)] + [(0.8, 0.6)] * 3
    assert choose_dates(seen, 8) == [0, 1, 2, 4, 5, 6, 7]
    assert 3 not in choose_dates(seen, 3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.234, "0.23"),
        (42.23, "42.2"),
        (1234.0, "1\u202f234"),
        (0.0, "0.00"),
        (10.0, "10.0"),
        (99.96, "100.0"),
        (100.0, "100"),
    ],
)
def test_hectares(value, text):
    assert words.hectares(value) == text
