"""Qwen-Image from single files: whole, in parts, quantised, and told what it edits.

The bytes are those of the same weights in a diffusers folder.
"""

import pytest
import torch
from diffusers import QwenImagePipeline
from PIL import Image
from safetensors.torch import load_file
from transformers import Qwen2Tokenizer

from medialab import PipelineConfig, Workbench
from medialab.errors import ModelRefusedError
from medialab.families.qwen_image.tokenizer import counter, shared_tokenizer
from medialab.listing.single_files import read_file
from medialab.loading.networks import CONFIGS
from tests.families.flow.test_networks import write_gguf
from tests.tiny.checkpoints import built_after, write_checkpoint
from tests.tiny.qwen_files import (
    original_frame_vae,
    write_qwen_configs,
    write_qwen_parts,
    write_whole_qwen,
)
from tests.tiny.qwen_image import make_parts, write_qwen_image_edit

WIDTH = 3584  # of Qwen2.5-VL 7B, by which its files are told from those of other sizes
QUICK = {
    "prompt": "a red ball",
    "negative_prompt": "blue",
    "guidance_scale": 2.0,
    "sampler": "Euler",
    "steps": 2,
    "width": 64,
    "height": 64,
    "seed": 3,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A models folder with one tiny Qwen-Image as a folder, as one file, in parts, quantised."""
    root = tmp_path_factory.mktemp("qwen") / "models"
    pipeline = make(zero_cond_t=False)
    pipeline.save_pretrained(root / "checkpoints" / "qwen-folder", safe_serialization=True)
    write_whole_qwen(root / "checkpoints" / "qwen-whole.safetensors", pipeline)
    write_qwen_parts(root, pipeline)
    write_qwen_configs(root / "configs", pipeline, CONFIGS / "qwen-image")
    return root


def make(**denoiser):
    return QwenImagePipeline(**make_parts(WIDTH, 2, **denoiser))


def opened(models, outputs):
    return Workbench(models=models, outputs=outputs, device="cpu")


def draw(bench, name, **settings):
    return bench.execute(PipelineConfig(checkpoint=name, **QUICK | settings))


@pytest.mark.thorough
def test_folder_whole_file_and_parts_draw_the_same_bytes(files, tmp_path):
    with built_after(files / "configs"), opened(files, tmp_path / "outputs") as bench:
        folder, whole, parts = (
            draw(bench, f"qwen-{name}") for name in ("folder", "whole", "parts")
        )
        assert whole.image.tobytes() == folder.image.tobytes()
        assert parts.image.tobytes() == folder.image.tobytes()
        assert (whole.config.text_encoder, whole.config.vae) == ("", "")
        named = parts.config.text_encoder, parts.config.vae
        assert named == ("qwen_2.5_vl_tiny", "qwen_image_vae")
        with pytest.raises(ModelRefusedError, match=r"may be any edition of qwen-image; .*say so"):
            edit(bench, "qwen-parts")


def edit(bench, name):
    picture = Image.effect_mandelbrot((64, 64), (-2, -1, 1, 1), 20).convert("RGB")
    start = bench.keep(picture)
    return bench.execute(PipelineConfig(checkpoint=name, mode="instruct", image=start, **QUICK))


@pytest.mark.parametrize(
    "marker",
    [torch.tensor([]), pytest.param(torch.tensor(0.0), marks=pytest.mark.thorough)],
    ids=["empty", "number"],
)
def test_a_file_of_edit_2511_edits_as_its_folder_does_and_nobody_is_asked(files, tmp_path, marker):
    root = tmp_path / "models"
    parts = make_parts(WIDTH, 2, zero_cond_t=True)
    write_qwen_parts(root, QwenImagePipeline(**parts), marker=marker)
    write_qwen_image_edit(root / "checkpoints" / "folder", parts=parts)
    with built_after(files / "configs"), opened(root, tmp_path / "outputs") as bench:
        info = bench.registry.find("qwen-parts", "checkpoint")
        assert (info.variant, info.edition) == ("", "edit")
        assert "first edit" not in info.editions
        one, two = (edit(bench, name) for name in ("qwen-parts", "folder"))
        assert one.image.tobytes() == two.image.tobytes()
        model = bench.registry.load(
            info,
            encoders=[bench.registry.find("qwen_2.5_vl_tiny", "text encoder")],
        )
        assert model.denoiser.config.zero_cond_t


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")
def test_a_gguf_of_it_draws_with_its_weights_quantised(files, tmp_path):
    write_gguf(files / "diffusion_models" / "qwen-q8.gguf", make().transformer.state_dict())
    with built_after(files / "configs"), opened(files, tmp_path / "outputs") as bench:
        run = draw(bench, "qwen-q8", vae="qwen_image_vae")
        applied = next(one["applied"] for one in run.record["stages"] if one["name"] == "txt2img")
        assert applied["weights"] == "GGUF Q8_0, computed in float32"
        near = draw(bench, "qwen-folder").image
        pairs = zip(run.image.tobytes(), near.tobytes(), strict=True)
        assert max(abs(one - two) for one, two in pairs) <= 16


@pytest.mark.parametrize(
    ("part", "name", "words"),
    [
        ("diffusion_models/qwen-parts", "transformer_blocks.1.attn.to_k.weight", "transformer"),
        ("text_encoders/qwen_2.5_vl_tiny", "visual.blocks.0.mlp.gate_proj.bias", "text_encoder"),
        ("vae/qwen_image_vae", "decoder.head.2.weight", "VAE"),
    ],
)
def test_a_part_that_lacks_a_weight_is_refused_by_its_name(files, tmp_path, part, name, words):
    root = tmp_path / "models"
    for one in ("diffusion_models", "text_encoders", "vae"):
        (root / one).mkdir(parents=True)
        for file in (files / one).glob("*.safetensors"):
            (root / one / file.name).hardlink_to(file)
    cut = root / f"{part}.safetensors"
    tensors = load_file(cut)
    cut.unlink()
    write_checkpoint(cut, {key: value for key, value in tensors.items() if key != name})
    with (
        built_after(files / "configs"),
        opened(root, tmp_path / "outputs") as bench,
        pytest.raises(ModelRefusedError, match=rf"{words} .*lacks|{words} lacks"),
    ):
        draw(bench, "qwen-parts")


@pytest.mark.thorough
def test_the_shipped_tokenizer_is_qwen3s_without_its_last_four_marks():
    own = shared_tokenizer(CONFIGS)
    later = Qwen2Tokenizer.from_pretrained(CONFIGS / "qwen3-tokenizer", local_files_only=True)
    text = "<|im_start|>user\na red ball's 12 hats, 猫 <|vision_start|><|image_pad|><|im_end|>\n"
    assert own(text).input_ids == later(text).input_ids
    assert len(own) == len(later) - 4 == 151_665
    assert len(own("<think>").input_ids) > 1 == len(later("<think>").input_ids)
    assert (own.pad_token, own.eos_token) == ("<|endoftext|>", "<|im_end|>")
    count = counter(CONFIGS / "qwen2.5-tokenizer")
    for one in (text, "<think>", ""):
        assert count(one) == len(own(one).input_ids)
    # The ids that Qwen2.5-VL's own tokenizer gives these marks.
    assert own.convert_tokens_to_ids(["<|image_pad|>", "<|file_sep|>"]) == [151_655, 151_664]


def test_a_vae_for_videos_is_told_from_others_by_its_layers(files, tmp_path):
    pipeline = make()
    for number, tensors in enumerate((original_frame_vae(pipeline.vae), pipeline.vae.state_dict())):
        path = tmp_path / f"{number}.safetensors"
        write_checkpoint(path, dict(tensors))
        info = read_file(path, "vae")
        assert info.variant == "16 channels, 8 times smaller, of a VAE for videos"
        assert info.refused is None
