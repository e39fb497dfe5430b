"""The parts that a checkpoint's file lacks are chosen where one fits, and asked for otherwise."""

import pytest

from medialab import PipelineConfig
from medialab.errors import ConfigError, ModelNotFoundError
from medialab.loading.registry import ModelRegistry
from medialab.runs.checkpoint_parts import with_checkpoint_parts
from tests.tiny.headers import write_tensors

Z = {"x_pad_token": (1, 64), "cap_pad_token": (1, 64)}
VAE = {"encoder.conv_in.weight": (8, 3, 3, 3), "decoder.conv_in.weight": (8, 16, 3, 3)} | {
    f"encoder.down.{level}.block.0.conv1.weight": (8, 8, 3, 3) for level in range(4)
}


def encoder(width):
    """The layers by which a Qwen3 is told."""
    return {
        "model.embed_tokens.weight": (8, width),
        "model.layers.0.self_attn.q_proj.weight": (8, width),
        "model.layers.0.self_attn.q_norm.weight": (8,),
        "model.layers.0.mlp.gate_proj.weight": (8, width),
    }


@pytest.fixture
def models(tmp_path):
    root = tmp_path / "models"
    write_tensors(root / "diffusion_models" / "z.safetensors", Z)
    write_tensors(root / "text_encoders" / "qwen-4b.safetensors", encoder(2560))
    write_tensors(root / "text_encoders" / "qwen-8b.safetensors", encoder(4096))
    write_tensors(root / "vae" / "ae.safetensors", VAE)
    return root


def chosen(root, **settings):
    config = PipelineConfig.parse({"checkpoint": "z", **settings})
    return with_checkpoint_parts(config, ModelRegistry(root).snapshot())


def test_the_only_files_that_fit_are_chosen(models):
    config = chosen(models)
    assert (config.text_encoder, config.vae) == ("qwen-4b", "ae")


def test_named_ones_are_kept(models):
    write_tensors(models / "text_encoders" / "other.safetensors", encoder(2560))
    write_tensors(models / "vae" / "other.safetensors", VAE)
    config = chosen(models, text_encoder="other", vae="other")
    assert (config.text_encoder, config.vae) == ("other", "other")


def test_where_several_fit_the_person_is_asked_with_their_names(models):
    write_tensors(models / "text_encoders" / "other.safetensors", encoder(2560))
    with pytest.raises(ConfigError, match="set text_encoder to one of other, qwen-4b") as asked:
        chosen(models)
    assert asked.value.setting == "text_encoder"
    assert list(asked.value.choices) == ["other", "qwen-4b"]


def test_where_none_fits_the_message_says_what_is_needed_and_where_it_goes(models):
    (models / "text_encoders" / "qwen-4b.safetensors").unlink()
    words = r"put qwen3 of width 2560 in models/text_encoders \(there: qwen-8b \(qwen3, 4096 wide\)"
    with pytest.raises(ConfigError, match=words):
        chosen(models)


def test_a_part_that_does_not_fit_is_refused_by_its_name(models):
    words = "'qwen-8b' is qwen3, 4096 wide; checkpoint 'z' of family z-image needs qwen3 of width"
    with pytest.raises(ConfigError, match=words):
        chosen(models, text_encoder="qwen-8b")
    with pytest.raises(ModelNotFoundError, match="text encoder"):
        chosen(models, text_encoder="nothing")


def test_a_checkpoint_with_its_own_text_encoder_takes_no_other(models):
    whole = {f"model.diffusion_model.{name}": shape for name, shape in Z.items()}
    whole |= {f"text_encoders.qwen3_4b.transformer.{k}": v for k, v in encoder(2560).items()}
    whole |= {f"vae.{name}": shape for name, shape in VAE.items()}
    write_tensors(models / "checkpoints" / "whole.safetensors", whole)
    config = chosen(models, checkpoint="whole")
    assert (config.text_encoder, config.vae) == ("", "")
    with pytest.raises(ConfigError, match="'whole' has its own text encoder; leave text_encoder"):
        chosen(models, checkpoint="whole", text_encoder="qwen-4b")


def test_another_checkpoint_of_a_later_stage_gets_its_own_parts(models):
    whole = {f"model.diffusion_model.{name}": shape for name, shape in Z.items()}
    whole |= {f"text_encoders.qwen3_4b.transformer.{k}": v for k, v in encoder(2560).items()}
    write_tensors(models / "checkpoints" / "no-vae.safetensors", whole)
    refiner = {"enabled": True, "checkpoint": "no-vae"}
    config = chosen(models, refiner=refiner)
    assert (config.refiner.text_encoder, config.refiner.vae) == (None, "ae")
    config = chosen(models, checkpoint="no-vae", refiner={"enabled": True, "checkpoint": "z"})
    assert (config.text_encoder, config.refiner.text_encoder) == ("", "qwen-4b")


def test_a_text_encoder_that_a_stage_names_is_checked_with_the_checkpoint_of_the_picture(models):
    with pytest.raises(ConfigError, match=r"refiner.text_encoder: 'qwen-8b' is qwen3, 4096 wide"):
        chosen(models, refiner={"enabled": True, "text_encoder": "qwen-8b"})
    config = chosen(models, refiner={"enabled": True, "text_encoder": ""})
    assert (config.refiner.text_encoder, config.refiner.vae) == ("qwen-4b", None)


def test_a_checkpoint_that_takes_over_gets_the_text_encoder_that_it_lacks(models):
    whole = {f"model.diffusion_model.{name}": shape for name, shape in Z.items()}
    whole |= {f"text_encoders.qwen3_4b.transformer.{k}": v for k, v in encoder(2560).items()}
    whole |= {f"vae.{name}": shape for name, shape in VAE.items()}
    write_tensors(models / "checkpoints" / "whole.safetensors", whole)
    config = chosen(models, checkpoint="whole", handover_checkpoint="z", switch_at=0.5)
    assert (config.text_encoder, config.vae) == ("qwen-4b", "")
    (models / "text_encoders" / "qwen-4b.safetensors").unlink()
    with pytest.raises(ConfigError, match="'z' has no text encoder in its file"):
        chosen(models, checkpoint="whole", handover_checkpoint="z", switch_at=0.5)


def test_what_draws_nothing_needs_no_parts(models):
    (models / "text_encoders" / "qwen-4b.safetensors").unlink()
    config = chosen(models, mode="enhance", image="0" * 64)
    assert (config.text_encoder, config.vae) == ("", "")


def test_of_vaes_with_the_same_layers_the_one_whose_name_fits_is_chosen(models):
    write_tensors(models / "vae" / "sd3_vae.safetensors", VAE)
    assert chosen(models).vae == "ae"
    write_tensors(models / "vae" / "fine.safetensors", VAE)
    assert chosen(models).vae == "ae"
    (models / "vae" / "ae.safetensors").unlink()
    assert chosen(models).vae == "fine"
    (models / "vae" / "fine.safetensors").unlink()
    assert chosen(models).vae == ""  # the check of models asks for one
