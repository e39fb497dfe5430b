"""What the pages show as Python runs as it stands there, each page in a fresh process."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    page
    for folder in (".", "docs", "models", "outputs")
    for page in sorted((ROOT / folder).glob("*.md"))
    if "```python\n" in page.read_text()
]
# What a reader has by then; a page that makes its own takes the name over.
BEFORE = "from medialab import PipelineConfig, Workbench\nbench = Workbench()\n"
SOME_PICTURE = re.compile(r'"outputs/[^"]*\.png"')


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """This project with the models that it ships, and outputs of its own."""
    folder = tmp_path_factory.mktemp("documented")
    shutil.copytree(ROOT / "medialab", folder / "medialab")
    (folder / "models").symlink_to(ROOT / "models")
    return folder


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.thorough] if page != ROOT / "README.md" else [])
        for page in PAGES
    ],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_the_python_of_a_page_runs(page, checkout):
    snippets = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    code = "\n".join([BEFORE, *snippets, "bench.close()"])
    named = SOME_PICTURE.search(code)
    if named and "run =" not in code[: named.start()]:
        code = code.replace(BEFORE, f"{BEFORE}run = bench.execute(PipelineConfig(seed=1))\n")
    code = SOME_PICTURE.sub("run.artifact.path", code)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{page.name}:\n{done.stderr}"
