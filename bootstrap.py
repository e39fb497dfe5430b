"""Make `.venv` and install the project in it, with the PyTorch build this machine needs.

Standard library only, so that a bare `python3 bootstrap.py` works in a fresh clone. The registry's
newest PyTorch for Linux brings gigabytes of CUDA; a machine without an NVIDIA GPU has no use for
them. So PyTorch is chosen and installed first, and its exact version constrains all that follows:
no later package can swap the build.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.util
import operator
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlparse

ROOT = Path(__file__).resolve().parent
PYPROJECT = ROOT / "pyproject.toml"
VENV = ROOT / ".venv"
STAMP = VENV / "bootstrap.stamp"
CONSTRAINTS = VENV / "constraints.txt"
DEFAULT_EXTRAS = "studio,control,detectors,app,server,keyring,cluster,gguf,photos,mcp,test"
# Installed without its dependencies. spandrel requires torchvision, whose CUDA wheel beside a CPU
# torch makes transformers' text encoders fail; only two architectures, not used here, need it. Its
# other dependencies are in pyproject.toml.
WITHOUT_DEPENDENCIES = ("spandrel>=0.4.1,<0.5",)
# Written out, not read: the parser of pyproject.toml (tomllib) came with Python 3.11 itself.
MINIMUM_PYTHON = (3, 11)
COMPARISONS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


class BootstrapError(Exception):
    """An error that the user can fix; the message says how."""


class PythonTooOldError(BootstrapError):
    """This interpreter is older than the project's `requires-python`."""


class VenvModuleMissingError(BootstrapError):
    """Python lacks the modules for virtual environments (Debian has them in another package)."""


class TorchExcludedError(BootstrapError):
    """Local PyTorch wheels fit this interpreter, but not the range in pyproject.toml."""


class InstallFailedError(BootstrapError):
    """A child process failed; its own output precedes the message."""


class Wheel(NamedTuple):
    """A PyTorch wheel in a local folder, described by its file name."""

    path: Path
    version: str
    python_tags: frozenset[str]
    platform_tags: frozenset[str]

    @property
    def is_cpu_only(self) -> bool:
        """Whether the build carries no CUDA, by its local version label."""
        return self.version.endswith("+cpu")

    def fits(self, python_tag: str, system: str) -> bool:
        """Return whether an interpreter (`cp311`) on a system (`linux-x86_64`) can install it."""
        return python_tag in self.python_tags and any(
            _platform_fits(tag, system) for tag in self.platform_tags
        )


class TorchChoice(NamedTuple):
    """The requirement to pass to pip, and the reason in words."""

    requirement: str
    reason: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring `.venv` up to date and print what was done.

    Returns:
        The exit status: 0, or 1 after an error that the user can fix, which is printed to stderr.
    """
    parser = argparse.ArgumentParser(description="Make .venv and install Media Lab Studio in it.")
    parser.add_argument(
        "--extras",
        default=DEFAULT_EXTRAS,
        help="optional parts, comma-separated; '' for the core alone (default: %(default)s)",
    )
    extras = parser.parse_args(arguments).extras
    try:
        check_python(sys.version_info[:3])
        check_venv_modules()
        make_environment(extras)
    except BootstrapError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    return 0


def make_environment(extras: str) -> None:
    """Create `.venv`, install PyTorch, then the project; do nothing if nothing changed.

    Cost: milliseconds if the stamp matches, about a minute from scratch with a local wheel.

    Raises:
        BootstrapError: a step failed; `.venv` has no stamp then, and the next run continues.
    """
    started = time.monotonic()
    stamp = stamp_of(PYPROJECT, Path(__file__), sys.version, extras)
    python = venv_python(VENV)
    if python.exists() and STAMP.exists() and STAMP.read_text() == stamp:
        return
    STAMP.unlink(missing_ok=True)

    if not python.exists() or not venv_matches(VENV, sys.version_info[:3]):
        say(f"making .venv with Python {platform.python_version()}")
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])

    torch = choose_torch(
        wheels=local_torch_wheels(find_links(read_pip_settings(python))),
        torch_range=torch_range_of(PYPROJECT),
        python_tag=f"cp{sys.version_info.major}{sys.version_info.minor}",
        system=sysconfig.get_platform(),
        has_nvidia_gpu=has_nvidia_gpu(),
    )
    say(f"installing {torch.requirement}: {torch.reason}")
    pip_install(python, [torch.requirement])
    CONSTRAINTS.write_text(f"torch=={installed_version(python, 'torch')}\n")

    project = f".[{extras}]" if extras else "."
    say(f"installing the project: {project}")
    pip_install(python, ["--editable", project], constraints=CONSTRAINTS)
    pip_install(python, ["--no-deps", *WITHOUT_DEPENDENCIES], constraints=CONSTRAINTS)

    STAMP.write_text(stamp)
    say(f"environment ready in {time.monotonic() - started:.0f} s")


# --- checks -----------------------------------------------------------------------------------


def check_python(version: tuple[int, ...]) -> None:
    """Check that the interpreter is recent enough.

    Raises:
        PythonTooOldError: it is older than the project supports.
    """
    if version < MINIMUM_PYTHON:
        raise PythonTooOldError(
            f"this is Python {_dotted(version)}; Media Lab Studio needs "
            f"{_dotted(MINIMUM_PYTHON)} or newer. Name a newer one: "
            f"make studio PYTHON=python{_dotted(MINIMUM_PYTHON)}"
        )


def check_venv_modules() -> None:
    """Check that Python can create an environment with pip, before an incomplete one is made.

    Raises:
        VenvModuleMissingError: it cannot.
    """
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise VenvModuleMissingError(
            f"this Python has no module {' and no module '.join(missing)}, so it cannot make a "
            "virtual environment. On Debian and Ubuntu: apt-get install python3-venv"
        )


def has_nvidia_gpu() -> bool:
    """Return whether NVIDIA's driver finds a device; the tool alone does not count."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    return subprocess.run([tool], check=False, capture_output=True).returncode == 0


