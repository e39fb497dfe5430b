"""Settings of any program's text or picture, fitted to this machine by content."""

import hashlib
import json
import shutil
import warnings
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from medialab import PipelineConfig, Workbench
from medialab.artifacts import ArtifactManager
from medialab.errors import ArtifactError, ConfigError, LeftOutWarning, MediaLabError
from medialab.infotext.model_matches import Matcher, auto_v1, sha256_of_tensors

REPOSITORY = Path(__file__).resolve().parents[2]
LINE = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 3, Size: 64x96"


@pytest.fixture(scope="module")
def folder(tiny_models, tmp_path_factory):
    """Two checkpoints, two LoRAs, an inversion and a VAE."""
    models = tmp_path_factory.mktemp("read") / "models"
    shutil.copytree(tiny_models, models)
    checkpoints = models / "checkpoints"
    shutil.copytree(checkpoints / "paperdoll", checkpoints / "other")
    config = checkpoints / "other" / "model_index.json"
    config.write_text(config.read_text() + "\n")
    for kind, name in (
        ("loras", "pencil-sketch"),
        ("loras", "night-palette"),
        ("embeddings", "mina"),
    ):
        (models / kind).mkdir(exist_ok=True)
        file = f"{kind}/{name}.safetensors"
        shutil.copy(REPOSITORY / "models" / file, models / file)
    shutil.copytree(checkpoints / "paperdoll" / "vae", models / "vae" / "soft")
    return models


@pytest.fixture
def own(folder, tmp_path):
    with Workbench(folder, tmp_path / "outputs", device="cpu") as bench:
        yield bench


@pytest.fixture(scope="module")
def fuzzed(folder, tmp_path_factory):
    with Workbench(folder, tmp_path_factory.mktemp("fuzzed"), device="cpu") as bench:
        yield bench


def sha_of(bench, name, kind="checkpoint"):
    return bench.registry.sha256(bench.registry.find(name, kind))


def picture(text, path=None, key="parameters"):
    info = PngImagePlugin.PngInfo()
    for name, value in ({key: text} if isinstance(text, str) else text).items():
        info.add_text(name, value)
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG", pnginfo=info)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())
    return buffer.getvalue()


# --- what is told --------------------------------------------------------------------------------


def test_the_sentence_tells_what_was_set_and_what_was_not(own):
    read = own.read_settings(f"a cat\nNegative prompt: rain\n{LINE}, Token merging ratio: 0.5")
    assert read.summary.startswith("Set from A1111: prompt, negative prompt, seed 3, 20 steps, ")
    assert "size 64×96" in read.summary
    assert read.left_out.keys() == {"Token merging ratio"}
    assert "Not set: Token merging ratio: '0.5'" in read.summary
    assert not read.is_whole


def test_a_size_that_cannot_be_drawn_is_taken_at_the_nearest_and_told(own):
    read = own.read_settings(f"a cat\n{LINE.replace('64x96', '32x5000')}")
    assert (read.config.width, read.config.height) == (64, 4096)
    assert "32×5000" in read.summary
    odd = own.read_settings(f"a cat\n{LINE.replace('64x96', '510x770')}")
    assert (odd.config.width, odd.config.height, odd.is_whole) == (510, 770, True)
    far = own.read_settings(f"a cat\n{LINE.replace('64x96', '999999999x770')}")
    assert "Size" in far.left_out


