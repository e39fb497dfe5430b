"""Make one picture from the command line: `python -m medialab prompt="a red car" seed=3`.

`--help` lists every setting, or those of one stage if its name follows; `settings` prints them all
as a page in Markdown; `enhance photo.jpg` works on a picture's file, with the settings that follow;
`batch file.yaml` makes a batch, or what is missing of it, with `--devices cuda:0,cuda:1` on several
GPUs, with `--dask ADDRESS` or `--workers NUMBER` on a Dask cluster; `fetch address` downloads a
model, and `fetch photos` the detectors and upscalers for photos, out of packages of the registry;
`doctor` says what this machine has, and `doctor --json` says it to programs; `mcp` serves an agent.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from medialab.api import reference
from medialab.api.arguments import read_arguments
from medialab.batch.cluster import DaskExecutor
from medialab.batch.files import read_batch
from medialab.config.pipeline import PipelineConfig
from medialab.devices.names import VARIABLE, chosen_devices, read_devices
from medialab.errors import ConfigError, MediaLabError, MissingLibraryError, shown
from medialab.listing.model_folders import chosen_folders
from medialab.loading.registry import ModelRegistry
from medialab.process.installation import outputs_folder
from medialab.runs.run import Run
from medialab.workbench import Workbench

if TYPE_CHECKING:
    from medialab.remote.download import Download

_HELP = frozenset({"-h", "--help", "help"})
_PAGE, _BATCH, _FETCH, _ENHANCE = "settings", "batch", "fetch", "enhance"
_DOCTOR, _JSON, _MCP = "doctor", "--json", "mcp"
_INTERRUPTED = 130  # a shell's exit status after Ctrl-C
# Columns; longer lines are hard to read.
_WIDEST = 100
_PROGRESS_SECONDS, _KIND = 5.0, "kind="


def main(arguments: list[str]) -> int:
    """Read settings as name=value, make the picture, print its path and the seconds it took.

    Returns:
        The exit status: 0, 1 if the picture could not be made, 2 if the arguments are wrong.
    """
    commands = {_BATCH: _batch, _FETCH: _fetch, _DOCTOR: _examine, _MCP: _serve_agent}
    command = commands.get(arguments[0]) if arguments else None
    asks_help = not arguments or bool(_HELP.intersection(arguments))
    try:
        if command is not None and (command is _batch or not asks_help):  # it has help of its own
            return command(arguments[1:])
        if asks_help:
            asked = [one.partition("=")[0] for one in arguments if one not in _HELP]
            width = min(shutil.get_terminal_size().columns, _WIDEST)
            return _print(reference.as_help(asked, width))
        if arguments == [_PAGE]:
            return _print(reference.as_page())
        # Before the workbench is made: a typing error need not wait for torch.
        make = _asked(arguments)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return _make(make)


def _asked(arguments: list[str]) -> Callable[[Workbench], Run]:
    """Return what makes the picture that is asked for.

    Raises:
        ConfigError: a setting is wrong, or there is no picture to enhance.
    """
    if arguments[0] == _ENHANCE:
        path, settings = read_enhancement(arguments[1:])
        return lambda bench: bench.enhance(path, settings)
    config = PipelineConfig.parse(read_arguments(arguments, PipelineConfig))
    return lambda bench: bench.execute(config)


def read_enhancement(arguments: list[str]) -> tuple[Path, PipelineConfig | None]:
    """Return the picture's path and the settings after `enhance`; None where none are given.

    Raises:
        ConfigError: there is no path, or a setting is wrong.
    """
    if not arguments or ("=" in arguments[0] and not Path(arguments[0]).exists()):
        message = "write the picture's file first: python -m medialab enhance photo.jpg sharpen=0.5"
        raise ConfigError(message)
    path, *settings = arguments
    if not settings:
        return Path(path), None
    return Path(path), PipelineConfig.parse(read_arguments(settings, PipelineConfig))


def _make(make: Callable[[Workbench], Run]) -> int:
    started = time.perf_counter()
    try:
        with Workbench() as bench:
            run = make(bench)
    except MediaLabError as error:
        print(error, file=sys.stderr)
        return 1
    making = sum(stage["seconds"] for stage in run.record["stages"])
    for artifact in run.artifacts:
        print(artifact.path)
    print(f"made in {making:.1f} s, {time.perf_counter() - started:.1f} s with loading")
    return 0


class _Arguments(argparse.ArgumentParser):
    """Reads the arguments of a batch; a wrong one is an error like any other."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(f"{message}; write {self.format_usage().removeprefix('usage: ').strip()}")


