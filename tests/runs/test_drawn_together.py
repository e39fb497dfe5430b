"""How many pictures are denoised at once: asked for or chosen, in the key, the record, the file."""

import threading

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.artifacts import Sidecar
from medialab.artifacts.reasons import why
from medialab.artifacts.why import Made
from medialab.config.resolved import ResolvedConfig, Together
from medialab.errors import CancelledError, ConfigError
from medialab.process.precisions import LARGE
from medialab.runs import drawn_together
from medialab.runs.drawn_together import LEAST_GAIN, still_together, together_for

QUICK = {"prompt": "a red ball", "steps": 4, "width": 64, "height": 64, "seed": 7}
FOUR = PipelineConfig.parse(QUICK | {"batch_size": 4, "draw_together": 4})


def stage_of(record, name="txt2img"):
    return next(one for one in record["stages"] if one["name"] == name)


def told(run):
    return [stage_of(record)["applied"].get("together") for record in run.records]


# Settings and layouts


@pytest.mark.parametrize("wrong", [0, 17, -1, "x", 2.5])
def test_nonsense_is_refused_by_name(wrong):
    with pytest.raises(ConfigError, match="draw_together"):
        PipelineConfig.parse({"draw_together": wrong})


def test_a_place_that_is_not_there_is_refused(bench):
    plain = bench.resolve(FOUR).model_dump()
    with pytest.raises(ConfigError, match="place 5 of 4"):
        ResolvedConfig.parse(plain | {"together": {"pictures": 4, "place": 5}})


def places(bench, **changes):
    resolved = bench.resolve(FOUR.changed(**changes))
    found = [one.together for one in resolved.singles(bench.registry.folder / "wildcards")]
    return [one and (one.place, one.pictures) for one in found]


def test_pictures_are_grouped_and_the_rest_is_a_smaller_group(bench):
    assert places(bench) == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert places(bench, batch_size=5, draw_together=2) == [(1, 2), (2, 2), (1, 2), (2, 2), None]
    assert places(bench, batch_size=7) == [
        *((1, 4), (2, 4), (3, 4), (4, 4)),
        *((1, 3), (2, 3), (3, 3)),
    ]
    assert places(bench, batch_size=2, draw_together=16) == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    "alone", [{"draw_together": 1}, {"draw_together": None}, {"batch_size": 1}]
)
def test_without_a_wish_a_small_model_on_a_cpu_draws_one_by_one(bench, alone):
    config = FOUR.changed(**alone)
    assert bench.resolve(config).together is None
    assert places(bench, **alone) == [None] * config.batch_size


COLOURS = "a {red|blue|green|white|black} ball"
LONG = ", ".join(["a red ball", "a blue hat", "green rain"] * 12)  # of more chunks than one


def prompts(bench, config):
    return [one.prompt for one in bench.resolve(config).singles()]


def test_texts_that_differ_are_drawn_at_once_if_they_are_as_long(bench):
    assert len({*prompts(bench, FOUR.changed(prompt=COLOURS))}) > 1
    assert places(bench, prompt=COLOURS) == [(1, 4), (2, 4), (3, 4), (4, 4)]
    mixed = f"{{a ball|{LONG}}}"
    lengths = [len(one) for one in prompts(bench, FOUR.changed(prompt=mixed, seed=4))]
    assert len({*lengths}) == 2
    found = places(bench, prompt=mixed, seed=4)
    groups, last = [], None
    for length in lengths:
        if length != last:
            groups.append(0)
        groups[-1] += 1
        last = length
    assert found == [
        (place, size) if size > 1 else None for size in groups for place in range(1, size + 1)
    ]


@pytest.mark.parametrize(
    ("kinds", "together", "groups"),
    [
        ("aaaa", Together(pictures=4), ()),
        ("aaaaaa", Together(pictures=4), ()),
        ("aabb", Together(pictures=4), (2, 2)),
        ("aaaaabb", Together(pictures=4), (4, 1, 2)),
        ("abab", Together(pictures=4), (1, 1, 1, 1)),
        ("aaaaa", Together(pictures=2, place=2), ()),
        ("aaabb", Together(pictures=2, place=2), ()),
        ("abbbb", Together(pictures=2, place=2), ()),
        ("aabbb", Together(pictures=2, place=2), (1, 1, 2, 1)),
    ],
)
def test_pictures_of_other_kinds_begin_a_group_of_their_own(kinds, together, groups):
    found = together.grouped(kinds)
    assert found == together.model_copy(update={"groups": groups})
    assert sum(found.sizes(len(kinds))) == len(kinds)


