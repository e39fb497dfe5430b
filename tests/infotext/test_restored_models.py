"""The content chooses the model, not the name; one that is not here is named and never replaced."""

import hashlib
import json

from medialab import PipelineConfig
from medialab.files.digests import autov1, sha256_of_tensors
from medialab.infotext.restored_models import MissingModel
from tests.infotext.pictures import LINE, sha_of


def test_the_hash_chooses_the_checkpoint_and_the_other_of_its_name_is_told(own):
    sha = sha_of(own, "other")
    for told in (sha[:10], sha, sha[:10].upper()):
        read = own.read_settings(f"a cat\n{LINE}, Model hash: {told}, Model: paperdoll")
        assert read.config.checkpoint == "other"
        assert "the file named 'paperdoll' is another one" in read.summary


def test_a_checkpoint_is_known_by_its_hash_alone(own):
    read = own.read_settings(f"a cat\n{LINE}, Model hash: {sha_of(own, 'other')[:10]}")
    assert read.config.checkpoint == "other"
    civitai = json.dumps({"model": sha_of(own, "other")[:10]})
    assert own.read_settings(f"a cat\n{LINE}, Hashes: {civitai}").config.checkpoint == "other"


def test_a_missing_checkpoint_is_named_with_its_hash_and_never_replaced_by_name(own):
    now = PipelineConfig(checkpoint="other")
    read = own.read_settings(f"a\n{LINE}, Model hash: abcdef1234, Model: paperdoll", now=now)
    assert read.config.checkpoint == "other"
    assert "abcdef1234" in read.left_out["Model"]
    assert "another file" in read.left_out["Model"]
    gone = own.read_settings(f"a\n{LINE}, Model hash: abcdef1234, Model: pony", now=now)
    assert "no checkpoint 'pony' with hash abcdef1234" in gone.left_out["Model"]
    assert "checkpoint" not in " ".join(gone.set)


def test_the_hash_chooses_the_lora_in_tags_and_lists(own):
    file = own.registry.find("pencil-sketch", "lora").path
    hashes = (
        sha256_of_tensors(file)[:12],
        hashlib.sha256(file.read_bytes()).hexdigest()[:10],
        sha256_of_tensors(file),
        autov1(file),
    )
    for told in hashes:
        read = own.read_settings(
            f'a <lora:night-palette:0.5> cat\n{LINE}, Lora hashes: "night-palette: {told}"'
        )
        assert read.config.prompt == "a <lora:pencil-sketch:0.5> cat"
        assert "'night-palette'" in read.summary
    swarm = {
        "sui_image_params": {"prompt": "a", "loras": ["x/night-palette"], "loraweights": ["0.5"]},
        "sui_models": [
            {"name": "x/night-palette.safetensors", "param": "loras", "hash": hashes[2]}
        ],
    }
    (lora,) = own.read_settings(json.dumps(swarm)).config.loras
    assert (lora.name, lora.weight) == ("pencil-sketch", 0.5)


def test_a_stage_that_names_the_pictures_checkpoint_gets_that_file(own):
    read = own.read_settings(
        f"a\n{LINE}, Model hash: {sha_of(own, 'other')[:10]}, Model: pony, Hires upscale: 2, "
        "Hires checkpoint: pony"
    )
    assert (read.config.checkpoint, read.config.refiner.checkpoint) == ("other", "other")


def test_a_hash_in_brackets_is_the_models(own):
    told = f"pony.safetensors [{sha_of(own, 'other')[:10]}]"
    assert own.read_settings(f"a\n{LINE}, Model: {told}").config.checkpoint == "other"
    odd = own.read_settings(f"a\n{LINE}, Model: pony [inpainting]")
    assert "'pony [inpainting]'" in odd.left_out["Model"]


