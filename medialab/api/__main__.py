"""Serve the studio to other programs: `python -m medialab.api --port=8000`."""

import argparse
import os
import secrets
import signal
import sys
import threading

from medialab.devices.names import VARIABLE, chosen_devices, read_devices
from medialab.errors import ConfigError, MissingLibraryError
from medialab.process.ports import is_free

PORT = 8000


def main(arguments: list[str]) -> None:
    """Print the server's address and its token, then serve until the process is interrupted.

    Raises:
        SystemExit: the port is in use, there is no such device, or Jupyter Server is not installed;
            it is printed which.
    """
    parser = argparse.ArgumentParser(prog="python -m medialab.api", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="(default: %(default)s)")
    parser.add_argument(
        "--until-input-ends",
        action="store_true",
        help="end when standard input does, as it does with the program that started this one",
    )
    parser.add_argument(
        "--devices",
        metavar="NAMES",
        help="a process for each: cuda:0,cuda:1, or all for every CUDA device; by default what "
        f"{VARIABLE} says",
    )
    asked = parser.parse_args(arguments)
    port = asked.port
    try:
        devices = chosen_devices() if asked.devices is None else read_devices(asked.devices)
    except ConfigError as error:
        sys.exit(str(error))
    try:
        from medialab.api.http.server import serve
    except ImportError as error:
        message = f"the server needs {error.name}: pip install 'media-lab-studio[server]'"
        sys.exit(str(MissingLibraryError(message)))
    if not is_free(port):
        sys.exit(
            f"port {port} is in use, by this API already running or by another program; stop that, "
            f"or choose another port: make api PORT={port + 1}"
        )
    # By the environment, since a command line can be read by everyone on this machine.
    given = os.environ.get("MEDIALAB_TOKEN", "").split(",")
    tokens = [one.strip() for one in given if one.strip()] or [secrets.token_urlsafe(24)]
    print(f"the API is at http://127.0.0.1:{port}, with the header")
    print(*(f"Authorization: token {token}" for token in tokens), sep="\n", flush=True)
    if asked.until_input_ends:
        threading.Thread(target=_end_with_input, daemon=True).start()
    serve(port, tokens, devices or ())


def _end_with_input() -> None:
    """End this process as a signal does, once nothing more can be read from standard input."""
    while sys.stdin.buffer.read(1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
