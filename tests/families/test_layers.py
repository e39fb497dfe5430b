"""Every family's files, as published, are told as what they are, and never as another's.

The layers are written down from the publishers' own code (diffusers' classes and the originals'),
with the sides that their weights have; files of each form are made of them.
"""

import time

import pytest

from medialab.families.kinds import classify
from medialab.files.headers import Header

# Family -> form -> layers: the path, how many blocks of it there are, outputs and inputs.
FLUX_BLOCKS = (
    ("double_blocks.{}.img_mod.lin", 19, 18432, 3072),
    ("double_blocks.{}.img_attn.qkv", 19, 9216, 3072),
    ("double_blocks.{}.img_attn.proj", 19, 3072, 3072),
    ("double_blocks.{}.img_mlp.0", 19, 12288, 3072),
    ("double_blocks.{}.img_mlp.2", 19, 3072, 12288),
    ("single_blocks.{}.modulation.lin", 38, 9216, 3072),
    ("single_blocks.{}.linear1", 38, 21504, 3072),
    ("single_blocks.{}.linear2", 38, 3072, 15360),
)


def flux2(width, double, single):
    return (
        ("double_blocks.{}.img_attn.qkv", double, 3 * width, width),
        ("double_blocks.{}.img_attn.proj", double, width, width),
        ("double_blocks.{}.img_mlp.0", double, 6 * width, width),
        ("double_blocks.{}.img_mlp.2", double, width, 3 * width),
        ("single_blocks.{}.linear1", single, 9 * width, width),
        ("single_blocks.{}.linear2", single, width, 4 * width),
    )


def flux2_diffusers(width, double, single):
    return (
        ("transformer_blocks.{}.attn.to_q", double, width, width),
        ("transformer_blocks.{}.attn.add_k_proj", double, width, width),
        ("transformer_blocks.{}.ff.linear_in", double, 6 * width, width),
        ("single_transformer_blocks.{}.attn.to_qkv_mlp_proj", single, 9 * width, width),
        ("single_transformer_blocks.{}.attn.to_out", single, width, 4 * width),
    )


