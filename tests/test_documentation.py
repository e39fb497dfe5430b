"""What the pages show as Python runs as it stands there, and the commands they show exist.

The Python of each page runs in a fresh process. The lines for curl are run in tests/api.
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from medialab import PipelineConfig
from medialab.__main__ import read_batch_arguments, read_enhancement, read_fetch_arguments
from medialab.api import reference
from medialab.api.arguments import read_arguments
from medialab.batch.files import read_batch
from medialab.settings.fields import StageConfig
from tests.api.serving import serving_api
from tests.remote.civitai_server import CivitaiServer

ROOT = Path(__file__).resolve().parents[1]
ALL_PAGES = [
    page
    for folder in (".", "docs", "models", "models/paperdoll", "outputs")
    for page in sorted((ROOT / folder).glob("*.md"))
    if page.name != "CHANGELOG.md"  # it tells of commands that are gone, too
]
PAGES = [page for page in ALL_PAGES if "```python\n" in page.read_text()]
PROGRAM = re.compile(r"(?:\.venv/bin/)?(make|python|papermill)(?= )")
# What a reader has by then; a page that makes its own takes the name over.
BEFORE = "from medialab import PipelineConfig, Workbench\nbench = Workbench()\n"
API = "http://127.0.0.1:8000"  # of `make api`, which is started for the page
SOME_PICTURE = re.compile(r'"outputs/[^"]*\.png"')


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """This project with a copy of the models that it ships, and outputs of its own."""
    folder = tmp_path_factory.mktemp("documented")
    for name in ("medialab", "models", "widgets"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def civitai():
    """CivitAI on this machine, with the model that the pages search for."""
    with CivitaiServer() as server:
        server.add_model("Ink", words=["ink style"])
        yield server


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.thorough] if page != ROOT / "README.md" else [])
        for page in PAGES
    ],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_the_python_of_a_page_runs(page, checkout, civitai, tmp_path):
    snippets = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    code = "\n".join([BEFORE, *snippets, "bench.close()"])
    named = SOME_PICTURE.search(code)
    if named and "run =" not in code[: named.start()]:
        code = code.replace(BEFORE, f"{BEFORE}run = bench.execute(PipelineConfig(seed=1))\n")
    code = SOME_PICTURE.sub("run.artifact.path", code)
    environment = os.environ | {"PYTHONPATH": str(checkout), "MEDIALAB_CIVITAI_URL": civitai.url}
    with ExitStack() as stack:
        if API in code:
            server = stack.enter_context(serving_api(checkout / "models", tmp_path))
            code = code.replace(API, server.address)
            environment["MEDIALAB_TOKEN"] = server.token
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, f"{page.name}:\n{done.stderr}"


def blocks_of(page):
    """The blocks of code on a page, each as its language ("" for none) and its text."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def inline_of(page):
    """The code within a page's sentences, which may go on in the next line."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(one.split()) for one in re.findall(r"`([^`]+)`", prose)]


def code_of(page):
    """All code on a page, in one text."""
    return "\n".join([*(text for _, text in blocks_of(page)), *inline_of(page)])


def anchors_of(page):
    """The anchors of a page's headings, as GitHub makes them."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    heads = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_link_of_a_page_leads_to_a_file_and_a_heading_that_are_there(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        place, _, anchor = target.partition("#")
        if place.startswith(("http:", "https:")):
            continue
        file = (page.parent / place).resolve() if place else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors_of(file), target


def test_the_workbench_has_each_name_that_a_page_gives_it(bench):
    for page in ALL_PAGES:
        for name in re.findall(r"\bbench\.(\w+)", code_of(page)):
            assert hasattr(bench, name), f"{page.name}: bench.{name}"


MISSPELT = {("face", "strenght")}  # a page shows how it is refused


def test_a_stage_has_each_setting_that_a_page_gives_it():
    stages = {name: part for name, part in PipelineConfig() if isinstance(part, StageConfig)}
    named = re.compile(rf"(?<![\w./-])({'|'.join(stages)})\.([a-z_0-9]+)\b(?!\.)")
    for page in ALL_PAGES:
        for stage, setting in {*named.findall(code_of(page))} - MISSPELT:
            assert setting in type(stages[stage]).model_fields, f"{page.name}: {stage}.{setting}"