def test_groups_of_a_batch_that_was_changed_since_count_for_nothing():
    together = Together(pictures=4, groups=(3, 1))
    assert together.sizes(4) == (3, 1)
    assert together.sizes(6) == (4, 2)


def test_pictures_of_other_prompts_are_made_again_from_their_own_files(bench):
    run = bench.execute(FOUR.changed(prompt=COLOURS))
    assert len({Sidecar.read(one.sidecar).config.prompt for one in run.artifacts}) > 1
    for place, (artifact, image) in enumerate(zip(run.artifacts, run.images, strict=True), 1):
        bench.cache.clear()
        config = Sidecar.read(artifact.sidecar).config
        assert config.together == Together(pictures=4, place=place)
        assert bench.execute(config, save=False).image.tobytes() == image.tobytes()


def test_a_picture_that_another_checkpoint_finishes_is_drawn_alone(bench):
    config = FOUR.changed(handover_checkpoint="paperdoll", checkpoint="paperdoll", switch_at=0.5)
    assert config.may_draw_together is not config.hands_over


def test_what_is_asked_for_again_is_asked_as_before(bench):
    asked = bench.resolve(FOUR).asked()
    assert asked.draw_together == 4
    assert "together" not in type(asked).model_fields


def test_a_resolved_request_whose_settings_were_changed_keeps_no_place_that_it_lost(bench):
    resolved = bench.resolve(FOUR)
    start = bench.keep(Image.new("RGB", (64, 64), "teal"))
    assert bench.resolve(resolved).together == Together(pictures=4)
    for change in ({"draw_together": 1}, {"step_cache": 0.1, "checkpoint": "paperdoll"}):
        assert bench.resolve(resolved.changed(**change)).together is None
    other = bench.execute(resolved.changed(mode="enhance", image=start, batch_size=1))
    assert other.config.together is None
    assert b"Batch size" not in other.artifacts[0].path.read_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        *({"draw_together": count} for count in (1, 2, 3, 16)),
        *({"batch_size": count} for count in (2, 3, 6)),
        {"batch_size": 6, "draw_together": 5},
        {"handover_checkpoint": "paperdoll", "checkpoint": "paperdoll", "switch_at": 0.5},
        {"precision": "bfloat16"},
    ],
)
def test_what_is_changed_after_resolving_is_as_if_it_was_asked_for(bench, changes):
    resolved = bench.resolve(FOUR)
    anew, later = bench.resolve(FOUR.changed(**changes)), bench.resolve(resolved.changed(**changes))
    assert (later.together, later.dtype) == (anew.together, anew.dtype)
    assert later.together is None or later.together.pictures <= later.draw_together


def test_steps_that_reuse_earlier_ones_are_not_shared(bench):
    resolved = bench.resolve(FOUR)
    assert still_together(resolved) == Together(pictures=4)
    assert still_together(resolved.changed(step_cache=0.1)) is None


@pytest.mark.parametrize(("count", "kept"), [(16, True), (4, True), (3, False), (None, True)])
def test_a_single_picture_keeps_its_place_unless_fewer_are_asked_for(bench, count, kept):
    place = Together(pictures=4, place=3)
    single = bench.resolve(FOUR).singles()[2]
    assert single.together == place
    changed = bench.resolve(single.changed(draw_together=count))
    assert changed.together == (place if kept else None)


# Pictures


@pytest.fixture
def modes(bench):
    """The settings of each mode that starts from a picture and that paperdoll draws."""
    shown = bench.keep(Image.radial_gradient("L").convert("RGB").resize((64, 64)))
    mask = bench.keep(Image.linear_gradient("L").resize((64, 64)))
    own = {"img2img": {"steps": 6}, "inpaint": {"mask": mask}, "outpaint": {"left": 16, "right": 0}}
    return {name: {"mode": name, "image": shown, name: one} for name, one in own.items()}


