"""Installed from its wheel, away from any checkout, the program has all that it needs."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "models" / "configs"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The project's wheel, built as a package index would get it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the program as pip installs it."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--target", str(folder), str(wheel)], capture_output=True, check=True)
    return folder


@pytest.fixture
def run(installed, tmp_path):
    """Runs Python in an empty folder with the installed program and its libraries alone."""

    def python(*arguments, **environment):
        path = os.pathsep.join([str(installed), sysconfig.get_path("purelib")])
        return subprocess.run(
            # Without -S the environment's own link to the checkout would be followed.
            [sys.executable, "-S", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": path} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return python


@pytest.fixture(scope="module")
def tiny_sdxl(installed, tiny_models):
    """A tiny single file of SDXL among the tiny models; the installed configs are as tiny."""
    import torch
    from transformers import CLIPTokenizer

    from medialab.families.unet_clip.single_files import SHARED_TOKENIZER
    from tests.tiny.checkpoints import make_xl_parts, write_single_sdxl
    from tests.tiny.networks import make_vae_of_four_levels

    tokens = tiny_models / "checkpoints" / "paperdoll" / "tokenizer"
    tokenizer = CLIPTokenizer.from_pretrained(tokens, local_files_only=True)
    torch.manual_seed(0)
    parts = make_xl_parts(tokenizer, make_vae_of_four_levels())
    configs = installed / "medialab" / "configs"
    for name in ("sdxl", SHARED_TOKENIZER):
        shutil.rmtree(configs / name)
    shutil.copytree(tokens, configs / SHARED_TOKENIZER)
    models = installed.parent / "tiny-models"
    shutil.copytree(tiny_models, models)
    single = models / "checkpoints" / "single.safetensors"
    write_single_sdxl(single, configs, parts, tokenizer)
    return models


def test_the_wheel_holds_both_packages_and_every_config_and_no_model(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    tops = {name.partition("/")[0] for name in held if ".dist-info/" not in name}
    assert tops == {"medialab", "widgets"}
    for path in CONFIGS.rglob("*"):
        if path.is_file():
            name = f"medialab/configs/{path.relative_to(CONFIGS).as_posix()}"
            assert held[name] == path.read_bytes()
    assert not [name for name in held if name.endswith(".safetensors")]
    source = {
        path.relative_to(ROOT).as_posix()
        for package in ("medialab", "widgets")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    bundles = {name for name in source if name.endswith(".bundle.js")}
    served = bundles | {name for name in source if "/page/" in name}  # as they are
    scripts = {name for name in source if name.endswith((".js", ".d.ts"))} - served
    assert len(bundles) >= 7
    assert source - scripts - {"widgets/tsconfig.json"} <= held.keys()
    assert not scripts & held.keys()


@pytest.mark.thorough
def test_it_makes_pictures_of_a_folder_and_of_a_single_file_in_the_current_folder(
    run, installed, tiny_sdxl, tmp_path
):
    code = """
import sys
import medialab
from medialab import PipelineConfig, Workbench
with Workbench(device="cpu") as bench:
    for checkpoint in ("paperdoll", "single"):
        config = PipelineConfig(checkpoint=checkpoint, seed=1, steps=1, width=64, height=64)
        print(bench.execute(config).artifact.path)
    print(bench.registry.find("single", "checkpoint").family)
    print(medialab.__file__, *sys.path, sep="\\n")
"""
    done = run("-c", code, MEDIALAB_MODELS=str(tiny_sdxl))
    assert done.returncode == 0, done.stderr
    folder, single, family, program, *path = done.stdout.splitlines()
    assert family == "sdxl"
    assert Path(program).is_relative_to(installed)
    assert str(ROOT) not in path
    for picture in (folder, single):
        assert Path(picture).is_relative_to(tmp_path / "outputs")
        assert Path(picture).is_file()


def test_a_shell_is_told_how_to_get_a_checkpoint_where_there_is_none(run, tmp_path):
    done = run("-m", "medialab", "prompt=a red ball")
    assert done.returncode == 1
    assert "no checkpoint 'paperdoll' in models/checkpoints; known: none." in done.stderr
    assert f"in {tmp_path / 'models' / 'checkpoints'}" in done.stderr
    assert "MEDIALAB_MODELS" in done.stderr
    assert "comes with the project's source" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "models").exists()
