"""The notebook of the docs runs from the top in a folder of its own, and what it prints is true."""

import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs" / "article.ipynb"


def test_the_notebook_runs_from_the_top(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # what is stored shows nothing that was not run
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 8
    printed = "".join(output.get("text", "") for output in outputs if output.output_type == "stream")
    truth = re.search(
        r"True accuracy of the map: ([0-9.]+)%\. The validation said .* between (\d+).* and (\d+)", printed
    )
    low, high = float(truth[2]), float(truth[3])
    assert low - 5 <= float(truth[1]) <= high + 5
    assert "random" in printed
