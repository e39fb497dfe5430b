"""LoRAs in runs: what they change, where, and that nothing of them is left."""

import hashlib
import json
import re
import shutil
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig
from medialab.errors import CancelledError, ConfigError, ModelNotFoundError, ModelRefusedError

QUICK = {"prompt": "a red ball", "steps": 4, "width": 64, "height": 64, "seed": 7}
FACE = {"enabled": True, "detector": "centre", "guide_size": 64, "denoising_strength": 0.8}
UNET = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
TEXT = "encoder.layers.0.self_attn.q_proj"


def lora(seed, size=1.0, text=True):
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for prefix, path, width in (("lora_unet_", UNET, 32), ("lora_te_", TEXT, 32)):
        if prefix == "lora_te_" and not text:
            continue
        name = prefix + path.replace(".", "_")
        tensors[f"{name}.lora_down.weight"] = torch.randn(4, width, generator=generator)
        tensors[f"{name}.lora_up.weight"] = size * torch.randn(width, 4, generator=generator)
    return tensors


@pytest.fixture
def models(tiny_models, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(tiny_models, folder)
    (folder / "loras").mkdir()
    save_file(lora(1), folder / "loras" / "ink.safetensors")
    save_file(lora(2), folder / "loras" / "gold.safetensors")
    wide = {key: torch.randn(640, 640) for key in lora(1)}
    save_file(wide, folder / "loras" / "wide.safetensors")
    return folder


def drawn(bench, **settings):
    config = PipelineConfig.parse(QUICK | settings)
    return bench.execute(config)


def pixels(run):
    return run.image.tobytes()


def test_with_without_and_with_again(bench):
    plain = pixels(drawn(bench))
    styled = pixels(drawn(bench, loras=[{"name": "ink"}]))
    assert styled != plain
    bench.cache.clear()
    assert pixels(drawn(bench)) == plain
    assert pixels(drawn(bench, loras=[{"name": "ink"}])) == styled


@pytest.mark.parametrize("off", [{"weight": 0}, {"enabled": False}, {"start": 1.0, "stop": 1.0}])
def test_what_does_not_count_changes_nothing(bench, off):
    if "start" in off:
        off = off | {"text_encoder": 0}
    assert pixels(drawn(bench, loras=[{"name": "ink", **off}])) == pixels(drawn(bench))


def test_a_tag_is_the_same_as_the_setting(bench):
    by_setting = drawn(bench, loras=[{"name": "ink", "weight": 0.7, "text_encoder": 0.7}])
    by_tag = drawn(bench, prompt="a red ball<lora:ink:0.7>")
    assert pixels(by_tag) == pixels(by_setting)
    assert "<lora:ink:0.7>" in by_tag.config.prompt


def test_the_record_names_what_was_applied(bench):
    run = drawn(bench, loras=[{"name": "ink"}, {"name": "gold", "weight": 0.5}])
    applied = {stage["name"]: stage["applied"] for stage in run.record["stages"]}
    told = applied["txt2img"]["loras"]
    assert [one["name"] for one in told] == ["ink", "gold"]
    assert all(one["matched"] == 2 and one["kinds"] == ["lora"] for one in told)
    assert (
        "loras" not in {s["name"]: s["applied"] for s in drawn(bench).record["stages"]}["txt2img"]
    )


def test_two_of_one_name_are_both_told_by_the_folders_they_lie_in(bench, models):
    for folder, seed in (("a", 3), ("b", 4)):
        (models / "loras" / folder).mkdir()
        save_file(lora(seed), models / "loras" / folder / "twin.safetensors")
    run = drawn(bench, prompt="a red ball <lora:a/twin:0.5> <lora:b/twin:1>")
    told = next(one for one in run.record["stages"] if one["name"] == "txt2img")["applied"]["loras"]
    assert [one["name"] for one in told] == ["a/twin", "b/twin"]
    with Image.open(run.artifact.path) as picture:
        hashes = re.search(r'Lora hashes: "(.*?)"', picture.text["parameters"])[1]
    for one in told:
        assert f"{one['name']}: {one['autov3']}" in hashes
    assert pixels(bench.execute(run.config)) == pixels(run)


def test_two_pictures_of_a_batch_with_different_loras_are_their_single_runs(bench):
    batch = drawn(bench, prompt="a {red<lora:ink:1>|blue<lora:gold:1>} ball", batch_size=4)
    prompts = [artifact.prompt for artifact in batch.artifacts]
    assert len(set(prompts)) == 2
    for k, (prompt, image) in enumerate(zip(prompts, batch.images, strict=True)):
        bench.cache.clear()
        assert pixels(drawn(bench, prompt=prompt, seed=7 + k)) == image.tobytes()


def test_a_picture_is_made_again_from_its_own_file(bench):
    run = drawn(bench, prompt="a ball <lora:gold:0.4>", loras=[{"name": "ink", "weight": 0.5}])
    bench.cache.clear()
    loaded = bench.artifacts.load(run.artifact.path)
    assert sorted(loaded.loras_used()) == ["gold", "ink"]
    assert pixels(bench.execute(loaded)) == pixels(run)


def test_a_replaced_file_is_noticed(bench, models):
    run = drawn(bench, loras=[{"name": "ink"}])
    save_file(lora(9), models / "loras" / "ink.safetensors")
    with pytest.raises(ModelRefusedError, match="lora 'ink' is another file now"):
        bench.execute(run.config)
    assert pixels(drawn(bench, loras=[{"name": "ink"}])) != pixels(run)


def test_a_stage_has_its_own_or_the_bases_or_none(bench):
    start = bench.keep(Image.effect_noise((64, 64), 90).convert("RGB"))
    base = {"mode": "enhance", "image": start}
    none = drawn(bench, **base, face=FACE)
    inherited = drawn(bench, **base, loras=[{"name": "ink"}], face=FACE)
    own = drawn(bench, **base, face=FACE | {"loras": [{"name": "ink"}]})
    empty = drawn(bench, **base, loras=[{"name": "ink"}], face=FACE | {"loras": []})
    tagged = drawn(bench, **base, face=FACE | {"prompt": "a red ball<lora:ink:1>"})
    assert pixels(inherited) == pixels(own) == pixels(tagged) != pixels(none)
    assert pixels(empty) == pixels(none)


def test_a_stage_with_its_own_list_leaves_the_tags_of_the_bases_prompt_out(bench):
    start = bench.keep(Image.effect_noise((64, 64), 90).convert("RGB"))
    base = {"mode": "enhance", "image": start}
    none = drawn(bench, **base, face=FACE)
    tagged = {"prompt": "a red ball<lora:ink:1>"}
    assert pixels(drawn(bench, **base, **tagged, face=FACE)) != pixels(none)
    assert pixels(drawn(bench, **base, **tagged, face=FACE | {"loras": []})) == pixels(none)
    for text in ("[PROMPT]", "", "[SEP]x"):
        own = FACE | {"loras": [], "prompt": text}
        assert pixels(drawn(bench, **base, **tagged, face=own)) == pixels(none)
    after = {"prompt": "[CONCAT]a face"}
    assert pixels(drawn(bench, **base, **tagged, face=FACE | after | {"loras": []})) == pixels(
        drawn(bench, **base, face=FACE | after)
    )


@pytest.mark.thorough
@pytest.mark.parametrize("stage", ["refiner", "body", "face", "hand", "upscaler"])
def test_every_stage_that_denoises_can_have_loras_of_its_own(bench, stage):
    settings = {"enabled": True, "scale": 1.0, "denoising_strength": 0.8}
    settings = settings if stage in {"refiner", "upscaler"} else FACE
    plain = drawn(bench, **{stage: settings})
    by_setting = drawn(bench, **{stage: settings | {"loras": [{"name": "ink", "weight": 0.8}]}})
    by_tag = drawn(bench, **{stage: settings | {"prompt": "a red ball<lora:ink:0.8>"}})
    assert pixels(plain) != pixels(by_setting) == pixels(by_tag)
    hits = {one.stage: one.hit for one in bench.explain(plain.config.asked())}
    assert hits["txt2img"]
    applied = {one["name"]: one["applied"] for one in by_setting.record["stages"]}
    assert "loras" not in applied["txt2img"]
    told = applied[stage]["drawn"][0] if settings is FACE else applied[stage]
    assert [one["name"] for one in told["loras"]] == ["ink"]


@pytest.mark.parametrize(("window", "mode"), [({}, "merged"), ({"stop": 0.9}, "attached")])
def test_a_cancel_in_the_middle_leaves_the_weights_as_they_were(bench, models, window, mode):
    """What ends it is the job's own cancel, heeded at the second step."""
    registry = bench.registry
    model = registry.load(registry.find("paperdoll", "checkpoint"))

    def checksum():
        digest = hashlib.sha256()
        for part in ("unet", "text_encoder"):
            for value in model.components[part].state_dict().values():
                digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    before, seen, known = checksum(), [], threading.Event()

    def stop_at_the_first_step(event):
        if event.kind == "started":
            known.wait(60)  # until the job below has its name
        elif event.kind == "step" and not seen:
            seen.append(checksum())
            job.cancel()

    stop_listening = bench.executor.listen(stop_at_the_first_step)
    config = PipelineConfig.parse(QUICK | {"loras": [{"name": "ink"} | window]})
    job = bench.submit(config)
    known.set()
    with pytest.raises(CancelledError):
        job.result()
    stop_listening()
    assert (seen[0] != before) == (mode == "merged")
    assert checksum() == before
    assert all(not one._forward_hooks for one in model.components["unet"].modules())


def test_a_lora_of_another_family_is_refused_before_anything_is_queued(bench, models):
    wide = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    tensors = {
        f"{wide}.lora_down.weight": torch.zeros(4, 2048),
        f"{wide}.lora_up.weight": torch.zeros(640, 4),
    }
    save_file(tensors, models / "loras" / "large.safetensors")
    for request in (
        {"loras": [{"name": "large"}]},
        {"prompt": "a ball<lora:large:1>"},
        {"face": FACE | {"loras": [{"name": "large"}]}},
    ):
        with pytest.raises(ModelRefusedError, match="of sdxl, and the checkpoint is of family pap"):
            bench.submit(PipelineConfig.parse(QUICK | request))


def test_a_lora_that_its_note_says_is_another_file_is_refused(bench, models):
    note = models / "loras" / "ink.civitai.info"
    note.write_text(json.dumps({"files": [{"hashes": {"SHA256": "AB" * 32}}]}))
    with pytest.raises(ModelRefusedError, match="is not the file that ink"):
        drawn(bench, loras=[{"name": "ink"}])
    sha256 = hashlib.sha256((models / "loras" / "ink.safetensors").read_bytes()).hexdigest()
    note.write_text(json.dumps({"files": [{"hashes": {"SHA256": sha256.upper()}}]}))
    assert drawn(bench, loras=[{"name": "ink"}]).image.size == (64, 64)


def test_half_a_match_is_said_in_the_record(bench, models):
    more = {
        f"lora_unet_elsewhere.{end}": torch.zeros(4, 4)
        for end in ("lora_up.weight", "lora_down.weight")
    }
    save_file(lora(1) | more, models / "loras" / "half.safetensors")
    run = drawn(bench, loras=[{"name": "half"}])
    told = {s["name"]: s["applied"] for s in run.record["stages"]}["txt2img"]["loras"][0]
    assert (told["matched"], told["unmatched"]) == (2, 1)
    assert told["note"].endswith("2 layers found their place, 1 did not (such as unet: elsewhere)")
    assert (told["format"], told["rank"]) == ("kohya", 4)


# Source: civitai's src/utils/metadata/automatic.metadata.ts, its patterns and its order of work.
def read_as_civitai(text):
    parameters = text.split("\n")[-1]
    assert parameters.startswith("Steps: ")
    listed = re.search(r'Lora hashes: "([^"]*)"|Lora hashes: ([^,]*)', parameters)
    hashes = {}
    for pair in (listed[1] or listed[2]).split(",") if listed else ():
        name, value = pair.split(":")
        hashes[name.strip()] = value.strip().lower()
    tags = re.findall(r"<lora:([a-zA-Z0-9_.-]+):([0-9.]+)>", text)
    return hashes, tags


def test_civitais_reader_finds_the_loras_of_every_stage_by_their_hashes(bench, models):
    save_file(
        lora(4), models / "loras" / "told.safetensors", {"sshs_model_hash": "C0FFEE" + "0" * 58}
    )
    run = drawn(
        bench,
        prompt="a red ball<lora:ink:0.8>",
        loras=[{"name": "told"}],
        face=FACE | {"prompt": "a face", "loras": [{"name": "gold"}]},
    )
    content = (models / "loras" / "ink.safetensors").read_bytes()
    body = content[8 + int.from_bytes(content[:8], "little") :]
    with Image.open(run.artifact.path) as picture:
        hashes, tags = read_as_civitai(picture.text["parameters"])
    assert hashes["ink"] == hashlib.sha256(body).hexdigest()[:12]
    assert hashes["told"] == "c0ffee000000"
    assert list(hashes) == ["told", "ink", "gold"]
    assert tags == [("ink", "0.8")]
    with Image.open(drawn(bench).artifact.path) as picture:
        assert "Lora hashes" not in picture.text["parameters"]


def test_another_lora_for_the_detailer_runs_the_detailer_alone(bench):
    run = drawn(bench, face=FACE)
    changed = run.config.asked().changed(face=FACE | {"loras": [{"name": "gold"}]})
    hits = {found.stage: found.hit for found in bench.explain(changed)}
    assert hits["txt2img"]
    assert not hits["face"]
    again = bench.execute(changed)
    assert pixels(again) != pixels(run)
    assert pixels(drawn(bench, face=FACE)) == pixels(run)


def test_start_and_stop_change_the_picture(bench):
    whole = {"name": "ink", "text_encoder": 0}
    found = {
        pixels(drawn(bench, loras=[{**whole, **share}]))
        for share in ({}, {"stop": 0.5}, {"start": 0.5}, {"weight": 0})
    }
    assert len(found) == 4


def test_what_cannot_be_applied_is_named(bench, models):
    with pytest.raises(ModelNotFoundError, match=r"no lora 'inc'.*Did you mean 'ink'"):
        drawn(bench, loras=[{"name": "inc"}])
    with pytest.raises(ModelNotFoundError, match="no lora 'nope'"):
        drawn(bench, prompt="a ball <lora:nope:1>")
    with pytest.raises(ConfigError, match=r"start 0.9 is after stop 0.1"):
        drawn(bench, loras=[{"name": "ink", "start": 0.9, "stop": 0.1}])
    with pytest.raises(ModelRefusedError, match="LoRA 'wide' is made for another model"):
        drawn(bench, loras=[{"name": "wide"}])
    assert drawn(bench).image.size == (64, 64)


def test_the_pictures_differ_where_the_weight_says(bench):
    plain = np.asarray(drawn(bench).image).astype(float)
    change = [
        np.abs(np.asarray(drawn(bench, loras=[{"name": "ink", "weight": w}]).image) - plain).mean()
        for w in (0.05, 0.2, 0.6)
    ]
    assert 0 < change[0] < change[1] < change[2]