def joint(width, blocks, *more):
    """Blocks of two streams in diffusers' names."""
    names = ("to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "to_add_out")
    return (
        *((f"transformer_blocks.{{}}.attn.{name}", blocks, width, width) for name in names),
        *more,
    )


QWEN_MLP = ("transformer_blocks.{}.img_mlp.net.0.proj", 60, 12288, 3072)
SD3_NORM = ("transformer_blocks.{}.norm1_context.linear", 24, 9216, 1536)
FLUX_SINGLE = (
    ("single_transformer_blocks.{}.attn.to_q", 38, 3072, 3072),
    ("single_transformer_blocks.{}.attn.to_k", 38, 3072, 3072),
    ("single_transformer_blocks.{}.proj_mlp", 38, 12288, 3072),
    ("single_transformer_blocks.{}.proj_out", 38, 3072, 15360),
)
NEXT_DIT = tuple(
    (f"{where}.{{}}.{name}", blocks, out, into)
    for where, blocks in (("layers", 30), ("context_refiner", 2), ("noise_refiner", 2))
    for name, out, into in (
        ("attention.qkv", 11520, 3840),
        ("attention.out", 3840, 3840),
        ("feed_forward.w1", 10240, 3840),
        ("feed_forward.w3", 10240, 3840),
    )
)

# Of each family, the layers that LoRAs train; several where several names are in use.
TRAINED = {
    "flux": [FLUX_BLOCKS, joint(3072, 19, *FLUX_SINGLE), FLUX_BLOCKS[1:3], FLUX_BLOCKS[6:7]],
    "chroma": [(*FLUX_BLOCKS[1:5], ("distilled_guidance_layer.layers.{}.in_layer", 5, 5120, 5120))],
    "flux2-klein-4b": [flux2(3072, 5, 20), flux2_diffusers(3072, 5, 20), flux2(3072, 5, 20)[-1:]],
    "flux2-klein-9b": [flux2(4096, 8, 24), flux2_diffusers(4096, 8, 24), flux2(4096, 8, 24)[:1]],
    "flux2-dev": [flux2(6144, 8, 48), flux2_diffusers(6144, 8, 48)],
    "qwen-image": [joint(3072, 60, QWEN_MLP), joint(3072, 60)],
    "qwen-image-2.1": [
        (
            ("transformer_blocks.{}.attn.to_q", 32, 4096, 4096),
            ("transformer_blocks.{}.img_mlp.gate_layer", 32, 12288, 4096),
        )
    ],
    "krea2": [
        (("blocks.{}.attn.gate", 28, 6144, 6144), ("blocks.{}.mlp.gate", 28, 16384, 6144)),
        (
            ("transformer_blocks.{}.attn.to_gate", 28, 6144, 6144),
            ("transformer_blocks.{}.ff.gate", 28, 16384, 6144),
        ),
    ],
    "anima": [
        (
            ("blocks.{}.self_attn.q_proj", 28, 2048, 2048),
            ("llm_adapter.blocks.{}.self_attn.v_proj", 6, 1024, 1024),
        )
    ],
    "sd3": [
        joint(1536, 24),
        joint(2432, 38),
        joint(1536, 24, SD3_NORM),
        (
            ("joint_blocks.{}.x_block.attn.qkv", 24, 4608, 1536),
            ("joint_blocks.{}.context_block.attn.qkv", 24, 4608, 1536),
        ),
    ],
    "z-image": [
        NEXT_DIT,
        NEXT_DIT[:1],
        (
            ("layers.{}.attention.to_q", 30, 3840, 3840),
            ("layers.{}.attention.to_k", 30, 3840, 3840),
            ("layers.{}.feed_forward.w3", 30, 10240, 3840),
        ),
        (("layers.{}.adaLN_modulation.0", 30, 15360, 256),),
    ],
    "lumina2": [
        (
            ("layers.{}.attention.qkv", 26, 3840, 2304),
            ("layers.{}.feed_forward.w1", 26, 9216, 2304),
        ),
        (("layers.{}.attn.to_q", 26, 2304, 2304), ("layers.{}.attn.to_k", 26, 768, 2304)),
    ],
    "hidream": [
        (
            ("double_stream_blocks.{}.block.attn1.to_q", 16, 2560, 2560),
            ("double_stream_blocks.{}.block.ff_i.shared_experts.w1", 16, 3584, 2560),
            ("single_stream_blocks.{}.block.attn1.to_q", 32, 2560, 2560),
        )
    ],
    "auraflow": [
        (
            ("joint_transformer_blocks.{}.attn.to_q", 4, 3072, 3072),
            ("single_transformer_blocks.{}.attn.to_q", 32, 3072, 3072),
            ("single_transformer_blocks.{}.ff.linear_1", 32, 8192, 3072),
        ),
        (
            ("double_layers.{}.attn.w1q", 4, 3072, 3072),
            ("single_layers.{}.attn.w1q", 32, 3072, 3072),
        ),
    ],
    "ernie": [(("layers.{}.self_attention.to_q", 24, 3072, 3072),)],
    "ideogram4": [(("layers.{}.attention.to_q", 34, 4608, 4608),)],
    "wan": [
        (
            ("blocks.{}.self_attn.q", 30, 1536, 1536),
            ("blocks.{}.cross_attn.k", 30, 1536, 1536),
            ("blocks.{}.ffn.0", 30, 8960, 1536),
        ),
        (("blocks.{}.attn1.to_q", 40, 5120, 5120), ("blocks.{}.attn2.to_k", 40, 5120, 5120)),
    ],
    "hunyuan-image": [
        (
            ("double_blocks.{}.img_attn_qkv", 20, 10752, 3584),
            ("double_blocks.{}.img_mlp.fc1", 20, 14336, 3584),
            ("single_blocks.{}.linear1", 40, 25088, 3584),
        )
    ],
    "hunyuan-video": [
        (
            ("double_blocks.{}.img_attn_qkv", 20, 9216, 3072),
            ("double_blocks.{}.img_mod.linear", 20, 18432, 3072),
            ("single_blocks.{}.linear1", 40, 21504, 3072),
        )
    ],
    "longcat": [
        joint(3072, 10, *((path, 20, *sides) for path, _, *sides in FLUX_SINGLE)),
    ],
}
# What a whole denoiser has besides the layers that are trained.
BESIDES = {
    "flux": {
        "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
        "txt_in.weight": (3072, 4096),
        "guidance_in.in_layer.bias": (3072,),
        "vector_in.in_layer.weight": (3072, 768),
    },
    "chroma": {
        "distilled_guidance_layer.in_proj.bias": (5120,),
        "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
        "txt_in.weight": (3072, 4096),
    },
    "flux2-klein-4b": {
        "single_stream_modulation.lin.weight": (9216, 3072),
        "double_stream_modulation_img.lin.weight": (18432, 3072),
        "txt_in.weight": (3072, 7680),
    },
    "flux2-klein-9b": {
        "double_stream_modulation_img.lin.weight": (24576, 4096),
        "txt_in.weight": (4096, 12288),
    },
    "flux2-dev": {
        "double_stream_modulation_img.lin.weight": (36864, 6144),
        "txt_in.weight": (6144, 15360),
    },
    "qwen-image": {
        "time_text_embed.timestep_embedder.linear_1.bias": (3072,),
        "img_in.bias": (3072,),
        "transformer_blocks.0.attn.add_k_proj.bias": (3072,),
        "txt_norm.weight": (3584,),
    },
    "qwen-image-2.1": {"txt_in.text_norm.weight": (4096,), "img_in.weight": (4096, 64)},
    "krea2": {
        "txtfusion.projector.weight": (1, 12),
        "blocks.0.attn.gate.weight": (6144, 6144),
        "blocks.0.mod.lin": (36864,),
    },
    "anima": {
        "llm_adapter.blocks.0.self_attn.v_proj.weight": (1024, 1024),
        "t_embedder.1.linear_2.weight": (6144, 2048),
    },
    "cosmos": {
        "t_embedder.1.linear_2.weight": (6144, 2048),
        "blocks.0.self_attn.q_proj.weight": (2048, 2048),
        "blocks.0.cross_attn.k_proj.weight": (2048, 1024),
    },
    "sd3": {
        "joint_blocks.0.context_block.adaLN_modulation.1.bias": (9216,),
        "context_embedder.weight": (1536, 4096),
    },
    "z-image": {
        "context_refiner.0.attention.k_norm.weight": (128,),
        "layers.0.adaLN_modulation.0.weight": (15360, 256),
        "cap_embedder.1.weight": (3840, 2560),
        "cap_embedder.0.weight": (2560,),
    },
    "lumina2": {
        "cap_embedder.1.weight": (2304, 2304),
        "layers.0.adaLN_modulation.1.weight": (9216, 1024),
        "layers.0.attention.k_norm.weight": (96,),
        "context_refiner.0.attention.k_norm.weight": (96,),
    },
    "hidream": {
        "double_stream_blocks.0.block.adaLN_modulation.1.bias": (30720,),
        "caption_projection.0.linear.weight": (2560, 4096),
    },
    "auraflow": {"double_layers.0.attn.w1q.weight": (3072, 3072), "cond_seq_linear.weight": (4, 4)},
    "sana": {
        "blocks.0.cross_attn.q_linear.weight": (2240, 2240),
        "attention_y_norm.weight": (2240,),
    },
    "pixart": {
        "blocks.0.cross_attn.q_linear.weight": (1152, 1152),
        "blocks.0.mlp.fc1.weight": (4608, 1152),
    },
    "ernie": {"layers.0.adaLN_sa_ln.weight": (3072,)},
    "ideogram4": {
        "embed_image_indicator.weight": (2, 4608),
        "llm_cond_proj.weight": (4608, 53248),
    },
    "wan": {
        "head.modulation": (1, 2, 1536),
        "patch_embedding.weight": (1536, 16, 1, 2, 2),
        "blocks.0.cross_attn.norm_k.weight": (1536,),
    },
    "hunyuan-image": {
        "byt5_in.fc1.bias": (2048,),
        "double_blocks.0.img_attn_k_norm.weight": (128,),
    },
    "hunyuan-video": {
        "txt_in.individual_token_refiner.blocks.1.self_attn_qkv.weight": (9216, 3072),
        "vector_in.in_layer.weight": (3072, 768),
    },
    "longcat": {
        "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
        "double_blocks.0.img_attn.qkv.weight": (9216, 3072),
        "txt_in.weight": (3072, 3584),
    },
    "flux3": {"early_stream_modulations.image.lin.weight": (9216, 3072)},
}
TEXT = {
    "text_encoders.t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.q.weight": (4096, 4096)
}
VAE = {"vae.encoder.conv_in.weight": (128, 3, 3, 3), "vae.decoder.conv_in.weight": (512, 16, 3, 3)}


def paths(layers):
    for path, blocks, *sides in layers:
        for number in range(blocks):
            yield path.format(number), sides


def lora(layers, prefix, down, up, *, flat=False):
    shapes = {}
    for path, (out, into) in paths(layers):
        name = prefix + (path.replace(".", "_") if flat else path)
        shapes |= {f"{name}{down}": (8, into), f"{name}{up}": (out, 8)}
    return shapes


def forms_of_loras(layers):
    yield lora(layers, "transformer.", ".lora_A.weight", ".lora_B.weight")
    yield lora(layers, "diffusion_model.", ".lora_A.weight", ".lora_B.weight")
    yield lora(layers, "diffusion_model.", ".lora_down.weight", ".lora_up.weight")
    yield lora(layers, "", ".lora_A.default.weight", ".lora_B.default.weight")
    yield lora(layers, "lora_unet_", ".lora_down.weight", ".lora_up.weight", flat=True)
    yield lora(layers, "lora_unet__", ".lora_down.weight", ".lora_up.weight", flat=True)
    yield lora(layers, "lora_transformer_", ".lora_down.weight", ".lora_up.weight", flat=True)


@pytest.mark.parametrize("family", TRAINED)
def test_a_lora_of_each_family_is_told_in_every_form_it_is_written(family):
    for layers in TRAINED[family]:
        for shapes in forms_of_loras(layers):
            verdict = classify(Header(shapes, {}))
            # HunyuanVideo's and Flux's names are the same where dots are underscores.
            assert (verdict.kind, verdict.family) == ("lora", family), next(iter(shapes))


@pytest.mark.parametrize("family", BESIDES)
def test_a_denoiser_of_each_family_is_told_bare_and_in_a_whole_file(family):
    trained = TRAINED.get(family, [()])[0] if family != "longcat" else ()
    weights = {f"{path}.weight": tuple(sides) for path, sides in paths(trained)}
    for bare in (weights | BESIDES[family], BESIDES[family]):
        assert classify(Header(bare, {}))[:2] == ("denoiser", family)
        inside = {f"model.diffusion_model.{name}": shape for name, shape in bare.items()}
        assert classify(Header(inside, {}))[:2] == ("denoiser", family)
        assert classify(Header(inside | TEXT | VAE, {}))[:2] == ("checkpoint", family)
        short = {f"diffusion_model.{name}": shape for name, shape in bare.items()}
        assert classify(Header(short, {})).family == family


@pytest.mark.parametrize("family", BESIDES)
def test_the_layers_of_two_families_in_one_file_tell_none(family):
    """Whatever it is, it is no plain file of either."""
    for other, shapes in BESIDES.items():
        if other.split("-")[0] != family.split("-")[0]:
            both = BESIDES[family] | shapes
            assert classify(Header(both, {})).family not in {*TRAINED, *BESIDES} - {family, other}


@pytest.mark.parametrize(
    ("shapes", "family"),
    [
        # An SD3 LoRA trains three text encoders; SDXL has two.
        (
            dict.fromkeys(("lora_te1_x.lora_down.weight", "lora_te2_x.lora_down.weight"), (8, 8)),
            "unknown",
        ),
        (
            dict.fromkeys(
                ("lora_te2_x.lora_down.weight", "lora_te3_encoder_block_0.lora_down.weight"), (8, 8)
            ),
            "sd3",
        ),
        (
            {
                "lora_te2_x.lora_down.weight": (8, 1280),
                "lora_unet_joint_blocks_0_x_block_attn_qkv.lora_down.weight": (8, 1536),
            },
            "sd3",
        ),
        # Kohya's Flux LoRAs call T5 the third, too.
        (
            {
                "lora_te3_encoder_block_0_layer_0.lora_down.weight": (8, 4096),
                "lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": (8, 3072),
            },
            "flux",
        ),
        # 2048 is SDXL's text width in a UNet, and a video transformer's own here.
        ({"transformer.transformer_blocks.0.attn2.to_k.lora_A.weight": (8, 2048)}, "unknown"),
        ({"lora_unet_input_blocks_4_1_transformer_blocks_1_attn1_to_q.lokr_w1": (8, 8)}, "unknown"),
        ({"lora_unet_input_blocks_7_1_transformer_blocks_9_attn1_to_q.lokr_w1": (8, 8)}, "sdxl"),
    ],
)
def test_marks_are_weighed_against_contrary_marks(shapes, family):
    assert classify(Header(shapes, {}))[:2] == ("lora", family)


@pytest.mark.parametrize(
    ("written", "family"),
    [
        ("chroma", "chroma"),
        ("Flux.1-dev", "flux"),
        ("sdxl_base_v1-0", "flux"),  # its layers are no UNet's, whatever is written
    ],
)
def test_where_two_families_name_the_same_layers_the_trainers_word_decides(written, family):
    shapes = lora(FLUX_SINGLE[:2], "transformer.", ".lora_A.weight", ".lora_B.weight")
    assert classify(Header(shapes, {"ss_base_model_version": written})).family == family


OTHERS = {
    "control-lora": {"lora_controlnet": (0,), "input_blocks.0.0.up": (320, 16)},
    "t2i-adapter": {"body.0.block1.weight": (320, 320, 3, 3), "conv_in.weight": (320, 192, 3, 3)},
    "motion module": {
        "down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": (320,),
    },
    "ip-adapter": {
        "image_proj.proj.weight": (3072, 1024),
        "ip_adapter.1.to_k_ip.weight": (320, 768),
        "ip_adapter.1.to_q_lora.down.weight": (128, 320),
    },
    "face restorer": {
        "toRGB.0.weight": (3, 8, 1, 1),
        "stylegan_decoder.style_mlp.1.weight": (512, 512),
    },
    "hole filler": {"model.model.1.bn_l.running_mean": (64,)},
    "image encoder": {"vision_model.embeddings.class_embedding": (1280,)},
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_model_of_its_own_is_told_by_its_kind(kind):
    assert classify(Header(OTHERS[kind], {})).kind == kind


@pytest.mark.parametrize(
    ("shapes", "family"),
    [
        ({"text_model.embeddings.token_embedding.weight": (49408, 768)}, "clip-l"),
        ({"text_model.embeddings.token_embedding.weight": (49408, 1280)}, "clip-g"),
        ({"encoder.block.0.layer.0.SelfAttention.q.weight": (4096, 4096)}, "t5"),
        (
            {
                "model.layers.0.self_attn.q_norm.weight": (128,),
                "model.layers.0.mlp.gate_proj.weight": (9728, 2560),
            },
            "qwen3",
        ),
    ],
)
def test_a_text_encoder_is_told_by_its_layers(shapes, family):
    assert classify(Header(shapes, {}))[:2] == ("text encoder", family)


CONTROLNETS = {
    "sd15": {
        "input_hint_block.0.weight": (16, 3, 3, 3),
        "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    },
    "sdxl": {
        "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
    },
    "flux": {
        "controlnet_blocks.0.weight": (3072, 3072),
        "controlnet_x_embedder.weight": (3072, 64),
        "transformer_blocks.0.attn.to_q.weight": (3072, 3072),
        "transformer_blocks.0.norm1_context.linear.weight": (18432, 3072),
    },
    "sd3": {
        "controlnet_blocks.0.weight": (1536, 1536),
        "pos_embed_input.proj.weight": (1536, 16, 2, 2),
        "transformer_blocks.0.attn.to_q.weight": (1536, 1536),
    },
    "qwen-image": {
        "controlnet_blocks.0.weight": (3072, 3072),
        "controlnet_x_embedder.weight": (3072, 64),
        "transformer_blocks.0.attn.add_k_proj.weight": (3072, 3072),
        "transformer_blocks.0.img_mlp.net.0.proj.weight": (12288, 3072),
    },
    "z-image": {
        "control_all_x_embedder.2-1.weight": (3840, 64),
        "control_layers.0.attention.to_q.weight": (3840, 3840),
    },
}


@pytest.mark.parametrize("family", CONTROLNETS)
def test_a_controlnet_is_told_with_its_family(family):
    assert classify(Header(CONTROLNETS[family], {}))[:2] == ("controlnet", family)


def test_the_work_grows_with_the_file_and_with_no_power_of_it():
    """Doubled twice, it takes no sixteen times as long; whatever its metadata repeat."""

    def seconds(count):
        layers = {
            f"transformer_blocks.{n}.attn.to_q.lora_A.weight": (8, 3072) for n in range(count)
        }
        words = {"ss_base_model_version": "flux2 klein sdxl " * count}
        header, taken = Header(layers, words), []
        for _ in range(3):
            begun = time.process_time()
            classify(header)
            taken.append(time.process_time() - begun)
        return min(taken)

    assert seconds(20_000) < 10 * seconds(5_000) + 0.05
