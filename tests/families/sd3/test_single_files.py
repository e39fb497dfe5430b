"""Stable Diffusion 3 and 3.5 from single files draw the bytes of the same weights in a folder."""

import diffusers
import pytest
import torch
from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers
from transformers import CLIPTokenizer

from medialab import PipelineConfig, Workbench
from medialab.errors import ConfigError, ModelRefusedError
from medialab.families.sd3 import SD3
from medialab.families.unet_clip.single_files import OPEN_CLIP_PAD
from medialab.loading.registry import ModelRegistry
from medialab.process.installation import configs_folder
from tests.alike import are_alike
from tests.tiny.checkpoints import built_after, workbench_of, write_checkpoint
from tests.tiny.flow_files import (
    original_sd3,
    sd3_parts,
    write_flow_configs,
    write_sd3_parts,
    write_whole_sd3,
)
from tests.tiny.t5_clip import make_sd3

WIDTHS = 768, 1280, 4096  # by which the encoders' files are told from others
HEADS = {"attention_head_dim": 64, "num_attention_heads": 1, "caption_projection_dim": 64}
# As 3.5 Medium, with fewer layers and places than the config that it is built after.
NEWER = {
    **HEADS,
    "num_layers": 3,
    "dual_attention_layers": (0, 1),
    "qk_norm": "rms_norm",
    "pos_embed_max_size": 48,
}
# Parameters of the published transformers. Source: keras-hub, stable_diffusion_3_presets.py: those
# of all parts but T5, less two CLIPs, the VAE and the table of places.
PUBLISHED = {
    "3 medium": ({"pos_embed_max_size": 192}, 24, 2_028_328_000),
    "3.5 large": ({"pos_embed_max_size": 192, "qk_norm": "rms_norm"}, 38, 8_056_627_520),
}


def make(newer=True):
    pipeline = make_sd3(widths=WIDTHS, **(NEWER if newer else HEADS))
    pipeline.tokenizer_2 = CLIPTokenizer.from_pretrained(
        pipeline.tokenizer.name_or_path, pad_token=OPEN_CLIP_PAD, local_files_only=True
    )
    return pipeline


def write(root, newer):
    pipeline = make(newer)
    pipeline.save_pretrained(root / "checkpoints" / "sd3-folder")
    write_whole_sd3(root / "checkpoints" / "sd3-whole.safetensors", pipeline)
    write_sd3_parts(root, pipeline)
    # What the layers tell is not read from the configs, which are those of the oldest.
    older = make(newer=False)
    older.tokenizer_3 = pipeline.tokenizer_3  # no two are trained to the same order of words
    write_flow_configs(
        root / "configs" / "sd3",
        older,
        tokenizer="clip-tokenizer",
        tokenizer_3="t5-tokenizer",
    )


@pytest.mark.thorough
@pytest.mark.parametrize("newer", [False, True])
def test_folder_whole_file_and_parts_draw_the_same_bytes(tmp_path, newer):
    root = tmp_path / "models"
    write(root, newer)
    with workbench_of(root, tmp_path) as bench:
        folder, whole, parts = (
            bench.execute(
                PipelineConfig(
                    checkpoint=name,
                    prompt="a (red:1.2) ball",
                    negative_prompt="blue",
                    guidance_scale=2.0,
                    sampler="Euler",
                    steps=2,
                    width=64,
                    height=64,
                    seed=3,
                )
            )
            for name in ("sd3-folder", "sd3-whole", "sd3-parts")
        )
    assert are_alike(whole.image, folder.image)
    assert are_alike(parts.image, folder.image)
    assert (whole.config.text_encoder, whole.config.vae) == ("", "")
    assert (parts.config.text_encoder, parts.config.vae) == ("clip_l, clip_g, t5xxl", "sd3-vae")


def test_a_file_without_t5_asks_for_it(tmp_path):
    root = tmp_path / "models"
    path = root / "checkpoints" / "sd3-clips.safetensors"
    write_whole_sd3(path, make(), left_out=("t5xxl",))
    info = ModelRegistry(root).find("sd3-clips", "checkpoint")
    assert (info.family, info.lacks_encoders, info.lacks_vae) == (
        "sd3",
        ("text_encoder_3",),
        False,
    )
    with (
        Workbench(models=root, outputs=tmp_path / "outputs", device="cpu") as bench,
        pytest.raises(ConfigError, match="put t5 of width 4096 in models/text_encoders"),
    ):
        bench.execute(PipelineConfig(checkpoint="sd3-clips", prompt="a red ball", steps=2))


def test_a_file_without_some_layer_is_refused_by_name(tmp_path):
    root = tmp_path / "models"
    write(root, newer=False)
    denoiser, _, _ = sd3_parts(make(newer=False))
    del denoiser["joint_blocks.0.x_block.mlp.fc2.weight"]
    write_checkpoint(root / "diffusion_models" / "sd3-parts.safetensors", denoiser)
    with (
        built_after(root / "configs"),
        Workbench(models=root, outputs=tmp_path / "outputs", device="cpu") as bench,
        pytest.raises(ModelRefusedError, match=r"joint_blocks\.0\.x_block\.mlp\.fc2\.weight"),
    ):
        bench.execute(PipelineConfig(checkpoint="sd3-parts", prompt="a red ball", steps=2))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_layers_of_a_file_tell_the_published_sizes(name):
    settings, layers, parameters = PUBLISHED[name]
    own = {"num_layers": layers, "num_attention_heads": layers} | settings
    folder = configs_folder() / "sd3" / "transformer"
    config = diffusers.SD3Transformer2DModel.load_config(folder)
    with torch.device("meta"):
        made = diffusers.SD3Transformer2DModel.from_config(
            {**config, **own, "caption_projection_dim": 64 * layers}
        )
    assert sum(one.numel() for one in made.parameters()) == parameters
    told = SD3.opening.files.told
    wanted = {name: tuple(one.shape) for name, one in made.state_dict().items()}
    original = original_sd3(made.state_dict())
    for shapes in (wanted, {name: tuple(one.shape) for name, one in original.items()}):
        found = told(shapes)["transformer"]
        assert {one: found[one] for one in own} == own
        assert found["dual_attention_layers"] == ()
    theirs = convert_sd3_transformer_checkpoint_to_diffusers(dict(original))
    assert {name: tuple(one.shape) for name, one in theirs.items()} == wanted


def test_a_folder_without_t5_counts_by_the_tokenizer_of_clip(tmp_path):
    (tmp_path / "tokenizer").mkdir()
    assert SD3.opening.tokenizer(tmp_path, configs_folder() / "sd3") == tmp_path / "tokenizer"
    file = tmp_path / "sd3.safetensors"
    shared = configs_folder() / "t5-tokenizer"
    assert SD3.opening.tokenizer(file, configs_folder() / "sd3") == shared
