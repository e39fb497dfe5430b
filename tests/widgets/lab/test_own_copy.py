"""JupyterLab saves into the user's copy of the studio's notebook, and what they edit is kept."""

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_notebook, new_output

from medialab.process import installation
from widgets.lab.__main__ import arguments
from widgets.lab.own_copy import NotebookError, own_copy


@pytest.fixture
def source(tmp_path, monkeypatch):
    """The notebook of a checkout of its own."""
    package = tmp_path / "checkout" / "medialab"
    package.mkdir(parents=True)
    monkeypatch.setattr(installation, "_PACKAGE", package)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    path = package.parent / "notebooks" / "studio.ipynb"
    path.parent.mkdir()
    nbformat.write(new_notebook(cells=[new_code_cell("studio")]), path)
    return path


def edit(path, source=None, outputs=()):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = source or notebook.cells[0].source
    notebook.cells[0].outputs = list(outputs)
    nbformat.write(notebook, path)


def test_the_copy_is_the_users_own_and_the_source_stays_as_it_is(source):
    before = source.read_bytes()
    copy = own_copy()
    assert copy == source.parents[1] / "outputs" / "studio.ipynb"
    notebook = nbformat.read(copy, as_version=4)
    assert [cell.source for cell in notebook.cells] == ["studio"]
    assert NotebookNotary().check_signature(notebook)  # its button needs no asking
    edit(copy, "mine")
    assert source.read_bytes() == before


def test_a_copy_nobody_edited_follows_the_source_and_an_edited_one_is_kept(source):
    copy = own_copy()
    edit(copy, outputs=[new_output("stream", text="ran")])
    edit(source, "newer")
    assert nbformat.read(own_copy(), as_version=4).cells[0].source == "newer"
    edit(copy, "mine")
    edit(source, "newest")
    assert nbformat.read(own_copy(), as_version=4).cells[0].source == "mine"
    assert nbformat.read(own_copy(), as_version=4).cells[0].source == "mine"


def test_of_an_edited_copys_outputs_only_dead_panels_are_dropped(source):
    copy = own_copy()
    panel = new_output(
        "execute_result", {"application/vnd.jupyter.widget-view+json": {"model_id": "0"}}
    )
    edit(copy, "mine", [panel, new_output("stream", text="kept")])
    (output,) = nbformat.read(own_copy(), as_version=4).cells[0].outputs
    assert output.text == "kept"


def test_a_notebook_that_is_missing_or_none_is_named(source):
    copy = own_copy()
    copy.write_text("{")
    with pytest.raises(NotebookError, match=r"outputs/studio\.ipynb cannot be read; move it away"):
        own_copy()
    source.unlink()
    with pytest.raises(NotebookError, match=r"notebooks/studio\.ipynb is missing; "):
        own_copy()


def test_jupyterlab_opens_the_copy_alone_and_listens_to_this_machine_only(source):
    words = arguments("outputs/studio.ipynb")
    assert "--LabApp.default_url=/doc/tree/outputs/studio.ipynb" in words
    assert "--ip=127.0.0.1" in words
    assert f"--ServerApp.root_dir={source.parents[1]}" in words
