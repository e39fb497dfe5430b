"""ComfyUI's folders, and its extra_model_paths.yaml, are read as ComfyUI reads them."""

import pytest

from medialab.errors import ConfigError
from medialab.listing import comfyui
from medialab.listing.model_folders import open_folders
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora

# The example that ComfyUI ships (extra_model_paths.yaml.example), filled in, and more.
LIST = """
#Rename this to extra_model_paths.yaml and ComfyUI will load it
a111:
    base_path: webui/
    checkpoints: models/Stable-diffusion
    configs: models/Stable-diffusion
    vae: models/VAE
    loras: |
         models/Lora
         models/LyCORIS
    upscale_models: |
                  models/ESRGAN
                  models/RealESRGAN
                  models/SwinIR
    embeddings: embeddings
    hypernetworks: models/hypernetworks
    controlnet: models/ControlNet
comfyui:
    base_path: $BIG/ComfyUI
    is_default: true
    checkpoints: models/checkpoints/
    clip: |
        models/text_encoders/
        models/clip/  # legacy location still supported
    loras: models/loras/
    custom_nodes: path/custom_nodes
other_ui:
    loras: relative/loras
    unet: /absolute/unet
empty:
"""


@pytest.fixture
def listed(tmp_path, monkeypatch):
    monkeypatch.setenv("BIG", str(tmp_path / "big"))
    path = tmp_path / "lists" / "extra_model_paths.yaml"
    path.parent.mkdir()
    path.write_text(LIST)
    return path


def test_the_list_is_read_as_comfyui_reads_it(listed, tmp_path):
    first, second, third = comfyui.folders_of_list(listed)
    assert [one.name for one in (first, second, third)] == ["comfyui", "a111", "other_ui"]
    home = tmp_path / "big" / "ComfyUI" / "models"
    encoders = home / "text_encoders", home / "clip" / "  # legacy location still supported"
    assert first.places == {
        "checkpoint": (home / "checkpoints",),
        "lora": (home / "loras",),
        "text encoder": encoders,  # ComfyUI reads the remark as a part of the path, too
    }
    webui = tmp_path / "lists" / "webui"
    assert second.places["lora"] == (webui / "models" / "Lora", webui / "models" / "LyCORIS")
    assert second.places["embedding"] == (webui / "embeddings",)
    assert [one.name for one in second.places["upscaler"]] == ["ESRGAN", "RealESRGAN", "SwinIR"]
    assert third.places["lora"] == (tmp_path / "lists" / "relative" / "loras",)
    assert [str(one) for one in third.places["checkpoint"]] == ["/absolute/unet"]


def test_models_in_listed_folders_are_named_by_their_sections(listed, root, tmp_path):
    write_lora(root / "loras" / "ink.safetensors")
    write_lora(tmp_path / "lists" / "webui" / "models" / "LyCORIS" / "ink.safetensors")
    write_lora(tmp_path / "big" / "ComfyUI" / "models" / "loras" / "styles" / "ink.safetensors")
    infos = ModelRegistry([root, listed]).models()
    assert {one.name: one.program for one in infos} == {
        "ink": "",
        "comfyui/styles/ink": "ComfyUI",
        "a111/ink": "ComfyUI",
    }


def test_a_link_may_not_leave_what_is_listed(listed, root, tmp_path):
    outside = write_lora(tmp_path / "lists" / "webui" / "secret" / "ink.safetensors")
    loras = outside.parents[1] / "models" / "Lora"
    loras.mkdir(parents=True)
    (loras / "ink.safetensors").symlink_to(outside)
    (info,) = ModelRegistry([root, listed]).models()
    assert "leads out of the models folders" in info.refused


def test_its_own_folder_is_known_with_the_list_in_it(tmp_path, root):
    home = tmp_path / "ComfyUI"
    for name in ("models/checkpoints", "custom_nodes"):
        (home / name).mkdir(parents=True)
    (home / "extra_model_paths.yaml").write_text("mine:\n  loras: /mnt/loras\n")
    assert [(one.name, one.program) for one in open_folders([root, home])] == [
        ("", ""),
        ("ComfyUI", "ComfyUI"),
        ("mine", "ComfyUI"),
    ]
    (folder,) = open_folders([root, home / "models"])[1:]
    assert (folder.name, folder.program) == ("ComfyUI", "ComfyUI")
    assert folder.places["upscaler"] == (home / "models" / "upscale_models",)


def test_a_folder_with_checkpoints_alone_is_the_studios(tmp_path):
    (tmp_path / "mine" / "checkpoints").mkdir(parents=True)
    (tmp_path / "mine" / "text_encoders").mkdir()
    (tmp_path / "mine" / "diffusion_models").mkdir()
    assert [one.program for one in open_folders([tmp_path / "mine"])] == [""]
    (tmp_path / "mine" / "upscale_models").mkdir()  # as ComfyUI calls them
    assert [one.program for one in open_folders([tmp_path / "mine"])] == ["", "ComfyUI"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "cannot be read as ComfyUI's list of folders"),
        ("a: !!python/object/apply:os.system [touch x]", "cannot be read as ComfyUI's list"),
        ("[1, 2]", "lists no folders"),
        ("- a", "lists no folders"),
        ("a: b", "a must be a section"),
        ("a:\n  loras: 3", "a: loras must be one path"),
        ("a:\n  loras: {b: c}", "a: loras must be one path"),
        ("a:\n  base_path: [b]\n  loras: x", "a: base_path must be one path"),
        ('a:\n  base_path: "b\\0"\n  loras: x', "no path has a zero character"),
        ('a:\n  loras: "b\\0"', "no path has a zero character"),
        ("a:\n  base_path: ~nobody-of-that-name\n  loras: x", "no such home folder"),
        ("[" * 5000, "cannot be read as ComfyUI's list"),
        ("\x00", "cannot be read as ComfyUI's list"),
    ],
)
def test_a_list_that_cannot_be_read_is_named(tmp_path, text, words):
    path = tmp_path / "extra_model_paths.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        comfyui.folders_of_list(path)
    assert "extra_model_paths.yaml" in str(caught.value)


def test_a_list_of_comments_alone_lists_nothing(tmp_path):
    path = tmp_path / "paths.yml"
    path.write_text("# nothing yet\n")
    assert comfyui.folders_of_list(path) == []
    path.write_text("a:\n  loras:\n    - x\n    - y\n")  # a YAML list, too
    (folder,) = comfyui.folders_of_list(path)
    assert folder.places["lora"] == (tmp_path / "x", tmp_path / "y")
