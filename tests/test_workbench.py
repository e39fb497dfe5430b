"""From a request to files on the disk, and back to the same bytes."""

import json
import shutil
import threading

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import CancelledError, ConfigError, ModelNotFoundError, ModelRefusedError
from medialab.runs.cache import StageCache

CENTRE = {"enabled": True, "detector": "centre", "guide_size": 64}
QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64}


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


def test_a_request_becomes_a_picture_with_its_sidecar(bench):
    run = bench.execute(quick(seed=7))
    with Image.open(run.artifact.path) as saved:
        assert saved.tobytes() == run.image.tobytes()
        assert "a red ball" in saved.text["parameters"]
    sidecar = json.loads(run.artifact.sidecar.read_text())
    assert sidecar["config"]["seed"] == 7
    assert [stage["name"] for stage in sidecar["record"]["stages"]] == [
        "prompt",
        "txt2img",
        "finish",
    ]


def test_the_same_request_gives_the_same_file_cold_and_warm(bench, tiny_models, tmp_path):
    first, second = (bench.execute(quick(seed=7)).artifact.path for _ in range(2))
    with Workbench(tiny_models, tmp_path / "elsewhere", device="cpu") as cold:
        third = cold.execute(quick(seed=7)).artifact.path
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()


def test_picture_k_of_a_batch_is_the_picture_of_seed_plus_k_alone(bench):
    batch = bench.execute(quick(seed=7, batch_size=3))
    for k, artifact in enumerate(batch.artifacts):
        alone = bench.execute(quick(seed=7 + k))
        assert artifact.path.read_bytes() == alone.artifact.path.read_bytes()


@pytest.fixture
def own_models(tiny_models, tmp_path):
    """A models folder with wildcards, styles and an embedding."""
    import torch
    from safetensors.torch import save_file

    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    for folder in ("wildcards", "embeddings"):
        (models / folder).mkdir()
    (models / "wildcards" / "colour.txt").write_text("red\nblue\ngreen\nyellow\n")
    (models / "styles.csv").write_text('name,prompt,negative_prompt\nink,"{prompt}, ink",colour\n')
    torch.manual_seed(1)
    save_file({"emb_params": torch.randn(2, 32)}, models / "embeddings" / "mina.safetensors")
    return models


@pytest.fixture
def own_bench(own_models, tmp_path):
    with Workbench(own_models, tmp_path / "outputs", device="cpu") as workbench:
        yield workbench


def test_each_picture_of_a_batch_draws_its_own_wildcards_and_is_its_single_run(own_bench):
    ask = quick(prompt="a __colour__ {ball|hat|cat}", seed=7, batch_size=4, styles=("ink",))
    batch = own_bench.execute(ask)
    prompts = [artifact.prompt for artifact in batch.artifacts]
    assert len(set(prompts)) > 1
    assert all(prompt.endswith(", ink") for prompt in prompts)
    for k, artifact in enumerate(batch.artifacts):
        alone = own_bench.execute(ask.changed(seed=7 + k, batch_size=1))
        assert alone.config.prompt == prompts[k]
        assert alone.artifact.path.read_bytes() == artifact.path.read_bytes()


def test_what_was_drawn_is_written_and_drawn_no_more(own_bench, own_models):
    run = own_bench.execute(quick(prompt="# two\na __colour__ ball", seed=7, styles=("ink",)))
    loaded = own_bench.artifacts.load(run.artifact.path)
    assert loaded == run.config
    assert (loaded.styles, loaded.negative_prompt) == ((), "colour")
    assert "__" not in loaded.prompt
    assert "#" not in loaded.prompt
    shutil.rmtree(own_models / "wildcards")
    (own_models / "styles.csv").unlink()
    assert own_bench.execute(loaded).image.tobytes() == run.image.tobytes()