def read_batch_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the arguments after `batch`.

    Raises:
        ConfigError: one is missing, unknown or wrong.
    """
    parser = _Arguments(
        prog="python -m medialab batch",
        usage="python -m medialab batch file.yaml "
        "[--devices NAMES | --dask ADDRESS | --workers NUMBER]",
        description="Make what is missing of a batch, and write its table and contact sheets.",
    )
    parser.add_argument("file", type=Path, help="the batch, as docs/batch.md describes it")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--dask", metavar="ADDRESS", help="of a scheduler, such as tcp://192.168.0.5:8786"
    )
    where.add_argument(
        "--workers", metavar="NUMBER", type=int, help="processes to start on this machine"
    )
    where.add_argument(
        "--devices",
        metavar="NAMES",
        help="of this machine, a process for each: cuda:0,cuda:1, or all for every CUDA device; "
        f"by default what {VARIABLE} says",
    )
    parser.add_argument(
        "--device", help="what the workers compute on, if not what this machine does: cpu, cuda"
    )
    asked = parser.parse_args(arguments)
    if asked.devices is not None:
        asked.devices = read_devices(asked.devices)
    elif asked.dask is None and asked.workers is None:
        asked.devices = chosen_devices()
    return asked


def _batch(words: list[str]) -> int:
    return _make_batch(read_batch_arguments(words))


def _make_batch(arguments: argparse.Namespace) -> int:
    """Make what is missing of a batch; say each picture, and where table and sheets are."""
    try:
        asked = read_batch(arguments.file)
        asked.sweep.check()
    except MediaLabError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        with ExitStack() as opened:
            bench = opened.enter_context(Workbench(devices=arguments.devices))
            batch = asked.begin(bench)
            print(batch.plan, flush=True)
            executor = None
            if arguments.dask is not None or arguments.workers is not None:
                dask = DaskExecutor(
                    arguments.dask,
                    workers=arguments.workers,
                    device=arguments.device,
                    say=partial(print, flush=True),
                )
                executor = opened.enter_context(dask)
            batch.run(batch.print_row, executor)
            for path in batch.write():
                print(path)
    except MediaLabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on with what is missing", file=sys.stderr)
        return _INTERRUPTED
    return int(any(state["state"] == "failed" for state in batch.states()))


def read_fetch_arguments(words: list[str]) -> argparse.Namespace:
    """Read the arguments after `fetch`: `references`, `kind` and `wheels`.

    Raises:
        ConfigError: one is missing, unknown or wrong.
    """
    parser = _Arguments(
        prog="python -m medialab fetch",
        usage="python -m medialab fetch address [kind=lora], or: fetch photos [--from FOLDER]",
        description="Download models.",
    )
    parser.add_argument("references", nargs="*", help="addresses, or photos")
    parser.add_argument(
        "--from",
        dest="wheels",
        metavar="FOLDER",
        type=Path,
        help="where the packages of photos lie already",
    )
    asked = parser.parse_args(words)
    kinds = [word.removeprefix(_KIND) for word in asked.references if word.startswith(_KIND)]
    asked.kind = next(iter(kinds), "")
    asked.references = [word for word in asked.references if not word.startswith(_KIND)]
    if not asked.references:
        message = "write what to download: python -m medialab fetch address, or fetch photos"
        raise ConfigError(message)
    return asked


def _fetch(words: list[str]) -> int:
    """Download models; say every few seconds how far each is, and in the end where it is.

    Args:
        words: As `read_fetch_arguments` takes them.
    """
    asked = read_fetch_arguments(words)
    from medialab.remote.downloads import Downloads  # its libraries are needed here only
    from medialab.remote.packages.pins import from_folder

    wanted = [from_folder(one, asked.wheels) for one in asked.references]
    registry = ModelRegistry(chosen_folders(), hash_cache=outputs_folder() / "hashes.sqlite")
    try:
        with closing(Downloads.into(registry)) as downloads:
            started = [downloads.start(one, kind=asked.kind) for one in wanted]
            return max(map(_report, started))
    except MediaLabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on with what is there", file=sys.stderr)
        return _INTERRUPTED


def _examine(words: list[str]) -> int:
    """Print what this machine has, and what would help.

    Args:
        words: `--json`, or nothing.

    Raises:
        ConfigError: another word.
    """
    if unknown := [word for word in words if word != _JSON]:
        raise ConfigError(f"doctor takes --json or nothing, not {shown(unknown[0])}")
    from medialab.api.doctor import examine  # needed here only

    found = examine()
    return _print((found.as_json() if words else found.as_text()) + "\n")


def _serve_agent(words: list[str]) -> int:
    """Serve an agent over standard input and output, until it hangs up.

    Args:
        words: None.

    Raises:
        ConfigError: there is a word.
    """
    if words:
        raise ConfigError(f"mcp takes nothing, not {shown(words[0])}; docs/api.md has an example")
    try:
        from medialab.api.agents.server import serve
    except ImportError as error:
        message = f"tools for agents need {error.name}: pip install 'media-lab-studio[mcp]'"
        print(MissingLibraryError(message), file=sys.stderr)
        return 1
    serve()
    return 0


def _report(download: "Download") -> int:
    """Wait for a download, and return 0 if the model is there, 1 if not."""
    while not download.has_ended:
        with suppress(TimeoutError):
            download.wait(_PROGRESS_SECONDS)
            break
        print(download, file=sys.stderr, flush=True)
    if download.error is not None:
        print(download.error, file=sys.stderr)
        return 1
    print(*filter(None, (download.path, download.told)), sep="\n")
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
