"""Make one picture from the command line: `python -m medialab prompt="a red car" seed=3`.

`--help` lists every setting, or those of one stage if its name follows; `settings` prints them all
as a page in Markdown.
"""

import os
import shutil
import sys
import time

from medialab.api import reference
from medialab.api.arguments import read_arguments
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, MediaLabError
from medialab.workbench import Workbench

_HELP = frozenset({"-h", "--help", "help"})
_PAGE = "settings"
# Columns; longer lines are hard to read.
_WIDEST = 100


def main(arguments: list[str]) -> int:
    """Read settings as name=value, make the picture, print its path and the seconds it took.

    Returns:
        The exit status: 0, 1 if the picture could not be made, 2 if the arguments are wrong.
    """
    try:
        if not arguments or _HELP.intersection(arguments):
            asked = [one.partition("=")[0] for one in arguments if one not in _HELP]
            width = min(shutil.get_terminal_size().columns, _WIDEST)
            return _print(reference.as_help(asked, width))
        if arguments == [_PAGE]:
            return _print(reference.as_page())
        # Before the workbench is made: a typing error need not wait for torch.
        config = PipelineConfig.parse(read_arguments(arguments, PipelineConfig))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return _make(config)


def _make(config: PipelineConfig) -> int:
    started = time.perf_counter()
    try:
        with Workbench() as bench:
            run = bench.execute(config)
    except MediaLabError as error:
        print(error, file=sys.stderr)
        return 1
    making = sum(stage["seconds"] for stage in run.record["stages"])
    for artifact in run.artifacts:
        print(artifact.path)
    print(f"made in {making:.1f} s, {time.perf_counter() - started:.1f} s with loading")
    return 0


def _print(text: str) -> int:
    """Print a long text in UTF-8, whatever the system's encoding, so that it can become a file."""
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has closed the pipe, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