def venv_matches(venv: Path, version: tuple[int, ...]) -> bool:
    """Return whether an environment was made by this version of Python, by its `pyvenv.cfg`."""
    settings = venv / "pyvenv.cfg"
    lines = settings.read_text().splitlines() if settings.exists() else []
    return f"version = {_dotted(version)}" in lines


def stamp_of(pyproject: Path, script: Path, interpreter: str, extras: str) -> str:
    """Return a hash of everything that the environment is made from."""
    digest = hashlib.sha256(f"{interpreter}\n{extras}\n".encode())
    digest.update(pyproject.read_bytes())
    digest.update(script.read_bytes())
    return digest.hexdigest()


# --- the choice of PyTorch --------------------------------------------------------------------


def choose_torch(
    wheels: Iterable[Wheel],
    torch_range: str,
    python_tag: str,
    system: str,
    has_nvidia_gpu: bool,
) -> TorchChoice:
    """Choose a PyTorch build: local wheels before the registry, CUDA before CPU if there is a GPU.

    Args:
        wheels: Local PyTorch wheels.
        torch_range: The project's range, such as `>=2.4,<3`.
        python_tag: The interpreter's tag, such as `cp311`.
        system: The system and machine, such as `linux-x86_64`.
        has_nvidia_gpu: Whether a CUDA build can be used.

    Raises:
        TorchExcludedError: local wheels fit the machine but not the project. Using the registry
            instead would silently download gigabytes that the user wanted to avoid.
    """
    fitting = [wheel for wheel in wheels if wheel.fits(python_tag, system)]
    unwanted = [wheel for wheel in fitting if has_nvidia_gpu and wheel.is_cpu_only]
    fitting = [wheel for wheel in fitting if wheel not in unwanted]
    admitted = [wheel for wheel in fitting if admits(torch_range, wheel.version)]
    if admitted:
        newest = max(admitted, key=lambda wheel: release(wheel.version))
        return TorchChoice(f"torch=={newest.version}", "a local wheel from pip's find-links")
    if fitting:
        found = ", ".join(sorted(wheel.path.name for wheel in fitting))
        raise TorchExcludedError(
            f"pip's find-links offers {found}, but pyproject.toml wants torch{torch_range}. Put a "
            "wheel in that range there, or unset find-links to take the registry's build"
        )
    if has_nvidia_gpu:
        # pip still sees find-links, and 2.13.0+cpu sorts above the registry's 2.13.0 (PEP 440).
        excluded = "".join(f",!={wheel.version}" for wheel in unwanted)
        reason = "the registry's CUDA build, for this NVIDIA GPU"
        return TorchChoice(f"torch{torch_range}{excluded}", reason)
    if system.startswith("linux"):
        return TorchChoice(
            f"torch{torch_range}",
            "the registry's build; no GPU here, yet it may bring several GB of CUDA. To avoid "
            "them, stop now and put a CPU wheel in a folder named by PIP_FIND_LINKS",
        )
    return TorchChoice(f"torch{torch_range}", "the registry's build")


def local_torch_wheels(folders: Iterable[Path]) -> list[Wheel]:
    """Return every released PyTorch wheel in these folders; a missing folder has none."""
    paths = (path for folder in folders for path in sorted(folder.glob("torch-*.whl")))
    return [wheel for wheel in map(parse_wheel, paths) if wheel is not None]


def parse_wheel(path: Path) -> Wheel | None:
    """Read `name-version(-build)-python-abi-platform.whl`; None for pre-releases and other names.

    Source: PyPA, "Binary distribution format", file name convention.
    """
    parts = path.name[: -len(".whl")].split("-")
    if len(parts) not in (5, 6) or not re.fullmatch(r"\d+(\.\d+)*(\+[a-z0-9.]+)?", parts[1]):
        return None
    python_tags, _abi, platform_tags = (frozenset(part.split(".")) for part in parts[-3:])
    return Wheel(path, parts[1], python_tags, platform_tags)


