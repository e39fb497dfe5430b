"""The user's own copy of the studio's notebook: JupyterLab saves into it, never into the source."""

import hashlib
from pathlib import Path
from typing import Any

import nbformat
from nbformat.reader import NotJSONError
from nbformat.sign import NotebookNotary

from medialab.errors import MediaLabError
from medialab.process.installation import base_folder, short_path

# In the copy's metadata: a digest of the cells that it was made with.
_MADE_OF = "medialab_copy_of"
_WIDGET = "application/vnd.jupyter.widget-view+json"


class NotebookError(MediaLabError):
    """The studio's notebook is missing or cannot be read."""


def own_copy() -> Path:
    """Write the user's copy, `outputs/studio.ipynb`, and return its path.

    A copy whose cells the user has edited is kept; any other is replaced, so that it follows the
    studio's version. The copy is signed as the user's, since JupyterLab asks before a button in a
    notebook from elsewhere may do anything.

    Raises:
        NotebookError: there is no notebook to copy, or the user's copy is none.
    """
    source = base_folder() / "notebooks" / "studio.ipynb"
    target = base_folder() / "outputs" / "studio.ipynb"
    notebook = _read(source, "the studio's notebook comes with the project's source")
    notebook.metadata[_MADE_OF] = _digest(notebook)
    if target.exists():
        kept = _read(target, "move it away, and a new one is made")
        if kept.metadata.get(_MADE_OF) != _digest(kept):
            notebook = kept
    _drop_panels(notebook)
    target.parent.mkdir(parents=True, exist_ok=True)
    NotebookNotary().sign(notebook)
    nbformat.write(notebook, target)
    return target


def _read(path: Path, advice: str) -> Any:
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, UnicodeDecodeError, NotJSONError) as error:
        why = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        message = f"{short_path(path)} {why}; {advice}"
        raise NotebookError(message) from error


def _digest(notebook: Any) -> str:
    """Return a digest of the cells' sources; outputs do not count."""
    text = "\0".join(f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(text.encode()).hexdigest()


def _drop_panels(notebook: Any) -> None:
    """Remove panels from the outputs: their kernel is gone, and they would show as an error."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if _WIDGET not in one.get("data", {})]
