"""The folders of A1111 and its forks are read as they are."""

import pytest

from medialab.listing import a1111
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "stable-diffusion-webui"
    (home / "models" / "Stable-diffusion").mkdir(parents=True)
    return home


@pytest.mark.parametrize("given", ["", "models"])
def test_every_kind_is_found_in_its_folder(home, root, given):
    for name in ("models/Lora/a", "models/LyCORIS", "embeddings", "models/VAE", "models/ESRGAN"):
        write_lora(home / name / f"{name.replace('/', '-')}.safetensors")
    registry = ModelRegistry([root, home / given])
    found = {(one.kind, one.name): one for one in registry.models()}
    assert set(found) == {
        ("lora", "models-Lora-a"),
        ("lora", "models-LyCORIS"),
        ("embedding", "embeddings"),
        ("vae", "models-VAE"),
        ("upscaler", "models-ESRGAN"),
    }
    one = found["lora", "models-Lora-a"]
    assert (one.folder, one.program) == ("stable-diffusion-webui", "A1111")
    assert one.full_name == "stable-diffusion-webui/a/models-Lora-a"


def test_a_vae_beside_its_checkpoint_is_listed_among_the_vaes(home, root):
    place = home / "models" / "Stable-diffusion"
    write_lora(place / "doll.safetensors")
    write_lora(place / "doll.vae.safetensors")
    registry = ModelRegistry([root, home])
    assert [one.name for one in registry.models("checkpoint")] == ["doll"]
    assert [one.name for one in registry.models("vae")] == ["doll.vae"]


def test_forks_write_the_folders_in_other_cases(tmp_path, root):
    home = tmp_path / "forge"
    (home / "models" / "Stable-diffusion").mkdir(parents=True)
    write_lora(home / "Models".lower() / "lora" / "ink.safetensors")
    assert a1111.is_home(home)
    assert ModelRegistry([root, home]).find("ink", "lora").program == "A1111"


def test_another_folder_is_none(tmp_path):
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    assert not a1111.is_home(tmp_path)
    assert not a1111.is_home(tmp_path / "models")