def test_a_broken_styles_file_stops_those_alone_who_use_a_style(own_bench, own_models):
    (own_models / "styles.csv").write_bytes(b"\xff\xfe\x00 no text")
    assert own_bench.resolve(quick(prompt="a cat", seed=1)).prompt == "a cat"
    with pytest.raises(ConfigError, match=r"styles\.csv cannot be read"):
        own_bench.resolve(quick(seed=1, styles=("ink",)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"prompt": "a cat <hypernet:ink:1>"}, "hypernetworks are not supported"),
        ({"negative_prompt": "<lora:ink:1"}, "is not closed"),
        ({"prompt": "a AND " * 80}, "more than 64 parts by AND"),
        ({"prompt": "<lora:ink:1:0.8:16>"}, "third number"),
        ({"prompt": "a <lora:ink:1:lbw=WRONG>"}, "lbw='WRONG'"),
        ({"face": CENTRE | {"prompt": "<lora:ink:x>"}}, "'x' is not a number"),
        ({"prompt": "<lora:ink:0.1>" * 65}, "65 LoRAs at once, over 64"),
        ({"loras": [{"name": "ink"}] * 40, "prompt": "<lora:ink:0.1>" * 30}, "70 LoRAs at once"),
    ],
)
def test_what_a_prompt_asks_for_in_vain_is_refused_before_it_is_queued(bench, settings, said):
    with pytest.raises(ConfigError, match=said):
        bench.submit(quick(**settings))
    assert bench.executor.jobs() == []


def test_what_is_switched_off_is_neither_asked_for_nor_tied_to_the_picture(own_bench):
    off = {
        "loras": [{"name": "gone", "enabled": False}],
        "face": {"prompt": "mina __gone__ <lora:gone:1>", "loras": [{"name": "gone"}]},
        "refiner": {"negative_prompt": "{a|b} <lora:gone:1>"},
    }
    resolved = own_bench.resolve(quick(seed=3, **off))
    assert resolved.models_sha256 == {}
    assert resolved.face.prompt == "mina __gone__ <lora:gone:1>"
    with pytest.raises(ConfigError, match="no wildcard 'gone'"):
        own_bench.resolve(quick(seed=3, face=CENTRE | {"prompt": "__gone__"}))


def test_a_tag_that_a_wildcard_brings_in_is_read_after_it_is_drawn(own_bench, own_models):
    (own_models / "wildcards" / "net.txt").write_text("<hypernet:ink:1>\n")
    job = own_bench.submit(quick(prompt="a __net__ cat"))
    with pytest.raises(ConfigError, match="hypernetworks are not supported"):
        job.result()


def test_a_lora_in_a_negative_prompt_is_told_as_not_used_and_need_not_be_there(bench):
    plain = bench.execute(quick(seed=3), save=False)
    tagged = bench.execute(quick(seed=3, negative_prompt="<lora:none such:1>"), save=False)
    assert tagged.image.tobytes() == plain.image.tobytes()
    assert tagged.config.models_sha256 == plain.config.models_sha256
    applied = {stage["name"]: stage["applied"] for stage in tagged.record["stages"]}
    assert applied["prompt"]["unused_loras"] == ["none such"]
    assert "unused_loras" not in plain.record["stages"][0]["applied"]


def test_a_stages_own_prompt_draws_too(own_bench):
    config = own_bench.resolve(quick(seed=3, face=CENTRE | {"prompt": "__colour__ eyes"}))
    assert config.face.prompt in {f"{one} eyes" for one in ("red", "blue", "green", "yellow")}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prompt": "a __hue__ ball"}, "no wildcard 'hue'.*known: colour"),
        ({"prompt": "{a|b} __hue__", "batch_size": 2}, "no wildcard 'hue'"),
        ({"styles": ("inc",)}, "no style 'inc'.*known: ink"),
        ({"prompt": "a <lora:night:11>"}, "<lora:night>: weights go from -10 to 10"),
    ],
)
def test_what_a_prompt_asks_for_in_vain_is_named_before_anything_runs(
    own_bench, tmp_path, settings, message
):
    with pytest.raises(ConfigError, match=message):
        own_bench.execute(quick(**settings))
    assert not list((tmp_path / "outputs").rglob("*.png"))