def _platform_fits(tag: str, system: str) -> bool:
    """Compare a wheel's platform tag with `sysconfig.get_platform()`, but for the OS version."""
    system_name, _, machine = system.partition("-")
    if system_name == "linux":
        return tag.startswith(("linux_", "manylinux")) and tag.endswith(f"_{machine}")
    if system_name == "macosx":
        architecture = machine.rpartition("-")[2]
        return tag.startswith("macosx_") and tag.endswith((f"_{architecture}", "_universal2"))
    return tag == system.replace("-", "_")


def torch_range_of(pyproject: Path) -> str:
    """Return the project's range for PyTorch, such as `>=2.4,<3`."""
    import tomllib  # here, so that an older Python gets its own message first

    with pyproject.open("rb") as file:
        dependencies = tomllib.load(file)["project"]["dependencies"]
    for dependency in dependencies:
        if found := re.fullmatch(r"torch\s*([<>=!].*)", dependency):
            return found[1]
    raise BootstrapError(f"{pyproject.name} gives torch no version range in its dependencies")


def admits(version_range: str, version: str) -> bool:
    """Return whether a range of comparisons (`>=2.4,<3,!=2.5.0`) includes a released version."""
    clauses = [
        re.fullmatch(r"(>=|<=|==|!=|>|<)([\d.]+)", c.strip()) for c in version_range.split(",")
    ]
    if None in clauses:
        known = ", ".join(COMPARISONS)
        raise BootstrapError(
            f"cannot read the range torch{version_range}; known comparisons: {known}"
        )
    return all(COMPARISONS[c[1]](release(version), release(c[2])) for c in clauses if c)


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version for comparison: `2.13.0+cpu` and `2.13` give (2, 13)."""
    numbers = [int(part) for part in version.partition("+")[0].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


# --- pip --------------------------------------------------------------------------------------


def find_links(pip_settings: str) -> list[Path]:
    """Return the local folders in pip's find-links, given the output of `pip config list`.

    It includes environment variables, as `:env:.find-links`. Web addresses are ignored: pip itself
    searches them.
    """
    links: list[str] = []
    for line in pip_settings.splitlines():
        name, _, value = line.partition("=")
        if name.endswith(".find-links"):
            links += ast.literal_eval(value).split()
    folders = map(_local_folder, dict.fromkeys(links))
    return [folder for folder in folders if folder is not None]


def _local_folder(link: str) -> Path | None:
    """Return the folder of a find-links entry, or None for a web address."""
    url = urlparse(link)
    if url.scheme == "file":
        return Path(unquote(url.path))
    # pip runs in ROOT, so that is where a relative folder starts.
    return None if url.scheme in ("http", "https") else ROOT / Path(link).expanduser()


def read_pip_settings(python: Path) -> str:
    """Return pip's settings, from files and environment, one `name='value'` per line."""
    return run([str(python), "-m", "pip", "config", "list"], capture=True)


def pip_install(python: Path, what: Sequence[str], constraints: Path | None = None) -> None:
    """Install packages, printing only errors; an existing PIP_CONSTRAINT applies as well.

    Raises:
        InstallFailedError: it failed; pip itself has printed why.
    """
    environment = dict(os.environ)
    if constraints is not None:
        files = [environment.get("PIP_CONSTRAINT", ""), constraints.as_uri()]
        environment["PIP_CONSTRAINT"] = " ".join(filter(None, files))
    run([str(python), "-m", "pip", "install", "-qq", "--no-input", *what], environment)


def installed_version(python: Path, package: str) -> str:
    """Return the version of a package in `.venv`, with its local label."""
    question = f"from importlib.metadata import version; print(version({package!r}))"
    return run([str(python), "-c", question], capture=True).strip()


# --- small things -----------------------------------------------------------------------------


def venv_python(venv: Path) -> Path:
    """Return the path of the interpreter in an environment, on this platform."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(
    command: Sequence[str], environment: dict[str, str] | None = None, capture: bool = False
) -> str:
    """Run a command in the project's folder; its output is returned if captured, otherwise shown.

    Raises:
        InstallFailedError: it failed; the message names the command.
    """
    output = subprocess.PIPE if capture else None
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, stdout=output, text=True)
    if done.returncode != 0:
        raise InstallFailedError(
            f"exit status {done.returncode} from: {' '.join(command)}\n"
            "The lines above say why. Fix it and run the same command again: it continues from here"
        )
    return done.stdout or ""


def say(line: str) -> None:
    """Print one line at once, so that a long installation shows its progress."""
    print(line, flush=True)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


if __name__ == "__main__":
    sys.exit(main())
