"""Serve the studio to other programs: `python -m medialab.api --port=8000`."""

import argparse
import os
import secrets
import sys

from medialab.errors import MissingLibraryError

PORT = 8000


def main(arguments: list[str]) -> None:
    """Print the server's address and its token, then serve until the process is interrupted.

    Raises:
        SystemExit: the port is in use, or Jupyter Server is not installed; it is printed which.
    """
    parser = argparse.ArgumentParser(prog="python -m medialab.api", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="(default: %(default)s)")
    port = parser.parse_args(arguments).port
    try:
        from medialab.api.http.server import serve
    except ImportError as error:
        message = f"the server needs {error.name}: pip install 'media-lab-studio[server]'"
        sys.exit(str(MissingLibraryError(message)))
    # By the environment, since a command line can be read by everyone on this machine.
    token = os.environ.get("MEDIALAB_TOKEN") or secrets.token_urlsafe(24)
    print(f"the API is at http://127.0.0.1:{port}, with the header")
    print(f"Authorization: token {token}", flush=True)
    serve(port, token)


if __name__ == "__main__":
    main(sys.argv[1:])