def test_an_embedding_is_used_by_its_name_recorded_and_held_to_its_content(own_bench, own_models):
    from safetensors.torch import load_file, save_file

    with_it = own_bench.execute(quick(prompt="a ball by Mina", seed=7))
    applied = {stage["name"]: stage["applied"] for stage in with_it.record["stages"]}
    assert applied["prompt"]["embeddings"] == ["mina"]
    assert with_it.config.embeddings() == ["mina"]
    path = own_models / "embeddings" / "mina.safetensors"
    save_file({"emb_params": load_file(path)["emb_params"] + 1}, path)
    with pytest.raises(ModelRefusedError, match="embedding 'mina' is another file now"):
        own_bench.execute(with_it.config)
    changed = own_bench.execute(quick(prompt="a ball by Mina", seed=7))
    assert changed.image.tobytes() != with_it.image.tobytes()
    path.unlink()
    without = own_bench.execute(quick(prompt="a ball by Mina", seed=7))
    assert without.config.embeddings() == []
    assert without.image.tobytes() not in {with_it.image.tobytes(), changed.image.tobytes()}


def test_a_batch_ties_each_picture_to_the_embeddings_that_it_names_alone(own_bench):
    batch = own_bench.execute(quick(prompt="a {ball by mina|hat}", seed=1, batch_size=6))
    sidecars = [own_bench.artifacts.load(artifact.path) for artifact in batch.artifacts]
    named = {config.prompt: config.embeddings() for config in sidecars}
    assert named == {"a ball by mina": ["mina"], "a hat": []}


@pytest.mark.thorough
@pytest.mark.parametrize("prompt", ["a [red:blue:0.5] ball", "[cat|dog]", "a ball AND rain :0.4"])
def test_schedules_and_and_are_made_again_from_their_own_file(bench, prompt):
    run = bench.execute(quick(prompt=prompt, seed=7, steps=4))
    bench.cache.clear()
    again = bench.execute(bench.artifacts.load(run.artifact.path))
    assert again.image.tobytes() == run.image.tobytes()
    plain = bench.execute(quick(prompt="a red ball", seed=7, steps=4))
    assert plain.image.tobytes() != run.image.tobytes()


def test_from_a_picture_a_schedule_counts_the_steps_that_are_run(bench):
    start = Image.effect_noise((64, 64), 90).convert("RGB")

    def drawn(prompt):
        half = {"denoising_strength": 0.5}
        config = quick(prompt=prompt, seed=7, steps=8, mode="img2img", img2img=half)
        return bench.enhance(start, config).image.tobytes()

    # Four of the eight steps are run: the change comes after two, and none after four.
    assert len({drawn("a red hat"), drawn("a blue hat"), drawn("a [red:blue:0.5] hat")}) == 3
    assert drawn("a [red:blue:4] hat") == drawn("a red hat")


def test_two_prompts_that_are_the_same_are_kept_as_two(bench):
    once = bench.execute(quick(prompt="", seed=7)).image.tobytes()
    assert bench.execute(quick(prompt="", seed=7)).image.tobytes() == once


@pytest.mark.parametrize("change", [{"emphasis": "ignore"}, {"emphasis": "none"}])
def test_how_brackets_count_reaches_every_stage(bench, change):
    refined = {"refiner": {"enabled": True}, "face": CENTRE}
    asked = quick(prompt="a (red:1.6) ball", seed=7, steps=4, **refined)
    changed = bench.resolve(asked.changed(**change))
    for stage in ("refiner", "face"):
        settings = changed.settings_for(stage, type(getattr(changed, stage)))
        assert settings.sampling().emphasis == change["emphasis"]
    assert bench.execute(asked).image.tobytes() != bench.execute(changed).image.tobytes()