def test_a_model_that_is_here_and_cannot_be_used_has_its_reason(own, folder):
    broken = folder / "loras" / "broken.safetensors"
    broken.write_bytes(b"no tensors")
    try:
        read = own.read_settings(f"a <lora:broken:1>\n{LINE}")
        assert "LoRA 'broken' here cannot be used: " in read.left_out["LoRA broken"]
    finally:
        broken.unlink()


def test_a_tag_that_cannot_be_followed_is_told_as_such(own):
    sha = sha_of(own, "night-palette", "lora")[:12]
    read = own.read_settings(
        f'a <lora:night-palette:1:0.8:16>\n{LINE}, Lora hashes: "night-palette: {sha}"'
    )
    assert "third number" in read.notes[0]
    assert not read.left_out


def test_a_lora_of_other_content_is_taken_out_and_a_missing_one_is_named(own):
    read = own.read_settings(
        f"a <lora:night-palette:0.5> <lora:gone:1> cat\n{LINE}, "
        'Lora hashes: "night-palette: abcdef123456, gone: 123456abcdef"'
    )
    assert "night-palette" not in read.config.prompt
    assert "<lora:gone:1>" in read.config.prompt
    assert "abcdef123456" in read.left_out["LoRA night-palette"]
    assert "123456abcdef" in read.left_out["LoRA gone"]


def test_inversions_and_vaes_are_chosen_by_hash_too(own):
    sha = sha_of(own, "mina", "embedding")[:12]
    read = own.read_settings(f'a cat, lisa\n{LINE}, TI hashes: "lisa: {sha}"')
    assert read.config.prompt == "a cat, mina"
    vae = sha_of(own, "soft", "vae")[:10]
    read = own.read_settings(f"a\n{LINE}, VAE hash: {vae}, VAE: kl-f8.safetensors")
    assert read.config.vae == "soft"
    read = own.read_settings(f"a\n{LINE}, VAE hash: abcdef1234, VAE: soft.safetensors")
    assert read.config.vae == ""
    assert "abcdef1234" in read.left_out["VAE"]


def test_models_of_stages_that_are_not_here_are_unset_and_told(own):
    read = own.read_settings(
        f"a\n{LINE}, Hires upscale: 2, Hires upscaler: R-ESRGAN 4x+, "
        f"Hires checkpoint: pony [{sha_of(own, 'other')[:10]}], Refiner: xl [abcdef1234]"
    )
    assert read.config.refiner.checkpoint == "other"
    assert read.config.refiner.upscaler == "latent"
    assert read.config.handover_checkpoint == ""
    assert "abcdef1234" in read.left_out["handover checkpoint"]
    assert "R-ESRGAN" in read.left_out["upscaler of hires fix"]


def test_models_that_are_not_here_are_listed_with_their_hashes(own):
    read = own.read_settings(
        f"a <lora:gone:1> cat\n{LINE}, Model: pony, Model hash: ABCDEF1234, VAE: soft2.pt, "
        'Lora hashes: "gone: 123456789abc"'
    )
    assert read.missing == (
        MissingModel("checkpoint", "pony", "abcdef1234"),
        MissingModel("vae", "soft2"),
        MissingModel("lora", "gone", "123456789abc"),
    )
    assert [one.shown for one in read.missing] == [
        "checkpoint pony (hash abcdef1234)",
        "VAE soft2",
        "LoRA gone (hash 123456789abc)",
    ]
    assert own.read_settings(f"a cat\n{LINE}, Model: paperdoll").missing == ()


def test_a_blake3_hash_chooses_the_file_too(own):
    file = own.registry.find("pencil-sketch", "lora").path
    blake3 = own.registry.hashes.digests(file).blake3
    settings = {
        "app_version": "5",
        "positive_prompt": "a",
        "cfg_scale": 5,
        "loras": [{"model": {"name": "ink", "hash": f"blake3:{blake3}"}, "weight": 0.5}],
    }
    read = own.read_settings(json.dumps(settings))
    assert [lora.name for lora in read.config.loras] == ["pencil-sketch"]
