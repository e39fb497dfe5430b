"""The settings of the branch of an executed graph that made the saved picture."""

import pytest

from tests.infotext.programs.comfyui.graphs import SAMPLING, Build, basics, out, sampled, saved

PLAIN = {
    "checkpoint": "sdxl/pony",
    "prompt": "a cat",
    "negative_prompt": "bad",
    "width": 640,
    "height": 832,
    "seed": 2**63 + 5,
    "steps": 25,
    "guidance_scale": 6.5,
    "sampler": "DPM++ 2M",
    "schedule": "karras",
}


@pytest.fixture
def build():
    return Build()


def test_a_plain_graph_is_read_in_full(build):
    saved(build, sampled(build))
    parsed = build.read()
    assert parsed.program == "ComfyUI"
    assert dict(parsed.settings) == PLAIN
    assert (dict(parsed.rest), parsed.notes) == ({}, ())


def test_a_branch_that_saved_nothing_sets_nothing(build):
    saved(build, sampled(build))
    loader = build.add("CheckpointLoaderSimple", ckpt_name="other.safetensors")
    other = basics(build) | SAMPLING | {"model": out(loader), "steps": 99}
    build.add("KSampler", **other)
    assert dict(build.read().settings) == PLAIN


def test_loras_come_in_their_order_with_both_weights(build):
    parts = basics(build)
    first = build.add(
        "LoraLoader",
        lora_name="styles\\ink.safetensors",
        strength_model=0.7000000000000002,
        strength_clip=0.5,
        model=parts["model"],
        clip=out("1", 1),
    )
    second = build.add(
        "LoraLoader",
        lora_name="add.safetensors",
        strength_model=1.0,
        strength_clip=1.0,
        model=out(first),
        clip=out(first, 1),
    )
    third = build.add(
        "LoraLoaderModelOnly", lora_name="turbo.safetensors", strength_model=1, model=out(second)
    )
    saved(build, build.add("KSampler", **(parts | SAMPLING | {"model": out(third)})))
    assert build.read().settings["loras"] == (
        {"name": "styles/ink", "weight": 0.7, "text_encoder": 0.5},
        {"name": "add", "weight": 1.0},
        {"name": "turbo", "weight": 1, "text_encoder": 0.0},
    )


def test_lists_of_loras_are_read(build):
    parts = basics(build)
    power = build.add(
        "Power Lora Loader (rgthree)",
        lora_1={"on": True, "lora": "ink.safetensors", "strength": 0.8},
        lora_2={"on": False, "lora": "off.safetensors", "strength": 1},
        lora_3={"on": True, "lora": "add.safetensors", "strength": 1, "strengthTwo": 0.5},
        model=parts["model"],
        clip=out("1", 1),
    )
    stack = build.add(
        "Lora Loader Stack (rgthree)",
        lora_01="one.safetensors",
        strength_01=0.3,
        lora_02="None",
        strength_02=1,
        model=out(power),
        clip=out(power, 1),
    )
    saved(build, build.add("KSampler", **(parts | SAMPLING | {"model": out(stack)})))
    assert build.read().settings["loras"] == (
        {"name": "ink", "weight": 0.8},
        {"name": "add", "weight": 1, "text_encoder": 0.5},
        {"name": "one", "weight": 0.3},
    )


def test_vae_clip_skip_and_prediction_type_are_read(build):
    parts = basics(build)
    skipped = build.add("CLIPSetLastLayer", stop_at_clip_layer=-2, clip=out("1", 1))
    text = build.add("CLIPTextEncode", text="a cat", clip=out(skipped))
    model = build.add(
        "ModelSamplingDiscrete", sampling="v_prediction", zsnr=True, model=parts["model"]
    )
    changes = {"positive": out(text), "model": out(model)}
    sampler = build.add("KSampler", **(parts | SAMPLING | changes))
    vae = build.add("VAELoader", vae_name="vae/kl-f8.safetensors")
    decoded = build.add("VAEDecodeTiled", samples=out(sampler), vae=out(vae), tile_size=512)
    build.add("SaveImage", images=out(decoded))
    settings = build.read().settings
    assert settings["vae"] == "vae/kl-f8"
    assert settings["clip_skip"] == 2
    assert settings["prediction_type"] == "v_prediction"