def test_python_that_needs_more_than_is_here_is_python():
    for page in ALL_PAGES:
        for kind, text in blocks_of(page):
            if kind == "py":
                compile(text, page.name, "exec")


MEASURES = re.compile(r"((?:[A-Z_]+=\S+ )*)pytest ((?:-s )?)(\S+\.py)((?: -k \S+)?)$")


def test_a_figure_names_a_benchmark_that_is_there_and_the_variables_that_it_reads():
    found = 0
    for page in ALL_PAGES:
        for line in [*code_of(page).splitlines()]:
            if " pytest " not in f" {line}" or ".py" not in line:
                continue
            command = MEASURES.search(line.strip())
            assert command, line
            variables, _, file, chosen = command.groups()
            source = (ROOT / file).read_text()
            reads = source + (ROOT / "tests/benchmarks/conftest.py").read_text()
            assert all(f'"{one.partition("=")[0]}"' in reads for one in variables.split()), line
            assert chosen.removeprefix(" -k ") in source, line
            found += 1
    assert found > 9


def commands_of(page):
    """The commands that a page shows, in blocks and within its sentences, as words."""
    shells = [text for kind, text in blocks_of(page) if kind in {"", "sh"}]
    lines = [line for text in shells for line in text.splitlines()] + inline_of(page)
    for line in lines:
        if PROGRAM.match(line.strip()) and "…" not in line:
            words = shlex.split(line.strip(), comments=True)
            yield [Path(words[0]).name, *[word for word in words[1:] if word != "&"]]


COMMANDS = sorted({tuple(command) for page in ALL_PAGES for command in commands_of(page)})


def commands(*start):
    """Those that begin so, as parameters of a test: what follows, and an id."""
    found = [one[len(start) :] for one in COMMANDS if one[: len(start)] == start]
    return pytest.mark.parametrize("words", found, ids=" ".join)


def test_the_pages_show_commands_of_each_kind():
    first = {command[: 3 if command[0] == "python" else 1] for command in COMMANDS}
    assert {("make",), ("papermill",), ("python", "-m", "medialab")} <= first
    assert {program for program, *_ in first} == {"make", "papermill", "python"}


@commands("make")
def test_a_make_command_that_is_shown_is_one_that_make_knows(words, make):
    done = subprocess.run(
        make("--dry-run", *words), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@commands("python", "-m", "medialab")
def test_a_picture_from_the_shell_is_asked_for_with_settings_that_there_are(words):
    if "--help" in words:
        assert reference.as_help([word for word in words if word != "--help"], 100)
    elif words[:1] == ("batch",):
        read_batch(ROOT / read_batch_arguments([*words[1:]]).file).sweep.check()
    elif words[:1] == ("enhance",):
        read_enhancement([*words[1:]])
    elif words[:1] == ("fetch",):
        assert read_fetch_arguments([*words[1:]])
    elif words[:1] == ("doctor",):
        assert set(words[1:]) <= {"--json"}
    elif words[:1] == ("mcp",):
        assert not words[1:]  # tests/api/agents speak with it
    elif words:
        PipelineConfig.parse(read_arguments(list(words), PipelineConfig))


@commands("python", "-m")
def test_a_module_that_is_shown_as_a_program_is_there_and_knows_its_options(words):
    module, *arguments = words
    place = Path(importlib.util.find_spec(module).origin)
    sources = [path.read_text() for path in place.parent.glob("*.py")]
    for word in arguments:
        if word.startswith("--") or module.startswith("models."):
            assert any(word in source for source in sources), word


@commands("papermill")
def test_a_notebook_that_papermill_is_shown_to_run_has_those_parameters(words):
    source, _, *options = words
    (cell,) = (
        cell
        for cell in nbformat.read(ROOT / source, as_version=4).cells
        if "parameters" in cell.metadata.get("tags", [])
    )
    names = [name for option, name in pairwise(options) if option == "-p"]
    assert names
    assert all(f"{name} = " in cell.source for name in names)