@pytest.mark.parametrize("mode", ["img2img", "inpaint", "outpaint"])
def test_pictures_that_start_from_one_are_made_again_from_their_own_files(bench, modes, mode):
    config = FOUR.changed(**modes[mode], batch_size=3)
    run = bench.execute(config)
    expected = [{"pictures": 3, "place": place} for place in (1, 2, 3)]
    assert [stage_of(record, mode)["applied"]["together"] for record in run.records] == expected
    assert len({image.tobytes() for image in run.images}) == 3
    for artifact, image in zip(run.artifacts[1:], run.images[1:], strict=True):
        bench.cache.clear()
        again = bench.execute(Sidecar.read(artifact.sidecar).config, save=False)
        assert again.image.tobytes() == image.tobytes()
        assert bench.verify(artifact).is_equal


def test_where_nothing_is_drawn_nothing_is_drawn_at_once(bench, modes):
    config = FOUR.changed(**modes["img2img"] | {"img2img": {"denoising_strength": 0}})
    assert bench.resolve(config).together is None
    drawn = config.changed(img2img={"denoising_strength": 0.5})
    assert bench.resolve(drawn).together == Together(pictures=4)


def test_each_is_made_again_from_its_own_file_byte_for_byte(bench):
    run = bench.execute(FOUR)
    assert told(run) == [{"pictures": 4, "place": place} for place in (1, 2, 3, 4)]
    for place, (artifact, image) in enumerate(zip(run.artifacts, run.images, strict=True), 1):
        bench.cache.clear()
        config = Sidecar.read(artifact.sidecar).config
        assert config.together == Together(pictures=4, place=place)
        again = bench.execute(config, save=False)
        assert again.image.tobytes() == image.tobytes()
        assert told(again) == [{"pictures": 4, "place": place}]
        assert bench.verify(artifact).is_equal


def test_a_workbench_of_its_own_makes_it_again(bench, tiny_models, tmp_path):
    run = bench.execute(FOUR)
    config = Sidecar.read(run.artifacts[2].sidecar).config
    with Workbench(models=tiny_models, outputs=tmp_path / "others", device="cpu") as other:
        assert other.execute(config, save=False).image.tobytes() == run.images[2].tobytes()


def test_stages_after_it_go_on_alone(bench):
    hires = {"enabled": True, "scale": 1.5, "steps": 2, "denoising_strength": 0.5}
    run = bench.execute(FOUR.changed(refiner=hires))
    assert [image.size for image in run.images] == [(96, 96)] * 4
    bench.cache.clear()
    again = bench.execute(Sidecar.read(run.artifacts[1].sidecar).config, save=False)
    assert again.image.tobytes() == run.images[1].tobytes()


def test_pictures_that_are_cached_are_not_drawn_again(bench, monkeypatch):
    whole = bench.execute(FOUR, save=False)
    singles = bench.resolve(FOUR).singles()
    bench.cache.clear()
    for single in singles[::2]:
        bench.execute(single.changed(seed=single.seed), save=False)
    run = bench.execute(FOUR, save=False)
    cached = [stage_of(record)["cached"] for record in run.records]
    # The second and the fourth are drawn when the second is run: the fourth goes on from there.
    assert cached == [True, False, True, False]
    assert [one.tobytes() for one in run.images] == [one.tobytes() for one in whole.images]


def test_from_a_stage_on_all_are_drawn_anew_at_once(bench):
    first = bench.execute(FOUR, save=False)
    steps, told = [], set()

    def hear(event):
        if event.kind == "step":
            steps.append(event.image)
            told.add((event.image, event.place, event.together))

    forget = bench.executor.listen(hear)
    again = bench.submit(FOUR, anew_from="txt2img", save=False).result(60)
    forget()
    assert steps == [1, 2, 3, 4] * 4
    assert told == {(place, place, 4) for place in (1, 2, 3, 4)}
    assert not any(stage_of(record)["cached"] for record in again.records)
    assert [one.tobytes() for one in again.images] == [one.tobytes() for one in first.images]


