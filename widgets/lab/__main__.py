"""Open the studio in JupyterLab: `python -m widgets.lab`; options are passed on to JupyterLab."""

import os
import sys
from pathlib import Path
from typing import Any

from jupyterlab.labapp import LabApp
from tornado.ioloop import IOLoop

from medialab.errors import MediaLabError
from medialab.process.installation import base_folder
from widgets.lab.own_copy import own_copy

# Defaults for this server alone; what the user chose in JupyterLab's own settings wins.
_CONFIG = Path(__file__).parent / "config"
_SEARCHED = "JUPYTER_CONFIG_PATH"


def main(options: list[str]) -> None:
    """Make the user's copy of the notebook, and run JupyterLab with that notebook open.

    Raises:
        SystemExit: the notebook cannot be copied; it is printed why.
    """
    try:
        notebook = own_copy().relative_to(base_folder()).as_posix()
    except (MediaLabError, OSError) as error:
        sys.exit(f"the studio cannot be opened: {error}")
    searched = filter(None, [str(_CONFIG), os.environ.get(_SEARCHED)])
    os.environ[_SEARCHED] = os.pathsep.join(searched)
    server = LabApp.initialize_server(argv=[*arguments(notebook), *options])
    IOLoop.current().add_callback(start_kernel, server, notebook)
    server.start()


def arguments(notebook: str) -> list[str]:
    """Return JupyterLab's arguments; `notebook` is a path in the studio's folder."""
    return [
        "--ip=127.0.0.1",
        # Jupyter refuses to run as root unless told that it is meant.
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        f"--ServerApp.root_dir={base_folder()}",
        # One document fills the window; the file browser is a click away.
        f"--LabApp.default_url=/doc/tree/{notebook}",
    ]


async def start_kernel(server: Any, notebook: str) -> None:
    """Start the notebook's kernel while the browser opens, and import the panel in it.

    JupyterLab drops what is run before there is a kernel, without a word.
    """
    session = await server.session_manager.create_session(
        path=notebook, name=Path(notebook).name, type="notebook", kernel_name="python3"
    )
    client = server.kernel_manager.get_kernel(session["kernel"]["id"]).client()
    client.start_channels()
    try:
        client.execute("import widgets", silent=True)
    finally:
        client.stop_channels()


if __name__ == "__main__":
    main(sys.argv[1:])
