"""Tiny flow-matching checkpoints as single files: whole, as ComfyUI saves them, and in parts."""

import re

import torch

from tests.tiny.checkpoints import original_vae, under, write_checkpoint, write_configs

QUALIFIED, FIRST_STAGE = "model.diffusion_model", "first_stage_model."


def fused(tensors):
    """Z-Image's transformer in the names of its makers, with q, k and v in one tensor."""
    found = {}
    for name, value in tensors.items():
        if match := re.fullmatch(r"(.*\.attention)\.to_q\.weight", name):
            both = [tensors[f"{match[1]}.{one}.weight"] for one in ("to_q", "to_k", "to_v")]
            found[f"{match[1]}.qkv.weight"] = torch.cat(both)
        elif not re.search(r"\.attention\.to_[kv]\.weight$", name):
            found[_original(name)] = value
    return found


_Z_IMAGE = {
    "all_final_layer.2-1.": "final_layer.",
    "all_x_embedder.2-1.": "x_embedder.",
    ".attention.to_out.0.": ".attention.out.",
    ".attention.norm_k.": ".attention.k_norm.",
    ".attention.norm_q.": ".attention.q_norm.",
}


def _original(name):
    for ours, theirs in _Z_IMAGE.items():
        name = name.replace(ours, theirs)
    return name


def write_flow_configs(configs, pipeline, **tokenizers):
    """Write a pipeline's configs as the shipped ones lie in models/configs.

    Args:
        configs: The family's folder.
        pipeline: The pipeline.
        tokenizers: The folder beside it for each tokenizer.
    """
    write_configs(configs, pipeline)
    for part, folder in tokenizers.items():
        getattr(pipeline, part).save_pretrained(configs.parent / folder)