def test_each_picture_shows_its_own_previews_and_all_of_a_step_do_or_none(bench):
    shown = {}
    alone = {}

    def look(into):
        def hear(event):
            if event.kind == "step" and event.stage == "txt2img":
                into.setdefault(event.step, {})[event.image] = event.preview

        return bench.executor.listen(hear)

    for into, count in ((shown, 4), (alone, 1)):
        forget = look(into)
        bench.cache.clear()
        bench.execute(FOUR.changed(draw_together=count, batch_size=count), save=False)
        forget()
    for of_step in shown.values():
        assert len({preview is None for preview in of_step.values()}) == 1
    first = shown[1]
    assert len({first[place].tobytes() for place in (1, 2, 3, 4)}) == 4
    apart = np.asarray(first[1], int) - np.asarray(alone[1][1], int)
    assert np.abs(apart).max() <= 2


def test_one_by_one_has_keys_of_its_own(bench):
    plans = [
        bench._resolver.plan(FOUR.changed(draw_together=count)).pictures for count in (1, 2, 4)
    ]
    digests = [
        [next(one.key.digest for one in each.stages if one.name == "txt2img") for each in plan]
        for plan in plans
    ]
    assert len({digest for each in digests for digest in each}) == 12
    prompts = {each.stages[0].key.digest for plan in plans for each in plan}
    assert len(prompts) == 1


def test_a_cancel_keeps_what_is_finished(bench):
    """The first pair is there; the second is not, and no thread is left."""
    bench.executor.listen(
        lambda one: one.kind == "step" and one.image == 4 and bench.executor.cancel_all()
    )
    with pytest.raises(CancelledError):
        bench.execute(FOUR.changed(draw_together=2))
    pictures = sorted(bench.artifacts.folder.glob("2*/[0-9]*.png"))
    assert len(pictures) >= 2
    assert [Sidecar.read(one.with_suffix(".json")).config.seed for one in pictures[:2]] == [7, 8]
    assert not [one for one in threading.enumerate() if one.name.startswith("medialab picture")]


def test_nan_in_one_leaves_the_others_as_they_are_made_alone(bench, monkeypatch):
    """All at once have one precision: the one that fails is repeated in float32 by itself."""
    clean = bench.execute(FOUR, save=False)
    bench.cache.clear()
    unet = bench.registry.load(bench.registry.find("paperdoll", "checkpoint")).denoiser
    forward, calls = unet.forward, []

    def spoiled(sample, *args, **inputs):
        calls.append(len(sample))
        found = forward(sample, *args, **inputs)
        if len(calls) == 2:
            found[0][3] = float("nan")
        return found

    monkeypatch.setattr(unet, "forward", spoiled)
    run = bench.execute(FOUR, save=False)
    monkeypatch.undo()
    assert {*calls} == {8}
    assert [one.tobytes() for one in run.images] == [one.tobytes() for one in clean.images]
    assert told(run) == told(clean)
    assert not any("retries" in stage_of(record)["applied"] for record in run.records)


def test_the_text_in_the_picture_is_a1111s(bench):
    run = bench.execute(FOUR)
    texts = [artifact.path.read_bytes() for artifact in run.artifacts]
    for at, text in enumerate(texts):
        assert f"Batch size: 4, Batch pos: {at}".encode() in text
    alone = bench.execute(FOUR.changed(draw_together=1))
    assert b"Batch size" not in alone.artifacts[0].path.read_bytes()


def test_why_two_differ_is_told(bench):
    together = bench.execute(FOUR.changed(batch_size=2), save=False)
    alone = bench.execute(FOUR.changed(batch_size=2, draw_together=1), save=False)
    made = [Made(name, run.config, run.record) for name, run in (("A", together), ("B", alone))]
    sentences = why(*made).sentences
    assert any(one.startswith("2 at once for") for one in sentences)


# Memory and the choice