def test_a_second_sampler_on_larger_latents_is_the_hires_fix(build):
    first = sampled(build)
    larger = build.add(
        "LatentUpscaleBy", samples=out(first), upscale_method="nearest-exact", scale_by=1.5
    )
    second = build.add(
        "KSampler",
        **(build.nodes[first]["inputs"] | {"latent_image": out(larger)}),
    )
    build.nodes[second]["inputs"] |= {"denoise": 0.55, "steps": 12, "seed": 9, "cfg": 5.0}
    saved(build, second)
    settings = build.read().settings
    assert {key: settings[key] for key in PLAIN} == PLAIN
    assert settings["refiner"] == {
        "enabled": True,
        "scale": 1.5,
        "upscaler": "latent nearest",
        "steps": 12,
        "denoising_strength": 0.55,
        "guidance_scale": 5.0,
        "seed": 9,
    }


def test_a_hires_fix_by_a_model_and_an_exact_size_is_read(build):
    first = sampled(build)
    decoded = build.add("VAEDecode", samples=out(first), vae=out("1", 2))
    model = build.add("UpscaleModelLoader", model_name="4x-UltraSharp.pth")
    larger = build.add("ImageUpscaleWithModel", upscale_model=out(model), image=out(decoded))
    exact = build.add(
        "ImageScale", image=out(larger), upscale_method="lanczos", width=1280, height=1664
    )
    again = build.add("VAEEncode", pixels=out(exact), vae=out("1", 2))
    inputs = build.nodes[first]["inputs"] | {"latent_image": out(again), "denoise": 0.4}
    saved(build, build.add("KSampler", **inputs))
    refiner = build.read().settings["refiner"]
    assert (refiner["width"], refiner["height"]) == (1280, 1664)
    assert (refiner["upscaler"], refiner["denoising_strength"]) == ("4x-UltraSharp", 0.4)


def test_an_upscaler_whose_factor_the_graph_does_not_say_is_not_guessed(build):
    decoded = saved(build, sampled(build))
    model = build.add("UpscaleModelLoader", model_name="4x-UltraSharp.pth")
    larger = build.add("ImageUpscaleWithModel", upscale_model=out(model), image=out(decoded))
    saver = next(one for one in build.nodes.values() if one["class_type"] == "SaveImage")
    saver["inputs"]["images"] = out(larger)
    parsed = build.read()
    assert parsed.settings["upscaler"] == {"enabled": True, "upscaler": "4x-UltraSharp"}
    assert parsed.rest["Postprocess upscale by"] == "unknown"
    assert "does not say the factor" in parsed.why["Postprocess upscale by"]


def advanced(build, parts, **changes):
    inputs = {
        "add_noise": "enable",
        "noise_seed": 7,
        "steps": 25,
        "cfg": 8.0,
        "sampler_name": "euler",
        "scheduler": "normal",
        "start_at_step": 0,
        "end_at_step": 20,
        "return_with_leftover_noise": "enable",
    }
    return build.add("KSamplerAdvanced", **(parts | inputs | changes))


def test_a_sampler_that_goes_on_with_another_model_is_the_refiner(build):
    parts = basics(build)
    first = advanced(build, parts)
    loader = build.add("CheckpointLoaderSimple", ckpt_name="refiner.safetensors")
    second = advanced(
        build,
        parts,
        add_noise="disable",
        noise_seed=0,
        start_at_step=20,
        end_at_step=10000,
        return_with_leftover_noise="disable",
        model=out(loader),
        latent_image=out(first),
    )
    saved(build, second)
    settings = build.read().settings
    assert (settings["seed"], settings["steps"], settings["sampler"]) == (7, 25, "Euler")
    assert (settings["handover_checkpoint"], settings["switch_at"]) == ("refiner", 0.8)
    assert "refiner" not in settings


