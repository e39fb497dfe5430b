"""The bundles that the browser gets are those of the sources, as `npm run build` makes them."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUNDLES = sorted((ROOT / "widgets").glob("*/*.bundle.js"))
MODULES = ROOT / "node_modules" / "esbuild"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_every_widget_with_javascript_has_a_bundle():
    entries = [path for path in ROOT.glob("widgets/*/src/*.js") if path.stem == path.parts[-3]]
    assert len(entries) >= 7
    assert sorted(path.parents[1] / f"{path.stem}.bundle.js" for path in entries) == BUNDLES


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.parent.name)
def test_a_bundle_has_the_hashes_of_its_sources_and_of_itself(bundle):
    text = bundle.read_text(encoding="utf-8")
    sources = re.findall(r"^// source: (.+)$", text, re.MULTILINE)
    of_sources, of_code = re.findall(
        r"^// sha256 of the \w+(?: below)?: (\w{64})$", text, re.MULTILINE
    )
    content = "".join((ROOT / path).read_text(encoding="utf-8") for path in sources)
    assert f"widgets/{bundle.parent.name}/src/{bundle.parent.name}.js" in sources
    assert sha256(content) == of_sources, "a source has changed: npm run build"
    _, _, code = text.partition(f"{of_code}\n")
    assert sha256(code) == of_code, "the bundle was edited: change its sources, and npm run build"


def test_building_them_anew_changes_nothing():
    node = shutil.which("node")
    if not (node and MODULES.is_dir()) and not os.environ.get("CI"):
        pytest.skip("needs Node.js and `npm ci`; the hashes above are checked without")
    done = subprocess.run(
        [node or "node", "widgets/build.js", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
