"""Serve the studio as a web page: `python -m widgets.app --port=6699`."""

import argparse
import os
import secrets
import sys

from medialab.process.installation import base_folder, short_path
from medialab.process.ports import is_free
from widgets.app.server import StudioServer, settings

PORT = 6699


def main(arguments: list[str]) -> None:
    """Print the page's address, then serve it until the process is interrupted.

    Raises:
        SystemExit: the port is in use, or the notebook is missing; it is printed which.
    """
    parser = argparse.ArgumentParser(prog="python -m widgets.app", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="(default: %(default)s)")
    port = parser.parse_args(arguments).port
    notebook = base_folder() / "notebooks" / "studio.ipynb"
    if not notebook.is_file():
        sys.exit(f"{short_path(notebook)} is missing; it comes with the project's source")
    if not is_free(port):
        sys.exit(
            f"port {port} is in use, by this studio already running or by another program; stop "
            f"that, or choose another port: make app PORT={port + 1}"
        )
    # By the environment, since a command line can be read by everyone on this machine.
    token = os.environ.get("MEDIALAB_TOKEN") or secrets.token_urlsafe(24)
    os.environ["JUPYTER_TOKEN"] = token
    print(f"the studio is at http://127.0.0.1:{port}/?token={token}", flush=True)
    StudioServer.launch_instance([], config=settings(notebook, port))


if __name__ == "__main__":
    main(sys.argv[1:])