def test_more_pictures_need_more_memory_for_their_steps(bench):
    needs = [
        bench.memory_plan(FOUR.changed(draw_together=count)).of(["txt2img"]).stages[0].usual
        for count in (1, 2, 4)
    ]
    resolved = bench.memory_plan(bench.resolve(FOUR)).of(["txt2img"]).stages[0].usual
    assert needs[0] <= needs[1] <= needs[2] == resolved


@pytest.fixture
def resolved(bench):
    return bench.resolve(FOUR.changed(draw_together=None))


@pytest.fixture
def choose(bench, resolved, monkeypatch):
    """Choose for a model of a size, on a device, with a gain that was measured or not."""
    info = bench.registry.find("paperdoll", "checkpoint")

    def chosen(device="cpu", numbers=LARGE, gain=None, most=16, **changes):
        monkeypatch.setattr(drawn_together, "numbers_in", lambda _: numbers)
        config = resolved.changed(**changes)
        return together_for(config, info, device, lambda: gain, lambda count: count <= most)

    return chosen


def test_a_gpu_draws_as_many_as_fit(choose):
    assert choose("cuda") == Together(pictures=4)
    assert choose("cuda:1", batch_size=40) == Together(pictures=16)
    assert choose("cuda", most=3) == Together(pictures=3)
    assert choose("cuda", most=1) is None
    assert choose("cuda", most=0) is None
    assert choose("cuda", draw_together=2) == Together(pictures=2)
    assert choose("cuda", draw_together=1) is None
    assert choose("cuda", batch_size=1) is None


def test_a_cpu_draws_pairs_of_large_models_where_that_was_found_to_be_faster(choose):
    assert choose(gain=LEAST_GAIN) == Together(pictures=2)
    assert choose(gain=LEAST_GAIN - 0.01) is None
    assert choose(gain=5.0, numbers=LARGE - 1) is None
    assert choose(gain=5.0, most=1) is None
    assert choose(gain=0.5, draw_together=3) == Together(pictures=3)


def test_the_first_batch_of_a_large_model_measures(choose):
    assert choose() == Together(pictures=2, place=2)
    assert choose(batch_size=2) is None
    assert choose(steps=3) is None
    assert choose(numbers=LARGE - 1) is None


def test_a_batch_that_measures_keeps_the_gain_and_the_next_one_asks_for_it(bench, monkeypatch):
    monkeypatch.setattr(drawn_together, "numbers_in", lambda _: LARGE)
    config = FOUR.changed(draw_together=None, batch_size=5)
    facts = bench.registry.facts
    run = bench.execute(config, save=False)
    pair = {"pictures": 2}
    assert told(run) == [None, *[pair | {"place": place} for place in (1, 2, 1, 2)]]
    (name,) = [one for one in facts._known if one.startswith("gain of pairs")]
    gain = facts.known(name)
    assert 0 < gain < 100
    assert bench.resolve(config).together == (Together(pictures=2) if gain >= LEAST_GAIN else None)
    facts._known[name] = 2.0
    assert bench.resolve(config).together == Together(pictures=2)
    facts._known[name] = 1.0
    assert bench.resolve(config).together is None


@pytest.mark.parametrize(
    ("kinds", "measures"), [("aaaa", True), ("aaab", True), ("abbb", True), ("aabb", False)]
)
def test_only_a_batch_whose_second_picture_is_one_of_a_pair_measures(resolved, kinds, measures):
    """Texts of several lengths may have it drawn alone, which would count as twice as fast."""
    together = Together(pictures=2, place=2).grouped(kinds)
    config = resolved.model_copy(update={"together": together, "batch_size": len(kinds)})
    assert drawn_together.measures_pairs(config) is measures


def test_a_gain_is_another_for_another_family_size_or_precision(resolved):
    def name(family="sdxl", device="cpu", **changes):
        return drawn_together.name_of_gain(resolved.model_copy(update=changes), family, device)

    names = [
        *(name(), name("flux"), name(width=512, height=512), name(dtype="bfloat16")),
        *(name(threads=7), name(guidance_scale=1.0)),
        name(weight_dtype="int8"),  # a pair makes its weights once
        name(mode="instruct"),  # the denoiser reads the references, too
    ]
    assert len({*names}) == len(names)
    assert name(width=64, height=65) == name()