def test_a_run_says_what_it_is_in_one_line(bench):
    run = bench.execute(quick(seed=7))
    assert repr(run) == f"Run(seed=7, 64 × 64, {run.artifact.path})"
    assert repr(bench.execute(quick(seed=7), save=False)) == "Run(seed=7, 64 × 64, not saved)"


def test_other_runs_in_between_change_nothing(bench):
    before = bench.execute(quick(seed=7)).image.tobytes()
    bench.execute(quick(seed=8, sampler="Euler a", width=96))
    bench.execute(quick(seed=9, sampler="DPM++ SDE", guidance_scale=1.0))
    assert bench.execute(quick(seed=7)).image.tobytes() == before


def test_a_picture_is_made_again_from_its_own_file(bench):
    run = bench.execute(quick(seed=-1, sampler="Heun", sharpen=0.5))
    again = bench.execute(bench.artifacts.load(run.artifact.path))
    assert again.artifact.path.read_bytes() == run.artifact.path.read_bytes()


def test_a_picture_is_found_by_the_path_that_the_panel_and_the_readme_show(bench, monkeypatch):
    run = bench.execute(quick(seed=7))
    shown = run.artifact.path.relative_to(bench.artifacts.folder.parent)
    assert str(shown).startswith("outputs")
    assert bench.artifacts.load(shown) == run.config
    monkeypatch.chdir(run.artifact.path.parent)
    assert bench.artifacts.load(run.artifact.path.name) == run.config


def test_the_infotext_alone_makes_the_picture_again(bench):
    run = bench.execute(quick(seed=7, sampler="Euler a", sharpen=0.5, negative_prompt="blue"))
    run.artifact.sidecar.unlink()
    again = bench.execute(bench.artifacts.load(run.artifact.path))
    assert again.image.tobytes() == run.image.tobytes()


def test_a_config_that_was_changed_past_its_checks_is_checked_before_it_runs(bench):
    resolved = bench.resolve(quick(seed=7)).model_copy(update={"seed": -1, "steps": 999})
    with pytest.raises(ConfigError, match=r"steps=999.*seed=-1|seed=-1.*steps=999"):
        bench.execute(resolved)


def test_an_open_seed_is_drawn_once_and_recorded(bench):
    first, second = (bench.execute(quick()) for _ in range(2))
    assert first.config.seed != second.config.seed
    assert first.image.tobytes() != second.image.tobytes()


def test_sizes_left_open_are_the_models_own(bench):
    resolved = bench.resolve(PipelineConfig())
    assert (resolved.width, resolved.height) == (128, 128)


def test_nothing_is_written_when_saving_is_off(bench, tmp_path):
    run = bench.execute(quick(), save=False)
    assert run.artifacts == []
    assert not list((tmp_path / "outputs").rglob("*.png"))
    with pytest.raises(AttributeError, match="save=False"):
        _ = run.artifact


def test_a_run_shows_itself_as_a_png_of_all_its_pictures(bench, tmp_path):
    run = bench.execute(quick(batch_size=2), save=False)
    png, shown_as = run._repr_png_()
    (tmp_path / "shown.png").write_bytes(png)
    with Image.open(tmp_path / "shown.png") as shown:
        assert shown.size == (128, 64)
    assert shown_as["width"] > 128


def test_an_unknown_checkpoint_is_named_with_the_known_ones_before_anything_is_queued(bench):
    with pytest.raises(ModelNotFoundError, match=r"'paperdol'.*known: paperdoll.*Did you mean"):
        bench.submit(quick(checkpoint="paperdol"))