def test_each_setting_that_cannot_be_taken_has_its_reason(own):
    read = own.read_settings(
        "a cat\nSteps: 999, Sampler: DPM++ 3M SDE, Schedule type: Karras, CFG scale: nan, "
        "Seed: -7, Size: big, RNG: NV, ENSD: 31337"
    )
    assert read.left_out.keys() == {
        *("Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "RNG", "ENSD")
    }
    assert "no sampler 'DPM++ 3M SDE'" in read.left_out["Sampler"]
    assert read.config == PipelineConfig(prompt="a cat")


def test_load_gives_the_same_list_as_a_warning(own):
    path = own.artifacts.folder / "2026-11-01" / "00001-cat.png"
    picture(f"a cat\n{LINE}, Token merging ratio: 0.5", path)
    with pytest.warns(LeftOutWarning, match="Token merging ratio: '0.5'"):
        config = own.artifacts.load(path)
    assert config == own.read_settings(path).config


def test_a_whole_picture_is_read_without_a_warning(own):
    path = own.artifacts.folder / "2026-11-01" / "00001-cat.png"
    picture(f"a cat\n{LINE}", path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert own.artifacts.load(path).seed == 3
    assert own.read_settings(path).is_whole


# --- from where ----------------------------------------------------------------------------------


def test_text_bytes_and_files_from_anywhere_are_read(own, tmp_path):
    text = f"a cat\n{LINE}"
    elsewhere, note = tmp_path / "downloads" / "cat.png", tmp_path / "cat.txt"
    content = picture(text, elsewhere)
    note.write_text(text)
    for source in (text, content, elsewhere, str(elsewhere), note, str(note)):
        assert own.read_settings(source).config.prompt == "a cat"


def test_a_file_is_what_its_content_is_whatever_its_ending(own, tmp_path):
    text = f"a cat\n{LINE}"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    Image.new("RGB", (8, 8)).save(tmp_path / "cat.jpeg", exif=exif)
    (tmp_path / "picture").write_bytes(picture(text))
    (tmp_path / "notepad.txt").write_bytes(text.encode("utf-16"))
    (tmp_path / "marked.md").write_bytes(b"\xef\xbb\xbf" + text.encode())
    for name in ("cat.jpeg", "picture", "notepad.txt", "marked.md"):
        assert own.read_settings(tmp_path / name).config.seed == 3
    with pytest.raises(ArtifactError, match=r"gone\.jpeg"):
        own.read_settings("gone.jpeg")


def test_a_text_of_megabytes_is_refused_by_its_file(own, tmp_path):
    picture("a " * 2_500_000, tmp_path / "long.png")
    with pytest.raises(ArtifactError, match=r"long\.png.*characters"):
        own.read_settings(tmp_path / "long.png")


def test_a_sidecar_and_its_text_mean_the_whole_request(own, tmp_path):
    config = own.resolve(PipelineConfig(prompt="a cat", steps=4, seed=5, width=64, height=64))
    saved = own.artifacts.save(Image.new("RGB", (64, 64)), config, {})
    assert own.read_settings(saved.path).config == config
    assert own.read_settings(saved.sidecar).config == config
    assert own.read_settings(saved.sidecar.read_text()).config == config
    asked = config.asked()
    assert own.read_settings(asked.model_dump_json()).config == asked


def test_of_a_request_of_ours_what_it_says_is_told(own):
    read = own.read_settings('{"prompt": "a cat", "steps": 3}')
    assert (read.set, read.config.steps) == (("prompt", "3 steps"), 3)


def test_a_folder_and_a_picture_that_is_not_there_are_named(own, tmp_path):
    with pytest.raises(ArtifactError, match=r"there is no file .*cat\.png"):
        own.read_settings(str(tmp_path / "cat.png"))
    with pytest.raises(ArtifactError, match="cannot read"):
        own.read_settings(str(tmp_path))


def test_what_carries_no_settings_is_named(own, tmp_path):
    plain = tmp_path / "plain.png"
    Image.new("RGB", (8, 8)).save(plain)
    with pytest.raises(ArtifactError, match="no settings"):
        own.read_settings(plain)
    with pytest.raises(ArtifactError, match="no settings"):
        own.read_settings(plain.read_bytes())
    with pytest.raises(ArtifactError, match=r"gone\.png"):
        own.read_settings(str(tmp_path / "gone.png"))
    with pytest.raises(ConfigError, match="characters"):
        own.read_settings("a " * 10**6)


def test_a_graph_of_comfyui_is_said_and_sets_nothing(own):
    graph = json.dumps({"3": {"class_type": "KSampler", "inputs": {}}})
    read = own.read_settings(picture({"prompt": graph, "workflow": json.dumps({"nodes": []})}))
    assert (read.program, read.set) == ("ComfyUI", ())
    assert "made by ComfyUI" in read.summary
    path = own.artifacts.folder / "2026-11-01" / "00001-graph.png"
    picture({"prompt": graph}, path)
    with pytest.raises(ArtifactError, match="made by ComfyUI"):
        own.artifacts.load(path)


def test_names_are_taken_as_they_stand_without_models(tmp_path):
    manager = ArtifactManager(tmp_path)
    picture(f"a cat\n{LINE}, Model: pony", tmp_path / "x.png")
    assert manager.load("x.png").checkpoint == "pony"


# --- content, not names --------------------------------------------------------------------------


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
        auto_v1(file),
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


def test_models_may_swap_their_names(own):
    files = {
        name: own.registry.find(name, "lora").path for name in ("pencil-sketch", "night-palette")
    }
    first, second = (sha256_of_tensors(path)[:12] for path in files.values())
    read = own.read_settings(
        f"a <lora:pencil-sketch:0.3> <LoRA:night-palette:0.7> cat\n{LINE}, "
        f'Lora hashes: "pencil-sketch: {second}, night-palette: {first}"'
    )
    assert read.config.prompt == "a <lora:night-palette:0.3> <LoRA:pencil-sketch:0.7> cat"
    paperdoll, other = (sha_of(own, name)[:10] for name in ("paperdoll", "other"))
    read = own.read_settings(
        f"a\n{LINE}, Model hash: {other}, Model: paperdoll, Hires upscale: 2, "
        f"Hires checkpoint: other [{paperdoll}]"
    )
    assert (read.config.checkpoint, read.config.refiner.checkpoint) == ("other", "paperdoll")


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


def test_thousands_of_hashes_are_no_work_for_minutes(own):
    told = ", ".join(f"x{number}: {number:012x}" for number in range(100_000, 115_000))
    read = own.read_settings(f'a cat\n{LINE}, Lora hashes: "{told}", TI hashes: "{told}"')
    assert read.config.prompt == "a cat"
    assert len(read.left_out) < 500


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


def test_names_differ_in_folders_endings_capitals_and_unicode_forms(own, folder):
    for name in ("SD/other.safetensors", "OTHER", "some\\folder\\Other.ckpt"):
        read = own.read_settings(f"a\n{LINE}, Model: {name}")
        assert read.config.checkpoint == "other"
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    made = folder / "checkpoints" / decomposed
    shutil.copytree(folder / "checkpoints" / "other", made)
    try:
        assert own.registry.find(composed, "checkpoint").path == made
        for text in (composed, decomposed):
            assert own.read_settings(f"a\n{LINE}, Model: {text}").config.checkpoint == composed
    finally:
        shutil.rmtree(made)


def test_without_leave_to_read_a_name_is_taken_and_that_is_told(folder, tmp_path):
    with Workbench(folder, tmp_path / "fresh", device="cpu") as bench:
        read = bench.read_settings(f"a\n{LINE}, Model hash: abcdef1234, Model: other", may_read=0)
        assert read.config.checkpoint == "other"
        assert "was not compared" in read.summary
        assert bench.registry.known_sha256(bench.registry.find("other", "checkpoint")) is None
        known = sha_of(bench, "other")  # once it is known, it costs nothing
        read = bench.read_settings(f"a\n{LINE}, Model hash: {known[:10]}", may_read=0)
        assert read.config.checkpoint == "other"


def test_the_file_of_the_name_is_compared_before_others(own):
    info = own.registry.find("night-palette", "lora")
    match = Matcher(own.registry, may_read=info.size_bytes).match(
        "lora", info.name, sha256_of_tensors(info.path)[:12]
    )
    assert match.found == match.named == info


def test_a_note_beside_a_file_tells_its_hash_without_reading_it(folder, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(folder / "loras", models / "loras")
    file = models / "loras" / "night-palette.safetensors"
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_suffix(".sha256").write_text(f"{sha}  night-palette.safetensors\n")
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        match = Matcher(bench.registry, may_read=0).match("lora", None, sha[:10])
        assert match.found.name == "night-palette"


def test_a_sidecar_finds_a_model_that_was_renamed(folder, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(folder, models)
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        asked = PipelineConfig(
            prompt="a <lora:night-palette:0.5> doll", checkpoint="other", seed=5, steps=2
        )
        config = bench.resolve(asked)
        saved = bench.artifacts.save(Image.new("RGB", (64, 64)), config, {})
        loras, checkpoints = models / "loras", models / "checkpoints"
        (loras / "night-palette.safetensors").rename(loras / "dusk.safetensors")
        shutil.copy(loras / "pencil-sketch.safetensors", loras / "night-palette.safetensors")
        (checkpoints / "other").rename(checkpoints / "moved")
        with pytest.warns(LeftOutWarning, match="'other' is here as 'moved'"):
            found = bench.artifacts.load(saved.path)
        assert (found.checkpoint, found.prompt) == ("moved", "a <lora:dusk:0.5> doll")
        assert found.models_sha256 == {"lora/dusk": config.models_sha256["lora/night-palette"]}
        assert bench.resolve(found) == found


# --- hostile -------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(
            "a cat",
            "\n",
            ", ",
            "Negative prompt: b\n",
            "Steps: 20, Sampler: Euler, Seed: 1",
            "{",
            "}",
        ),
        *("Model: other", "Model hash: abcdef1234", "VAE: soft.pt", "VAE hash: 12345678"),
        *(
            'Lora hashes: "night-palette: 123456789abc, x: 1"',
            "<lora:night-palette:1>",
            "<lora:",
            ">",
        ),
        *('TI hashes: "mina: 123456789abc"', "mina", 'Hashes: {"lora:x": "12345678"}', "Hashes: ["),
        *("Hires checkpoint: other [12345678]", "Refiner: ../x [12345678]", "Size: 0x9999999"),
        *("Hires upscaler: ../../x", "\0", "x.png", "/", "~", "Model: ../../etc", "\ud800"),
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=14).map("".join))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_or_refused_by_an_error_of_ours(fuzzed, text):
    try:
        read = fuzzed.read_settings(text)
    except MediaLabError:
        return
    assert read.summary
    PipelineConfig.parse(read.config.model_dump())


def test_a_renamed_checkpoint_makes_the_same_bytes(folder, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(folder / "checkpoints" / "other", models / "checkpoints" / "other")
    asked = PipelineConfig(
        prompt="a doll", checkpoint="other", seed=5, steps=1, width=64, height=64
    )
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        run = bench.execute(asked)
        (models / "checkpoints" / "other").rename(models / "checkpoints" / "moved")
        shutil.copytree(folder / "checkpoints" / "paperdoll", models / "checkpoints" / "other")
        with pytest.warns(LeftOutWarning, match="'moved'"):
            loaded = bench.artifacts.load(run.artifact.path)
        assert bench.execute(loaded).image.tobytes() == run.image.tobytes()
        with pytest.warns(LeftOutWarning, match="'moved'"):
            again = bench.execute(run.config)  # as it was, without its sidecar
        assert again.image.tobytes() == run.image.tobytes()
        shutil.rmtree(models / "checkpoints" / "other")
        with pytest.warns(LeftOutWarning, match="'moved'"):
            assert bench.execute(run.config).config.checkpoint == "moved"
