"""A Flux.2 Klein in single files draws the bytes of its folder; its VAE has its makers' names."""

import json

import pytest
import torch
from diffusers import AutoencoderKLFlux2

from medialab import PipelineConfig
from medialab.errors import ModelRefusedError
from medialab.families.vae_files import VAE_NAMES
from medialab.loading.registry import ModelRegistry
from tests.tiny.checkpoints import workbench_of, write_checkpoint
from tests.tiny.flow_files import (
    original_flux2_vae,
    write_flow_configs,
    write_klein_parts,
    write_whole_klein,
)
from tests.tiny.flux2_klein import make_pipeline

WIDTH = 2560  # of Qwen3-4B


def test_each_weight_of_the_published_size_is_where_it_was_before():
    with torch.device("meta"):
        vae = AutoencoderKLFlux2()
    wanted = {name: value.shape for name, value in vae.state_dict().items()}
    found = VAE_NAMES["AutoencoderKLFlux2"](original_flux2_vae(vae))
    assert {name: value.shape for name, value in found.items()} == wanted


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A models folder with a Klein as a folder, as one file and in parts."""
    root = tmp_path_factory.mktemp("klein") / "models"
    pipeline = make_pipeline(text_width=WIDTH)
    pipeline.save_pretrained(root / "checkpoints" / "klein-folder", safe_serialization=True)
    write_klein_parts(root, pipeline)
    write_whole_klein(root / "checkpoints" / "klein-whole.safetensors", pipeline)
    configs = root / "configs" / "flux2-klein-4b"
    write_flow_configs(configs, pipeline, tokenizer="qwen3-tokenizer")
    index = configs / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"is_distilled": False}))
    return root


@pytest.mark.thorough
def test_folder_whole_file_and_parts_draw_the_same_bytes(root, tmp_path):
    listed = ModelRegistry(root)
    assert listed.find("klein", "checkpoint").family == "flux2-klein-4b"
    assert listed.find("flux2-vae", "vae").variant == "128 channels, 16 times smaller"
    with workbench_of(root, tmp_path) as bench:
        runs = {
            name: bench.execute(
                PipelineConfig(
                    checkpoint=name,
                    prompt="a red ball",
                    sampler="Euler",
                    guidance_scale=1.0,
                    steps=2,
                    width=64,
                    height=64,
                    seed=3,
                )
            )
            for name in ("klein-folder", "klein-whole", "klein")
        }
    pictures = {name: run.image.tobytes() for name, run in runs.items()}
    assert pictures["klein-whole"] == pictures["klein-folder"]
    assert pictures["klein"] == pictures["klein-folder"]
    assert (runs["klein"].config.text_encoder, runs["klein"].config.vae) == (
        "qwen-tiny",
        "flux2-vae",
    )


def test_a_vae_without_its_statistics_is_no_flux2s(root, tmp_path):
    vae = original_flux2_vae(make_pipeline().vae)
    kept = {name: value for name, value in vae.items() if not name.startswith("bn.")}
    write_checkpoint(tmp_path / "vae" / "bare.safetensors", kept)
    with pytest.raises(ModelRefusedError, match="32 channels"):
        ModelRegistry(tmp_path).find("bare", "vae")
