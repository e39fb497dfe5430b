"""Weights under the names of the original repositories, which diffusers only reads."""

import torch


def original_unet(state, layers):
    """A UNet's weights under the names of the original Stable Diffusion."""
    places = {}
    for name in state:
        part, _, rest = name.partition(".")
        if part in {"time_embedding", "add_embedding"}:
            layer = {"linear_1": "0", "linear_2": "2"}[rest.split(".")[0]]
            embedding = {"time_embedding": "time_embed", "add_embedding": "label_emb.0"}[part]
            place = f"{embedding}.{layer}.{rest.split('.')[-1]}"
        elif part in {"conv_in", "conv_norm_out", "conv_out"}:
            place = {"conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2"}[
                part
            ] + f".{rest}"
        elif part == "mid_block":
            kind, number, rest = rest.split(".", 2)
            place = f"middle_block.{1 if kind == 'attentions' else 2 * int(number)}.{rest}"
        else:
            level, kind, number, rest = rest.split(".", 3)
            level, number = int(level), int(number)
            if part == "down_blocks":
                first = level * (layers + 1) + 1
                place = {
                    "resnets": f"input_blocks.{first + number}.0.{rest}",
                    "attentions": f"input_blocks.{first + number}.1.{rest}",
                    "downsamplers": f"input_blocks.{first + layers}.0.{rest.replace('conv', 'op')}",
                }[kind]
            else:
                first = level * (layers + 1)
                after = 2 if f"up_blocks.{level}.attentions.0.norm.weight" in state else 1
                place = {
                    "resnets": f"output_blocks.{first + number}.0.{rest}",
                    "attentions": f"output_blocks.{first + number}.1.{rest}",
                    "upsamplers": f"output_blocks.{first + layers}.{after}.{rest}",
                }[kind]
        for ours, theirs in (
            ("norm1.", "in_layers.0."),
            ("conv1.", "in_layers.2."),
            ("norm2.", "out_layers.0."),
            ("conv2.", "out_layers.3."),
            ("time_emb_proj.", "emb_layers.1."),
            ("conv_shortcut.", "skip_connection."),
        ):
            if "transformer_blocks" not in place:
                place = place.replace(ours, theirs)
        places[f"model.diffusion_model.{place}"] = state[name]
    return places


def original_vae(state, levels):
    """A VAE's weights under the names of the original Stable Diffusion."""
    places = {}
    for name, value in state.items():
        place = name
        for level in range(levels):
            place = place.replace(f"down_blocks.{level}.", f"down.{level}.")
            place = place.replace(f"up_blocks.{level}.", f"up.{levels - 1 - level}.")
        for ours, theirs in (
            (".resnets.", ".block."),
            ("downsamplers.0.", "downsample."),
            ("upsamplers.0.", "upsample."),
            ("mid_block.block.0", "mid.block_1"),
            ("mid_block.block.1", "mid.block_2"),
            ("mid_block.attentions.0", "mid.attn_1"),
            ("group_norm", "norm"),
            ("to_q", "q"),
            ("to_k", "k"),
            ("to_v", "v"),
            ("to_out.0", "proj_out"),
            ("conv_norm_out", "norm_out"),
            ("conv_shortcut", "nin_shortcut"),
        ):
            place = place.replace(ours, theirs)
        flat = "attn_1" in place and place.endswith("weight") and "norm" not in place
        places[f"first_stage_model.{place}"] = value[:, :, None, None] if flat else value
    return places


def original_clip(state):
    """CLIP-L's weights under their original names."""
    return {
        f"transformer.text_model.{name.removeprefix('text_model.')}": value
        for name, value in state.items()
    }


def original_open_clip(state):
    """OpenCLIP's weights under their original names: q, k and v are one, the projection lies."""
    places = {}
    for name, value in state.items():
        place = name.removeprefix("text_model.").replace(
            "encoder.layers.", "transformer.resblocks."
        )
        for ours, theirs in (
            ("layer_norm1", "ln_1"),
            ("layer_norm2", "ln_2"),
            (".fc1.", ".c_fc."),
            (".fc2.", ".c_proj."),
            ("self_attn.", "attn."),
            ("final_layer_norm", "ln_final"),
            ("embeddings.token_embedding", "token_embedding"),
            ("embeddings.position_embedding.weight", "positional_embedding"),
            ("text_projection.weight", "text_projection"),
        ):
            place = place.replace(ours, theirs)
        if "q_proj" in name:
            three = [state[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")]
            places[place.replace("q_proj.", "in_proj_")] = torch.cat(three)
        elif "k_proj" not in name and "v_proj" not in name:
            places[place] = value.T if place == "text_projection" else value
    return places


def original_controlnet(network):
    """A ControlNet's weights under the names of its original repository."""
    parts = {"unet": {}, "own": {}}
    for name, value in network.state_dict().items():
        parts["own" if name.startswith("controlnet_") else "unet"][name] = value
    places = {
        name.removeprefix("model.diffusion_model."): value
        for name, value in original_unet(parts["unet"], layers=1).items()
    }
    for name, value in parts["own"].items():
        kind, _, rest = name.partition(".")
        if kind == "controlnet_down_blocks":
            number, _, leaf = rest.partition(".")
            places[f"zero_convs.{number}.0.{leaf}"] = value
        elif kind == "controlnet_mid_block":
            places[f"middle_block_out.0.{rest}"] = value
        else:
            part, _, leaf = rest.partition(".")
            number = {"conv_in": 0, "conv_out": 14}.get(part)
            if number is None:
                block, _, leaf = leaf.partition(".")
                number = 2 * int(block) + 2
            places[f"input_hint_block.{number}.{leaf}"] = value
    return places