def flux(build, guider="BasicGuider", stored="default", **changes):
    unet = build.add("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype=stored)
    clip = build.add("DualCLIPLoader", clip_name1="t5.safetensors", clip_name2="l.safetensors")
    text = build.add("CLIPTextEncode", text="a lake", clip=out(clip))
    guided = build.add("FluxGuidance", guidance=3.5, conditioning=out(text))
    sampler = build.add(
        "SamplerCustomAdvanced",
        noise=out(build.add("RandomNoise", noise_seed=11)),
        guider=out(build.add(guider, model=out(unet), conditioning=out(guided), **changes)),
        sampler=out(build.add("KSamplerSelect", sampler_name="euler")),
        sigmas=out(
            build.add("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=out(unet))
        ),
        latent_image=out(build.add("EmptySD3LatentImage", width=1024, height=768, batch_size=1)),
    )
    vae = build.add("VAELoader", vae_name="ae.safetensors")
    build.add("SaveImage", images=out(build.add("VAEDecode", samples=out(sampler), vae=out(vae))))


def test_the_custom_sampler_with_its_parts_is_read(build):
    flux(build)
    parsed = build.read()
    assert dict(parsed.settings) == {
        "checkpoint": "flux1-dev",
        "prompt": "a lake",
        "negative_prompt": "",
        "seed": 11,
        "steps": 20,
        "sampler": "Euler",
        "schedule": "simple",
        "guidance_scale": 1.0,
        "distilled_guidance_scale": 3.5,
        "width": 1024,
        "height": 768,
        "vae": "ae",
    }
    assert dict(parsed.rest) == {"Text encoder": "t5, l"}


@pytest.mark.parametrize(
    ("stored", "expected", "told"),
    [
        ("default", None, ""),
        ("fp8_e4m3fn", "fp8_e4m3fn", ""),
        ("fp8_e4m3fn_fast", "fp8_e4m3fn", "its weights were fp8_e4m3fn_fast"),
        ("fp8_e5m2", None, "'fp8_e5m2' is not a known value"),
    ],
)
def test_how_a_loader_stores_weights_is_set_or_told(build, stored, expected, told):
    flux(build, stored=stored)
    parsed = build.read()
    assert parsed.settings.get("weight_dtype") == expected
    assert told in " ".join((*parsed.why.values(), *parsed.notes))
    assert told or not parsed.notes


def test_a_guider_with_two_prompts_gives_both_and_its_scale(build):
    parts = basics(build)
    guider = build.add(
        "CFGGuider", cfg=4.0, **{key: parts[key] for key in ("model", "positive", "negative")}
    )
    sampler = build.add(
        "SamplerCustomAdvanced",
        noise=out(build.add("RandomNoise", noise_seed=1)),
        guider=out(guider),
        sampler=out(build.add("SamplerEulerAncestral", eta=1.0, s_noise=1.0)),
        sigmas=out(build.add("KarrasScheduler", steps=9, sigma_max=14.6, sigma_min=0.03, rho=7)),
        latent_image=parts["latent_image"],
    )
    saved(build, sampler)
    settings = build.read().settings
    assert (settings["guidance_scale"], settings["negative_prompt"]) == (4.0, "bad")
    assert (settings["sampler"], settings["steps"]) == ("Euler a", 9)


def test_sampler_custom_is_read(build):
    parts = basics(build)
    sampler = build.add(
        "SamplerCustom",
        add_noise=True,
        noise_seed=3,
        cfg=2.0,
        sampler=out(build.add("KSamplerSelect", sampler_name="lcm")),
        sigmas=out(build.add("SDTurboScheduler", steps=2, denoise=1.0, model=parts["model"])),
        **parts,
    )
    saved(build, sampler)
    parsed = build.read()
    assert (parsed.settings["seed"], parsed.settings["steps"]) == (3, 2)
    assert "SDTurboScheduler" in parsed.why["Schedule type"]


def test_a_picture_made_from_another_says_so_and_its_strength(build):
    first = sampled(build)
    picture = build.add("LoadImage", image="photo.png")
    encoded = build.add("VAEEncode", pixels=out(picture), vae=out("1", 2))
    build.nodes[first]["inputs"] |= {"latent_image": out(encoded), "denoise": 0.5}
    saved(build, first)
    parsed = build.read()
    assert parsed.settings["img2img"] == {"denoising_strength": 0.5}
    assert parsed.settings["steps"] == 25
    assert not {"width", "height"} & parsed.settings.keys()
    assert "as many are made here by 50 steps" in " ".join(parsed.notes)
    assert "made from another picture" in " ".join(parsed.notes)


def test_a_masked_start_is_inpainting(build):
    first = sampled(build)
    picture = build.add("LoadImage", image="photo.png")
    encoded = build.add(
        "VAEEncodeForInpaint",
        pixels=out(picture),
        mask=out(picture, 1),
        vae=out("1", 2),
        grow_mask_by=6,
    )
    build.nodes[first]["inputs"] |= {"latent_image": out(encoded)}
    saved(build, first)
    assert build.read().settings["inpaint"] == {"denoising_strength": 1.0, "inverted": False}


def test_controlnets_are_read_and_switched_off(build):
    parts = basics(build)
    net = build.add("ControlNetLoader", control_net_name="canny-sdxl.safetensors")
    edges = build.add("Canny", low_threshold=0.4, image=out(build.add("LoadImage", image="x.png")))
    applied = build.add(
        "ControlNetApplyAdvanced",
        positive=parts["positive"],
        negative=parts["negative"],
        control_net=out(net),
        image=out(edges),
        strength=0.8,
        start_percent=0.1,
        end_percent=0.9,
    )
    changes = {"positive": out(applied), "negative": out(applied, 1)}
    saved(build, build.add("KSampler", **(parts | SAMPLING | changes)))
    settings = build.read().settings
    assert settings["control"] == (
        {
            "model": "canny-sdxl",
            "preprocessor": "canny",
            "weight": 0.8,
            "start": 0.1,
            "end": 0.9,
            "enabled": False,
        },
    )
    assert (settings["prompt"], settings["negative_prompt"]) == ("a cat", "bad")


def test_prompts_from_other_nodes_are_joined_as_the_graph_joins_them(build):
    first = sampled(build)
    start = build.add("PrimitiveStringMultiline", value="a cat")
    end = build.add("StringReplace", string="on a X", find="X", replace="roof")
    whole = build.add("StringConcatenate", string_a=out(start), string_b=out(end), delimiter=", ")
    build.nodes["2"]["inputs"]["text"] = out(whole)
    build.nodes[first]["inputs"]["seed"] = out(build.add("PrimitiveInt", value=77))
    saved(build, first)
    settings = build.read().settings
    assert (settings["prompt"], settings["seed"]) == ("a cat, on a roof", 77)


def test_what_a_node_computes_that_is_not_known_is_unknown_and_never_guessed(build):
    first = sampled(build)
    build.nodes["2"]["inputs"]["text"] = out(build.add("LlmWriter", topic="cats"))
    build.nodes[first]["inputs"]["steps"] = out(build.add("Dice", faces=6))
    del build.nodes[first]["inputs"]["cfg"]
    saved(build, first)
    parsed = build.read()
    assert not {"steps", "guidance_scale"} & parsed.settings.keys()
    assert parsed.settings["prompt"] == ""
    assert {key: parsed.rest[key] for key in ("Prompt", "Steps", "CFG scale")} == dict.fromkeys(
        ("Prompt", "Steps", "CFG scale"), "unknown"
    )
    assert "LlmWriter" in parsed.why["Prompt"]
    assert "Dice" in parsed.why["Steps"]
    assert "does not say it" in parsed.why["CFG scale"]


def test_a_patch_that_has_no_setting_here_is_named(build):
    parts = basics(build)
    model = build.add("FreeU_V2", b1=1.3, model=parts["model"])
    saved(build, build.add("KSampler", **(parts | SAMPLING | {"model": out(model)})))
    parsed = build.read()
    assert parsed.settings["checkpoint"] == "sdxl/pony"
    assert parsed.why["FreeU_V2"] == "this node of the graph has no setting here"


def test_switches_and_reroutes_are_followed(build):
    first = sampled(build)
    other = build.add("CheckpointLoaderSimple", ckpt_name="other.safetensors")
    build.nodes[first]["inputs"]["model"] = out(
        build.add("ComfySwitchNode", switch=True, on_false=out("1"), on_true=out(other))
    )
    build.nodes[first]["inputs"]["positive"] = out(build.add("Reroute", any=out("2")))
    saved(build, first)
    settings = build.read().settings
    assert (settings["checkpoint"], settings["prompt"]) == ("other", "a cat")


def test_texts_are_written_in_the_grammar_that_is_read_here(build):
    first = sampled(build)
    build.nodes["2"]["inputs"]["text"] = "a [cat], (soft:1.2), embedding:mina.pt <lora:ink:1>"
    saved(build, first)
    parsed = build.read()
    assert parsed.settings["prompt"] == r"a \[cat\], (soft:1.2), mina "
    assert "plain text in ComfyUI" in " ".join(parsed.notes)
    assert "in a way of its own" in " ".join(parsed.notes)


def test_combined_and_concatenated_prompts_have_their_form_here(build):
    first = sampled(build)
    other = build.add("CLIPTextEncode", text="a dog", clip=out("1", 1))
    both = build.add("ConditioningCombine", conditioning_1=out("2"), conditioning_2=out(other))
    build.nodes[first]["inputs"]["positive"] = out(both)
    saved(build, first)
    assert build.read().settings["prompt"] == "a cat :0.5 AND a dog :0.5"
    build.nodes[both] = {
        "class_type": "ConditioningConcat",
        "inputs": {"conditioning_to": out("2"), "conditioning_from": out(other)},
    }
    assert build.read().settings["prompt"] == "a cat BREAK a dog"


def test_two_texts_of_sdxl_are_read_and_the_second_is_told_if_it_differs(build):
    first = sampled(build)
    build.nodes["2"] = {
        "class_type": "CLIPTextEncodeSDXL",
        "inputs": {"text_g": "a cat", "text_l": "fur", "width": 1024, "clip": out("1", 1)},
    }
    saved(build, first)
    parsed = build.read()
    assert parsed.settings["prompt"] == "a cat"
    assert parsed.rest == {"text_l of CLIPTextEncodeSDXL": "fur"}


def test_a_zeroed_prompt_is_empty(build):
    first = sampled(build)
    build.nodes[first]["inputs"]["negative"] = out(
        build.add("ConditioningZeroOut", conditioning=out("2"))
    )
    saved(build, first)
    assert build.read().settings["negative_prompt"] == ""


def test_loaders_and_samplers_of_other_packages_are_read_by_their_inputs(build):
    loader = build.add(
        "Efficient Loader",
        ckpt_name="pony.safetensors",
        vae_name="Baked VAE",
        clip_skip=-2,
        lora_name="ink.safetensors",
        lora_model_strength=0.7,
        lora_clip_strength=0.7,
        positive="a cat",
        negative="bad",
        empty_latent_width=640,
        empty_latent_height=832,
        batch_size=1,
    )
    sampler = build.add(
        "KSampler (Efficient)",
        **SAMPLING,
        preview_method="auto",
        model=out(loader),
        positive=out(loader, 1),
        negative=out(loader, 2),
        latent_image=out(loader, 3),
        optional_vae=out(loader, 4),
    )
    build.add("Image Save", images=out(sampler, 5), output_path="x")
    parsed = build.read()
    assert dict(parsed.settings) == PLAIN | {
        "checkpoint": "pony",
        "clip_skip": 2,
        "loras": ({"name": "ink", "weight": 0.7},),
    }


def test_a_list_of_loras_that_is_not_known_is_named(build):
    parts = basics(build)
    lora = build.add("SwarmLoraLoader", lora_names="ink", lora_weights="1", model=parts["model"])
    saved(build, build.add("KSampler", **(parts | SAMPLING | {"model": out(lora)})))
    assert "SwarmLoraLoader" in build.read().why


def test_numbers_that_a_script_wrote_as_texts_are_numbers(build):
    saved(build, sampled(build, steps="25", cfg="6.5", seed=str(2**63 + 5)))
    assert dict(build.read().settings) == PLAIN


def test_a_size_that_a_choice_spells_out_is_read_and_a_script_is_named(build):
    size = build.add("SDXLEmptyLatentSizePicker+", resolution="832x1152 (0.72)", width_override=0)
    script = build.add("HighRes-Fix Script", upscale_by=1.5, hires_steps=20, denoise=0.6)
    first = sampled(build, latent_image=out(size), script=out(script))
    saved(build, first, loader="3")
    parsed = build.read()
    assert (parsed.settings["width"], parsed.settings["height"]) == (832, 1152)
    assert "img2img" not in parsed.settings
    assert "no setting here" in parsed.why["HighRes-Fix Script"]


def test_latents_of_a_node_that_is_not_known_are_no_picture(build):
    first = sampled(build, latent_image=out(build.add("MyLatents", aspect="wide")))
    saved(build, first, loader="2")
    parsed = build.read()
    assert not {"img2img", "width"} & parsed.settings.keys()
    assert "MyLatents" in parsed.why["Size"]


def test_a_sampler_that_draws_all_anew_is_the_first(build):
    guide = sampled(build, seed=1, steps=5)
    decoded = build.add("VAEDecode", samples=out(guide), vae=out("1", 2))
    again = build.add("VAEEncode", pixels=out(decoded), vae=out("1", 2))
    second = build.nodes[guide]["inputs"] | {"latent_image": out(again), "seed": 2, "steps": 30}
    saved(build, build.add("KSampler", **second))
    parsed = build.read()
    assert (parsed.settings["seed"], parsed.settings["steps"]) == (2, 30)
    assert (parsed.settings["width"], parsed.settings["height"]) == (640, 832)
    assert not {"refiner", "img2img"} & parsed.settings.keys()
    assert "drawn anew" in " ".join(parsed.notes)


def test_a_size_by_ratio_and_pixels_is_computed(build):
    first = sampled(build)
    chosen = build.add("ResolutionSelector", aspect_ratio="3:4 (Portrait Standard)", megapixels=1)
    build.nodes["4"]["inputs"] |= {"width": out(chosen), "height": out(chosen, 1)}
    saved(build, first)
    settings = build.read().settings
    assert (settings["width"], settings["height"]) == (888, 1184)


def test_steps_that_were_not_made_and_a_batch_are_told(build):
    parts = basics(build)
    build.nodes["4"]["inputs"]["batch_size"] = 4
    saved(build, advanced(build, parts, end_at_step=20))
    parsed = build.read()
    assert "after step 20 of 25" in parsed.why["Last step"]
    assert "only the first depends on the seed alone" in parsed.why["Batch size"]


def test_what_a_second_part_of_the_steps_does_otherwise_is_told(build):
    parts = basics(build)
    first = advanced(build, parts)
    other = build.add("CLIPTextEncode", text="a dog", clip=out("1", 1))
    second = advanced(
        build,
        parts,
        add_noise="disable",
        start_at_step=20,
        end_at_step=10000,
        cfg=3.0,
        positive=out(other),
        latent_image=out(first),
    )
    saved(build, second)
    parsed = build.read()
    assert {"CFG scale of the refiner", "Prompt of the refiner"} == {*parsed.why}
    assert (parsed.settings["guidance_scale"], parsed.settings["prompt"]) == (8.0, "a cat")