def test_a_checkpoint_replaced_under_the_same_name_is_not_taken_for_the_old_one(
    bench, tiny_models, tmp_path
):
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    with Workbench(models, tmp_path / "outputs", device="cpu") as other:
        run = other.execute(quick(seed=7))
        config = models / "checkpoints" / "paperdoll" / "unet" / "config.json"
        config.write_text(config.read_text() + "\n")
        with pytest.raises(ModelRefusedError, match="another file now"):
            other.execute(other.artifacts.load(run.artifact.path))


def test_a_cancelled_batch_keeps_the_pictures_that_were_finished(bench, tmp_path):
    second_started = threading.Event()
    job = None

    def cancel_in_the_second(event):
        if event.kind == "step" and event.image == 2:
            second_started.set()
            job.cancel()

    bench.executor.listen(cancel_in_the_second)
    ready = threading.Event()
    bench.executor.queue.submit(lambda _: ready.wait(10))
    job = bench.submit(quick(seed=7, batch_size=3))
    ready.set()
    with pytest.raises(CancelledError):
        job.result(60)
    assert second_started.is_set()
    assert len(list((tmp_path / "outputs").rglob("*.png"))) == 1
    assert bench.execute(quick(seed=7)).image.size == (64, 64)


def test_steps_and_previews_are_told(bench):
    events = []
    bench.executor.listen(events.append)
    bench.execute(quick(steps=3))
    steps = [(e.step, e.steps) for e in events if e.kind == "step" and e.stage == "txt2img"]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    previews = [event.preview for event in events if event.preview]
    assert previews
    assert previews[0].size == (64, 64)
    assert events[-1].kind == "done"


def test_tokens_are_counted_for_a_checkpoint_without_loading_it(bench):
    assert bench.count_tokens("a red ball", "paperdoll") == (3, 38)
    assert not bench.registry._loaded
    with pytest.raises(ModelNotFoundError, match="known: paperdoll"):
        bench.count_tokens("a red ball", "pony")


def test_the_settings_to_begin_with_are_told_for_a_checkpoint_without_loading_it(bench):
    side = bench.resolve(quick(width=None, height=None)).width
    assert bench.defaults("paperdoll") == {
        "steps": 20,
        "guidance_scale": 5.0,
        "sampler": "DPM++ 2M",
        "schedule": "automatic",
        "width": side,
        "height": side,
    }
    assert not bench.registry._loaded
    with pytest.raises(ModelNotFoundError, match="known: paperdoll"):
        bench.defaults("pony")


def test_the_picture_after_a_stage_is_kept_until_the_cache_forgets_it(bench):
    run = bench.execute(quick(seed=7, sharpen=2.0))
    before = bench.picture_after(run.config, "txt2img")
    assert before.size == run.image.size
    assert before.tobytes() != run.image.tobytes()
    assert bench.picture_after(run.config, "finish").tobytes() == run.image.tobytes()
    assert bench.picture_after(run.config, "face") is None
    bench.cache.clear()
    assert bench.picture_after(run.config, "txt2img") is None


def test_running_anew_from_an_unknown_stage_queues_nothing(bench):
    with pytest.raises(ConfigError, match="no stage 'paint'"):
        bench.submit(quick(), anew_from="paint")
    assert bench.executor.jobs() == []


def test_the_parts_of_a_workbench_show_what_they_are_and_where(bench):
    outputs, models = bench.artifacts.folder, bench.registry.folder
    assert repr(bench.artifacts) == f"ArtifactManager({str(outputs)!r})"
    assert repr(bench.registry) == f"ModelRegistry({str(models)!r}, device='cpu')"
    assert repr(bench.model_bin) == f"ModelBin({str(bench.model_bin.folder)!r})"
    assert repr(bench.pictures) == f"PictureStore({str(bench.pictures.folder)!r})"
    assert repr(bench.cache) == f"StageCache({str(bench.cache.folder)!r})"
    assert repr(StageCache(None)) == "StageCache(None)"


def test_what_is_no_tag_has_no_count(bench):
    with pytest.raises(KeyError):
        bench.tags[bench.artifacts]
    assert bench.artifacts not in bench.tags