_FLUX = (
    (r"^time_text_embed\.timestep_embedder\.linear_1", "time_in.in_layer"),
    (r"^time_text_embed\.timestep_embedder\.linear_2", "time_in.out_layer"),
    (r"^time_text_embed\.text_embedder\.linear_1", "vector_in.in_layer"),
    (r"^time_text_embed\.text_embedder\.linear_2", "vector_in.out_layer"),
    (r"^time_text_embed\.guidance_embedder\.linear_1", "guidance_in.in_layer"),
    (r"^time_text_embed\.guidance_embedder\.linear_2", "guidance_in.out_layer"),
    (r"^context_embedder", "txt_in"),
    (r"^x_embedder", "img_in"),
    (r"^(distilled_guidance_layer\.layers\.\d+)\.linear_1", r"\1.in_layer"),
    (r"^(distilled_guidance_layer\.layers\.\d+)\.linear_2", r"\1.out_layer"),
    (r"^(distilled_guidance_layer\.norms\.\d+)\.weight", r"\1.scale"),
    (r"^proj_out", "final_layer.linear"),
    (r"^norm_out\.linear", "final_layer.adaLN_modulation.1"),
    (r"(^single_.*)\.norm\.linear", r"\1.modulation.lin"),
    (r"(^single_.*)\.attn\.norm_q\.weight", r"\1.norm.query_norm.scale"),
    (r"(^single_.*)\.attn\.norm_k\.weight", r"\1.norm.key_norm.scale"),
    (r"(^single_.*)\.proj_out", r"\1.linear2"),
    (r"\.norm1\.linear", ".img_mod.lin"),
    (r"\.norm1_context\.linear", ".txt_mod.lin"),
    (r"\.attn\.norm_q\.weight", ".img_attn.norm.query_norm.scale"),
    (r"\.attn\.norm_k\.weight", ".img_attn.norm.key_norm.scale"),
    (r"\.attn\.norm_added_q\.weight", ".txt_attn.norm.query_norm.scale"),
    (r"\.attn\.norm_added_k\.weight", ".txt_attn.norm.key_norm.scale"),
    (r"\.ff\.net\.0\.proj", ".img_mlp.0"),
    (r"\.ff\.net\.2", ".img_mlp.2"),
    (r"\.ff_context\.net\.0\.proj", ".txt_mlp.0"),
    (r"\.ff_context\.net\.2", ".txt_mlp.2"),
    (r"\.attn\.to_out\.0", ".img_attn.proj"),
    (r"\.attn\.to_add_out", ".txt_attn.proj"),
    (r"^single_transformer_blocks", "single_blocks"),
    (r"^transformer_blocks", "double_blocks"),
)
_JOINED = (
    (r"(single_.*)\.attn\.to_q", ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"), "linear1"),
    (r"(transformer_.*)\.attn\.to_q", ("attn.to_q", "attn.to_k", "attn.to_v"), "img_attn.qkv"),
    (
        r"(transformer_.*)\.attn\.add_q_proj",
        ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
        "txt_attn.qkv",
    ),
)


def original_flux(tensors):
    """A Flux.1's or Chroma's transformer in the names of its makers."""
    left, found = dict(tensors), {}
    for name in tensors:
        for pattern, pieces, joined in _JOINED:
            if match := re.fullmatch(rf"{pattern}\.(weight|bias)", name):
                rows = [left.pop(f"{match[1]}.{one}.{match[2]}") for one in pieces]
                found[f"{match[1]}.{joined}.{match[2]}"] = torch.cat(rows)
    found |= left
    for name in ("norm_out.linear.weight", "norm_out.linear.bias"):
        if name in found:
            scale, shift = found[name].chunk(2)
            found[name] = torch.cat([shift, scale])
    return {_theirs(name): value for name, value in found.items()}


def _theirs(name):
    return _in(name, _FLUX)


def _in(name, names):
    for pattern, theirs in names:
        name = re.sub(pattern, theirs, name)
    return name


def write_flux_parts(models, pipeline, name):
    """Write a Flux.1 or Chroma in parts: the denoiser of this name, CLIP, T5 and the VAE."""
    denoiser = original_flux(pipeline.transformer.state_dict())
    write_checkpoint(models / "diffusion_models" / f"{name}.safetensors", denoiser)
    for part in ("text_encoder", "text_encoder_2"):
        encoder = getattr(pipeline, part, None)
        if encoder is not None:
            path = models / "text_encoders" / f"{type(encoder).__name__}.safetensors"
            tensors = encoder.state_dict()
            tensors.pop("encoder.embed_tokens.weight", None)  # the same as `shared.weight`
            write_checkpoint(path, tensors)
    vae = without(FIRST_STAGE, original_vae(pipeline.vae))
    write_checkpoint(models / "vae" / "ae-tiny.safetensors", vae)


def without(prefix, tensors):
    """The tensors without a prefix before their names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items()}


def original_parts(pipeline):
    """A Z-Image's denoiser, text encoder and VAE, each in the names of single files."""
    return (
        fused(pipeline.transformer.state_dict()),
        under("model", pipeline.text_encoder.state_dict()),
        without(FIRST_STAGE, original_vae(pipeline.vae)),
    )


def write_whole(path, pipeline):
    """Write all parts in one file, as ComfyUI's CheckpointSave does."""
    denoiser, encoder, vae = original_parts(pipeline)
    tensors = (
        under(QUALIFIED, denoiser)
        | under("text_encoders.qwen3_4b.transformer", encoder)
        | under("vae", vae)
        | {"text_encoders.qwen3_4b.logit_scale": torch.tensor(4.6)}
    )
    write_checkpoint(path, tensors)


def write_parts(models, pipeline):
    """Write each part in a file of its own, in the folder for it."""
    denoiser, encoder, vae = original_parts(pipeline)
    write_checkpoint(models / "diffusion_models" / "z-parts.safetensors", denoiser)
    write_checkpoint(models / "text_encoders" / "qwen-tiny.safetensors", encoder)
    write_checkpoint(models / "vae" / "ae-tiny.safetensors", vae)


_KLEIN = (
    (r"^x_embedder", "img_in"),
    (r"^context_embedder", "txt_in"),
    (r"^time_guidance_embed\.timestep_embedder\.linear_1", "time_in.in_layer"),
    (r"^time_guidance_embed\.timestep_embedder\.linear_2", "time_in.out_layer"),
    (r"(^\w+_stream_modulation\w*)\.linear", r"\1.lin"),
    (r"^proj_out", "final_layer.linear"),
    (r"^norm_out\.linear", "final_layer.adaLN_modulation.1"),
    (r"(^single_.*)\.attn\.to_qkv_mlp_proj", r"\1.linear1"),
    (r"(^single_.*)\.attn\.to_out", r"\1.linear2"),
    (r"(^single_.*)\.attn\.norm_q\.weight", r"\1.norm.query_norm.scale"),
    (r"(^single_.*)\.attn\.norm_k\.weight", r"\1.norm.key_norm.scale"),
    (r"\.attn\.norm_q\.weight", ".img_attn.norm.query_norm.scale"),
    (r"\.attn\.norm_k\.weight", ".img_attn.norm.key_norm.scale"),
    (r"\.attn\.norm_added_q\.weight", ".txt_attn.norm.query_norm.scale"),
    (r"\.attn\.norm_added_k\.weight", ".txt_attn.norm.key_norm.scale"),
    (r"\.ff\.linear_in", ".img_mlp.0"),
    (r"\.ff\.linear_out", ".img_mlp.2"),
    (r"\.ff_context\.linear_in", ".txt_mlp.0"),
    (r"\.ff_context\.linear_out", ".txt_mlp.2"),
    (r"\.attn\.to_out\.0", ".img_attn.proj"),
    (r"\.attn\.to_add_out", ".txt_attn.proj"),
    (r"^single_transformer_blocks", "single_blocks"),
    (r"^transformer_blocks", "double_blocks"),
)


def original_klein(tensors):
    """A Flux.2's transformer in the names of its makers."""
    left, found = dict(tensors), {}
    for name in tensors:
        for pattern, pieces, joined in _JOINED[1:]:
            if match := re.fullmatch(rf"{pattern}\.(weight|bias)", name):
                rows = [left.pop(f"{match[1]}.{one}.{match[2]}") for one in pieces]
                found[f"{match[1]}.{joined}.{match[2]}"] = torch.cat(rows)
    found |= left
    scale, shift = found["norm_out.linear.weight"].chunk(2)
    found["norm_out.linear.weight"] = torch.cat([shift, scale])
    return {_in(name, _KLEIN): value for name, value in found.items()}


def original_flux2_vae(vae):
    """A Flux.2's VAE in the names of its makers."""
    found = without(FIRST_STAGE, original_vae(vae))
    for name in list(found):
        for ours, theirs in (("quant_conv.", "encoder."), ("post_quant_conv.", "decoder.")):
            if name.startswith(ours):
                found[f"{theirs}{name}"] = found.pop(name)
    return found


def write_klein_parts(models, pipeline):
    """Write a Flux.2 Klein in parts."""
    denoiser = original_klein(pipeline.transformer.state_dict())
    write_checkpoint(models / "diffusion_models" / "klein.safetensors", denoiser)
    encoder = pipeline.text_encoder.state_dict()
    encoder.pop("lm_head.weight", None)
    write_checkpoint(models / "text_encoders" / "qwen-tiny.safetensors", encoder)
    write_checkpoint(models / "vae" / "flux2-vae.safetensors", original_flux2_vae(pipeline.vae))


def write_whole_klein(path, pipeline):
    """Write all parts of a Flux.2 Klein in one file."""
    write_checkpoint(
        path,
        under(QUALIFIED, original_klein(pipeline.transformer.state_dict())),
        under("text_encoders.qwen3_4b.transformer", dict(pipeline.text_encoder.state_dict())),
        under("vae", original_flux2_vae(pipeline.vae)),
    )


_SD3 = (
    (r"^pos_embed\.pos_embed", "pos_embed"),
    (r"^pos_embed\.proj", "x_embedder.proj"),
    (r"^time_text_embed\.timestep_embedder\.linear_1", "t_embedder.mlp.0"),
    (r"^time_text_embed\.timestep_embedder\.linear_2", "t_embedder.mlp.2"),
    (r"^time_text_embed\.text_embedder\.linear_1", "y_embedder.mlp.0"),
    (r"^time_text_embed\.text_embedder\.linear_2", "y_embedder.mlp.2"),
    (r"^proj_out", "final_layer.linear"),
    (r"^norm_out\.linear", "final_layer.adaLN_modulation.1"),
    (r"\.norm1\.linear", ".x_block.adaLN_modulation.1"),
    (r"\.norm1_context\.linear", ".context_block.adaLN_modulation.1"),
    (r"\.ff\.net\.0\.proj", ".x_block.mlp.fc1"),
    (r"\.ff\.net\.2", ".x_block.mlp.fc2"),
    (r"\.ff_context\.net\.0\.proj", ".context_block.mlp.fc1"),
    (r"\.ff_context\.net\.2", ".context_block.mlp.fc2"),
    (r"\.attn\.norm_added_([qk])\.", r".context_block.attn.ln_\1."),
    (r"\.(attn2?)\.norm_([qk])\.", r".x_block.\1.ln_\2."),
    (r"\.attn\.to_add_out", ".context_block.attn.proj"),
    (r"\.(attn2?)\.to_out\.0", r".x_block.\1.proj"),
    (r"^transformer_blocks", "joint_blocks"),
)
_SD3_JOINED = (
    (r"(.*)\.attn\.to_q", ("attn.to_q", "attn.to_k", "attn.to_v"), "x_block.attn.qkv"),
    (r"(.*)\.attn2\.to_q", ("attn2.to_q", "attn2.to_k", "attn2.to_v"), "x_block.attn2.qkv"),
    (
        r"(.*)\.attn\.add_q_proj",
        ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
        "context_block.attn.qkv",
    ),
)


def original_sd3(tensors):
    """An SD3's transformer in the names of its makers."""
    left, found = dict(tensors), {}
    for name in tensors:
        for pattern, pieces, joined in _SD3_JOINED:
            if match := re.fullmatch(rf"{pattern}\.(weight|bias)", name):
                rows = [left.pop(f"{match[1]}.{one}.{match[2]}") for one in pieces]
                found[f"{match[1]}.{joined}.{match[2]}"] = torch.cat(rows)
    found |= left
    # The last layer's context has no output: its norm is as that before the last projection.
    last = max(int(name.split(".")[1]) for name in tensors if name.startswith("transformer_blocks"))
    for name in ("norm_out", f"transformer_blocks.{last}.norm1_context"):
        for kind in ("weight", "bias"):
            scale, shift = found[f"{name}.linear.{kind}"].chunk(2)
            found[f"{name}.linear.{kind}"] = torch.cat([shift, scale])
    return {_in(name, _SD3): value for name, value in found.items()}


_SD3_ENCODERS = {"text_encoder": "clip_l", "text_encoder_2": "clip_g", "text_encoder_3": "t5xxl"}


def sd3_parts(pipeline):
    """An SD3's denoiser, text encoders by name, and VAE, each in the names of single files."""
    encoders = {
        name: dict(getattr(pipeline, part).state_dict()) for part, name in _SD3_ENCODERS.items()
    }
    encoders["t5xxl"].pop("encoder.embed_tokens.weight", None)  # the same as `shared.weight`
    return (
        original_sd3(pipeline.transformer.state_dict()),
        encoders,
        without(FIRST_STAGE, original_vae(pipeline.vae)),
    )


def write_sd3_parts(models, pipeline):
    """Write each part of an SD3 in a file of its own, in the folder for it."""
    denoiser, encoders, vae = sd3_parts(pipeline)
    write_checkpoint(models / "diffusion_models" / "sd3-parts.safetensors", denoiser)
    for name, tensors in encoders.items():
        write_checkpoint(models / "text_encoders" / f"{name}.safetensors", tensors)
    write_checkpoint(models / "vae" / "sd3-vae.safetensors", vae)


def write_whole_sd3(path, pipeline, *, left_out=()):
    """Write an SD3 in one file, as Stability AI does, without the encoders of these names."""
    denoiser, encoders, vae = sd3_parts(pipeline)
    write_checkpoint(
        path,
        under(QUALIFIED, denoiser),
        *(
            under(f"text_encoders.{name}.transformer", tensors)
            for name, tensors in encoders.items()
            if name not in left_out
        ),
        under("first_stage_model", vae),
    )
