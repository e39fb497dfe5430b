"""Prompts through real tiny text encoders: bit for bit as diffusers where it can, and more."""

import pytest
import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image
from safetensors.torch import save_file

from medialab.diffusion import encoding
from medialab.diffusion.drawing import Drawing
from medialab.diffusion.encoding import encode
from medialab.errors import ConfigError, ModelRefusedError
from medialab.families import RUNNING
from medialab.families.conditioning import Conditioning, Moment, Track
from medialab.families.texts import Encoded
from medialab.families.unet_clip.chunks import cut_into_chunks
from medialab.families.unet_clip.counting import count_tokens
from medialab.families.unet_clip.guidance import UNetGuide
from medialab.loading.checkpoint import LoadedCheckpoint
from medialab.prompts import take_loras, weigh
from models.paperdoll import family
from tests.tiny import networks

ROOM = 38  # tokens of a chunk of these tokenizers
FAMILIES = ("paperdoll", "sd15", "sdxl")
every_family = pytest.mark.parametrize("name", FAMILIES)


def make_text_encoder(kind, width, tokenizer):
    encoder = networks.make_text_encoder(
        kind,
        width,
        tokenizer,
        num_hidden_layers=3,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    ).eval()
    # As trained ones: the outcome's mean is not zero.
    layers = dict(encoder.named_modules())
    (norm,) = (layers[name] for name in layers if name.endswith("final_layer_norm"))
    torch.nn.init.normal_(norm.bias, mean=0.2)
    return encoder


@pytest.fixture(scope="session")
def tokenizer(tiny_models):
    return family.find_tokenizer(tiny_models / "checkpoints" / "paperdoll" / "tokenizer")


@pytest.fixture(scope="session")
def loaded(tiny_models, tokenizer):
    """A tiny model of each family."""
    torch.manual_seed(0)
    sd15 = StableDiffusionPipeline(
        unet=networks.make_unet(32),
        vae=networks.make_vae(),
        text_encoder=make_text_encoder("CLIPTextModel", 32, tokenizer),
        tokenizer=tokenizer,
        scheduler=family.make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    sdxl = StableDiffusionXLPipeline(
        unet=networks.make_unet(
            32 + 48,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=48 + 6 * 8,
            use_linear_projection=True,
        ),
        vae=networks.make_vae(),
        text_encoder=make_text_encoder("CLIPTextModel", 32, tokenizer),
        text_encoder_2=make_text_encoder("CLIPTextModelWithProjection", 48, tokenizer),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        scheduler=EulerDiscreteScheduler(),
    )
    paperdoll = StableDiffusionPipeline.from_pretrained(
        tiny_models / "checkpoints" / "paperdoll", local_files_only=True
    )
    pipelines = {"paperdoll": paperdoll, "sd15": sd15, "sdxl": sdxl}
    return {
        name: Drawing(LoadedCheckpoint(pipeline, RUNNING[name], "cpu", torch.float32))
        for name, pipeline in pipelines.items()
    }


@pytest.fixture
def model(loaded, name):
    yield loaded[name]
    loaded[name].inversions = {}


@pytest.fixture
def sd15(loaded):
    yield loaded["sd15"]
    loaded["sd15"].inversions = {}


def diffusers_own(model, prompt, negative):
    with torch.inference_mode():
        return model.pipeline("text-to-image").encode_prompt(
            prompt=prompt,
            negative_prompt=negative,
            device="cpu",
            num_images_per_prompt=1,
            do_classifier_free_guidance=True,
        )


def embeds(model, prompt, **options):
    return encode(model, prompt, "", **options).embeddings()["prompt_embeds"]


# As diffusers does


@every_family
@pytest.mark.parametrize("prompt", ["a red ball", "", "  a  red,ball!  ", "a " * ROOM])
@pytest.mark.parametrize("negative", ["blue", ""])
def test_a_plain_prompt_is_bit_for_bit_diffusers_own(model, prompt, negative):
    # None is how diffusers is told that there is no negative prompt: SDXL then reads zeros.
    expected = diffusers_own(model, prompt, negative or None)
    found = encode(model, prompt, negative).embeddings()
    names = ("prompt_embeds", "negative_prompt_embeds")
    pooled = ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")
    assert len(found) == len(expected)
    for name, value in zip((*names, *pooled), expected, strict=False):
        assert torch.equal(found[name], value), name


def test_an_empty_negative_prompt_of_sdxl_is_zeros_however_long_the_prompt(loaded):
    found = encode(loaded["sdxl"], "a " * 50, "").embeddings()
    assert found["negative_prompt_embeds"].shape == found["prompt_embeds"].shape
    assert not found["negative_prompt_embeds"].any()
    assert not found["negative_pooled_prompt_embeds"].any()


@every_family
def test_the_embeddings_are_what_the_pipeline_takes(model):
    found = encode(model, "a (red:1.3) ball " * 20, "blue")
    with torch.inference_mode():
        images = (
            model.pipeline("text-to-image")(
                **found.embeddings(), width=32, height=32, num_inference_steps=1, output_type="np"
            )
        ).images
    assert images.shape[0] == 1


# Chunks


def cut(text, tokenizer):
    return [len(chunk) for chunk in cut_into_chunks(weigh(text), tokenizer, {})]


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("", [0]),
        ("a " * 38, [38]),
        ("a " * 39, [38, 1]),
        ("a " * 80, [38, 38, 4]),
        # A comma among the last twenty ends the chunk; what follows it moves on.
        ("a " * 30 + ", " + "b " * 10, [31, 10]),
        ("a " * 17 + ", " + "b " * 21, [38, 1]),
        ("a " * 18 + ", " + "b " * 20, [19, 20]),
        # A comma that does not fit itself begins the next chunk.
        ("a " * 30 + ", " + "b " * 7 + ", c", [38, 2]),
        ("a " * 37 + ", b", [38, 1]),
        ("a BREAK b", [1, 1]),
        ("BREAK a", [0, 1]),
        ("a BREAK", [1]),
        ("a BREAK BREAK b", [1, 0, 1]),
        ("(a:1.2) [b] c", [3]),
    ],
)
def test_chunks_end_where_a1111_ends_them(tokenizer, text, lengths):
    assert cut(text, tokenizer) == lengths


@every_family
def test_every_chunk_is_encoded_alone_and_both_prompts_are_as_long(model):
    found = encode(model, "a red ball BREAK a hat", "blue").embeddings()
    ball, hat, empty = (embeds(model, text) for text in ("a red ball", "a hat", ""))
    assert torch.equal(found["prompt_embeds"], torch.cat([ball, hat], dim=1))
    blue = encode(model, "", "blue").embeddings()["negative_prompt_embeds"]
    assert torch.equal(found["negative_prompt_embeds"], torch.cat([blue, empty], dim=1))


def test_the_first_chunk_speaks_for_the_picture_as_a_whole(loaded):
    both, ball = (
        encode(loaded["sdxl"], text, "").embeddings()["pooled_prompt_embeds"]
        for text in ("a red ball BREAK a hat", "a red ball")
    )
    assert torch.equal(both, ball)


def test_what_was_counted_is_told(sd15):
    found = encode(sd15, "a " * 50, "blue")
    assert (found.tokens, found.negative_tokens, found.chunks) == (50, 1, 2)


@every_family
@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", (0, ROOM)),
        ("a (red:1.3) ball", (3, ROOM)),
        ("a " * 39, (39, 2 * ROOM)),
        ("a AND a hat, red", (4, ROOM)),
        ("a <lora:night:1> hat", (2, ROOM)),
    ],
)
def test_tokens_are_counted_for_the_panel(model, prompt, expected):
    found = encode(model, take_loras(prompt)[0], "")
    assert (found.tokens, found.chunks * ROOM) == expected


# Emphasis


def test_original_keeps_the_mean_of_what_it_weighs(sd15):
    plain = embeds(sd15, "a red ball")
    raw = plain.clone()
    raw[:, 2] *= 1.5  # after the start token and "a"
    expected = raw * (plain.mean() / raw.mean())
    assert torch.equal(embeds(sd15, "a (red:1.5) ball"), expected)
    assert torch.allclose(expected.mean(), plain.mean())


def test_a_mean_of_nothing_is_not_restored(sd15, monkeypatch):
    norm = sd15.components["text_encoder"].final_layer_norm
    monkeypatch.setattr(norm.bias, "data", torch.zeros(32))
    texts = "a (red:1.7) cat without a mean"
    assert torch.equal(embeds(sd15, texts), embeds(sd15, texts, emphasis="no norm"))


def test_no_norm_only_multiplies(sd15):
    expected = embeds(sd15, "a red ball").clone()
    expected[:, 2] *= 1.5
    assert torch.equal(embeds(sd15, "a (red:1.5) ball", emphasis="no norm"), expected)


def test_ignore_takes_the_brackets_away_and_nothing_else(sd15):
    ignored = embeds(sd15, "a (red:1.5) [ball]", emphasis="ignore")
    assert torch.equal(ignored, embeds(sd15, "a red ball"))


def test_none_leaves_brackets_and_break_as_text(sd15):
    text = "a (red:1.5) ball BREAK"
    expected = diffusers_own(sd15, text, None)[0]
    assert torch.equal(embeds(sd15, text, emphasis="none"), expected)


def test_weights_of_each_encoder_keep_their_own_mean(loaded):
    model = loaded["sdxl"]
    plain, heavy = (embeds(model, text) for text in ("a red ball", "a (red:1.5) ball"))
    for part in (slice(0, 32), slice(32, 80)):
        assert torch.allclose(plain[..., part].mean(), heavy[..., part].mean(), atol=1e-6)
        assert not torch.equal(plain[..., part], heavy[..., part])


# Clip skip


def test_brackets_beyond_all_numbers_are_refused(sd15):
    prompt = "(" * 10_000 + "a" + ")" * 10_000
    with pytest.raises(ConfigError, match="make a weight infinite"):
        embeds(sd15, prompt)
    assert torch.equal(embeds(sd15, prompt, emphasis="ignore"), embeds(sd15, "a"))


def test_texts_that_would_fill_the_memory_are_refused_at_the_first_long_one(sd15, monkeypatch):
    monkeypatch.setattr(encoding, "MOST_CHUNKS", 20)
    read = []
    long, short = "a " * ROOM * 6, " AND ".join(f"b{n}" for n in range(5))
    with pytest.raises(ConfigError, match=r"7 texts, .* of 6 chunks: over 20 in all"):
        encode(sd15, f"{long} AND {short}", long, on_text=lambda done, _: read.append(done))
    assert read == []
    encode(sd15, f"{long} AND b", long)


def test_who_stops_at_a_text_stops_the_encoding(sd15):
    heard = []

    def stop(done, every):
        heard.append((done, every))
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        encode(sd15, "a AND b AND c AND d", "e", on_text=stop)
    assert heard == [(1, 5), (2, 5)]
    encode(sd15, "a", "b", on_text=stop)
    assert heard == [(1, 5), (2, 5)]


@pytest.mark.parametrize("skip", [2, 3])
def test_clip_skip_stops_earlier_and_still_normalises(sd15, tokenizer, skip):
    encoder = sd15.components["text_encoder"]
    ids = tokenizer("a red ball", padding="max_length", return_tensors="pt").input_ids
    with torch.inference_mode():
        states = encoder(ids, output_hidden_states=True).hidden_states[-skip]
        expected = encoder.final_layer_norm(states)
    assert torch.equal(embeds(sd15, "a red ball", clip_skip=skip), expected)


def test_one_is_the_last_layer(sd15):
    assert torch.equal(embeds(sd15, "a hat", clip_skip=1), embeds(sd15, "a hat"))


def test_more_layers_than_there_are_is_an_error_with_their_number(sd15):
    with pytest.raises(ConfigError, match=r"clip_skip=4: .* 3 layers; choose 1 to 3"):
        encode(sd15, "a", "", clip_skip=4)


def test_sdxl_reads_the_layer_before_the_last_whatever_is_skipped(loaded):
    model = loaded["sdxl"]
    assert torch.equal(embeds(model, "a hat", clip_skip=12), embeds(model, "a hat"))


# Textual inversions


@pytest.fixture
def mina(sd15, tmp_path):
    """An embedding of two vectors that sd15 may name; they are those of "red" and "ball"."""
    ids = [sd15.components["tokenizer"](word).input_ids[1] for word in ("red", "ball")]
    vectors = sd15.components["text_encoder"].get_input_embeddings().weight[ids].detach().clone()
    path = tmp_path / "Mina-2.safetensors"
    save_file({"emb_params": vectors}, path)
    sd15.inversions = {"Mina-2": path}
    return path


def test_an_inversions_vectors_stand_in_the_place_of_its_name(sd15, mina):
    expected = embeds(sd15, "a red ball, hat")
    assert torch.equal(embeds(sd15, "a mina-2, hat"), expected)
    assert encode(sd15, "a MINA-2", "").inversions == ("mina-2",)
    assert encode(sd15, "a ball", "").inversions == ()


def test_it_can_be_weighed_and_counts_as_its_vectors(sd15, mina):
    weighed = embeds(sd15, "a (Mina-2:1.4) hat")
    assert torch.equal(weighed, embeds(sd15, "a (red ball:1.4) hat"))
    assert encode(sd15, "a mina-2 hat", "").tokens == 4


def test_a_name_within_another_word_is_text(sd15, mina):
    with_file = embeds(sd15, "a Mina-20 hat")
    sd15.inversions = {}
    assert torch.equal(with_file, embeds(sd15, "a Mina-20 hat"))


def test_its_vectors_stay_in_one_chunk(sd15, mina):
    found = encode(sd15, "a " * (ROOM - 1) + "Mina-2", "")
    assert found.chunks == 2
    expected = torch.cat([embeds(sd15, "a " * (ROOM - 1)), embeds(sd15, "red ball")], dim=1)
    assert torch.equal(found.embeddings()["prompt_embeds"], expected)


def test_neither_vocabulary_nor_weights_nor_hooks_are_left_changed(sd15, mina, monkeypatch):
    encoder, tokenizer = sd15.components["text_encoder"], sd15.components["tokenizer"]
    weight = encoder.get_input_embeddings().weight
    before = weight.detach().clone(), len(tokenizer)
    embeds(sd15, "Mina-2 once")

    def fail(*_arguments):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(encoder.final_layer_norm, "forward", fail)
        with pytest.raises(MemoryError):
            embeds(sd15, "Mina-2 twice")
    assert torch.equal(weight, before[0])
    assert len(tokenizer) == before[1]
    assert not encoder.get_input_embeddings()._forward_hooks


def test_a_changed_file_is_read_anew(sd15, mina):
    before = embeds(sd15, "a Mina-2")
    save_file({"emb_params": torch.ones(2, 32)}, mina)
    assert not torch.equal(embeds(sd15, "a Mina-2"), before)


def test_one_made_for_other_encoders_stays_text(sd15, tmp_path):
    path = tmp_path / "wide.safetensors"
    save_file({"emb_params": torch.ones(1, 768)}, path)
    expected = embeds(sd15, "a wide hat")
    sd15.inversions = {"wide": path}
    assert torch.equal(embeds(sd15, "a wide hat"), expected)
    assert encode(sd15, "a wide hat", "").inversions == ()


def test_sdxl_takes_a_vector_for_each_encoder(loaded, tmp_path):
    model, path = loaded["sdxl"], tmp_path / "mina.safetensors"
    (id_,) = model.components["tokenizer"]("red", add_special_tokens=False).input_ids
    rows = {
        key: model.components[name].get_input_embeddings().weight[[id_]].detach().clone()
        for key, name in (("clip_l", "text_encoder"), ("clip_g", "text_encoder_2"))
    }
    save_file(rows, path)
    model.inversions = {"mina": path}
    try:
        assert torch.equal(embeds(model, "a mina hat"), embeds(model, "a red hat"))
    finally:
        model.inversions = {}


def test_a_broken_file_and_one_too_long_are_errors(sd15, tmp_path):
    path = tmp_path / "mina.safetensors"
    sd15.inversions = {"mina": path}
    path.write_bytes(b"no tensors")
    with pytest.raises(ModelRefusedError, match="'mina' cannot be read"):
        embeds(sd15, "a mina")
    save_file({"emb_params": torch.ones(ROOM + 1, 32)}, path)
    with pytest.raises(ConfigError, match="39 vectors; this checkpoint reads 38"):
        embeds(sd15, "a mina")


# Remembering


def test_a_text_is_encoded_once(sd15, monkeypatch):
    calls = []
    encoder = sd15.components["text_encoder"]
    forward = encoder.forward
    monkeypatch.setattr(encoder, "forward", lambda *a, **o: calls.append(1) or forward(*a, **o))
    for _ in range(2):
        encode(sd15, "a text of its own", "another text of its own")
    assert len(calls) == 2
    encode(sd15, "a text of its own", "", clip_skip=2)
    encode(sd15, "a text of its own", "", emphasis="ignore")
    assert len(calls) >= 4


def test_an_encoder_with_adapters_is_asked_again(sd15, monkeypatch):
    encoder = sd15.components["text_encoder"]
    before = embeds(sd15, "an adapted text")
    with torch.no_grad():
        encoder.final_layer_norm.bias.add_(1)
    try:
        monkeypatch.setattr(encoder, "peft_config", {"style": 1}, raising=False)
        assert not torch.equal(embeds(sd15, "an adapted text"), before)
    finally:
        with torch.no_grad():
            encoder.final_layer_norm.bias.sub_(1)


def test_what_is_remembered_has_a_limit(monkeypatch):
    one = torch.zeros(1, 10, 10)
    monkeypatch.setattr(encoding, "REMEMBERED_BYTES", 3 * one.nbytes)
    texts = encoding.encoded_texts()
    for key in (1, 2, 3, 4):
        texts[key] = Encoded({"prompt_embeds": one.clone()}, 0)
    assert [*texts] == [2, 3, 4]
    assert texts.get(2) is not None
    texts[5] = Encoded({"prompt_embeds": one.clone(), "pooled_prompt_embeds": one.clone()}, 0)
    assert [*texts] == [2, 5]


# Steps and several prompts at once


def guide(pipeline, conditioning, steps):
    return UNetGuide(pipeline, "unet", conditioning, steps)


def run(model, conditioning, steps=6, scheduler=None, guidance_scale=5.0, **options):
    """A stock pipeline under a guidance."""
    pipeline = model.pipeline("text-to-image")
    if scheduler is not None:
        pipeline.scheduler = scheduler
    guidance = guide(pipeline, conditioning, steps)
    latents = []

    def after_step(_pipeline, call, _timestep, tensors):
        latents.append(tensors["latents"].clone())
        return guidance.advance(call + 1, tensors)

    with torch.inference_mode(), guidance.composing():
        pipeline(
            **conditioning.embeddings(),
            width=32,
            height=32,
            num_inference_steps=steps,
            guidance_scale=guidance_scale,
            generator=torch.Generator().manual_seed(0),
            callback_on_step_end=after_step,
            callback_on_step_end_tensor_inputs=guidance.tensor_inputs,
            output_type="latent",
            **options,
        )
    return latents


both = pytest.mark.parametrize("name", ["sd15", "sdxl"])


@both
@pytest.mark.parametrize("guidance_scale", [5.0, 1.0])
def test_a_schedule_is_the_first_prompt_and_then_the_second(model, guidance_scale):
    def latents(prompt, negative):
        found = encode(model, prompt, negative, steps=6)
        return run(model, found, guidance_scale=guidance_scale)

    red, changing = latents("a red hat", "x"), latents("a [red:blue:2] hat", "x")
    assert all(torch.equal(*pair) for pair in zip(red[:2], changing[:2], strict=True))
    assert not torch.equal(red[2], changing[2])


@both
def test_a_step_sees_exactly_the_prompt_of_its_phase(model, monkeypatch):
    unet, seen = model.components["unet"], []
    forward = unet.forward

    def spy(sample, *args, **inputs):
        seen.append((inputs["encoder_hidden_states"], inputs["added_cond_kwargs"]))
        return forward(sample, *args, **inputs)

    monkeypatch.setattr(unet, "forward", spy)
    found = encode(model, "[red|blue] hat [with rain:.5]", "[x:3]", steps=6)
    run(model, found)
    for step, (states, added) in enumerate(seen, 1):
        told = found.embeddings(step)
        assert torch.equal(
            states, torch.cat([told["negative_prompt_embeds"], told["prompt_embeds"]])
        )
        if added:
            pooled = [told["negative_pooled_prompt_embeds"], told["pooled_prompt_embeds"]]
            assert torch.equal(added["text_embeds"], torch.cat(pooled))


def test_a_sampler_that_calls_twice_a_step_changes_with_the_persons_steps(sd15):
    from diffusers import HeunDiscreteScheduler

    pipeline = sd15.pipeline("text-to-image")
    found = encode(sd15, "[a|b|c|d]", "", steps=4)
    guidance = guide(pipeline, found, 4)
    pipeline.scheduler = HeunDiscreteScheduler()
    pipeline._num_timesteps = 7
    steps = [1]
    for call in range(1, 7):
        guidance.advance(call, {"prompt_embeds": torch.zeros(2)})
        steps.append(guidance._step)
    assert steps == [1, 1, 2, 2, 3, 3, 4]


@both
@pytest.mark.parametrize("guidance_scale", [5.0, 1.0])
def test_and_follows_the_weighted_sum_of_its_prompts(model, guidance_scale, monkeypatch, request):
    """One denoiser call against the formula: n + g Σ wᵢ (cᵢ - n).

    In float64: float32 rounds a batch otherwise than its rows alone, by up to 1.3e-5 here.
    """
    found = encode(model, "a red hat :0.7 AND rain :-0.3 AND a ball", "blue")
    unet, seen = model.components["unet"].double(), []
    request.addfinalizer(unet.float)
    inside = unet.forward

    def forward(sample, timestep, *, encoder_hidden_states, added_cond_kwargs=None, **inputs):
        added = {name: value.double() for name, value in (added_cond_kwargs or {}).items()}
        return inside(
            sample.double(),
            timestep,
            encoder_hidden_states=encoder_hidden_states.double(),
            added_cond_kwargs=added or None,
            **inputs,
        )

    def spy(sample, timestep, **inputs):
        answer = forward(sample, timestep, **inputs)
        seen.append((sample, timestep, inputs, answer[0]))
        return answer

    monkeypatch.setattr(unet, "forward", spy)
    pipeline, answers = model.pipeline("text-to-image"), []
    guidance = guide(pipeline, found, 1)
    with torch.inference_mode(), guidance.composing():
        inner = unet.forward

        def outer(*args, **inputs):
            answers.append(inner(*args, **inputs)[0])
            return (answers[-1],)

        monkeypatch.setattr(unet, "forward", outer)
        pipeline(
            **found.embeddings(),
            width=32,
            height=32,
            num_inference_steps=1,
            guidance_scale=guidance_scale,
            generator=torch.Generator().manual_seed(0),
            output_type="latent",
        )
        sample, timestep, inputs, _ = seen[0]

        def alone(moment):
            values = moment.values
            added = inputs["added_cond_kwargs"]
            if added:
                added = {
                    "text_embeds": values["pooled_prompt_embeds"],
                    "time_ids": added["time_ids"][:1],
                }
            return forward(
                sample[:1],
                timestep,
                encoder_hidden_states=values["prompt_embeds"],
                added_cond_kwargs=added,
                return_dict=False,
            )[0]

        nothing = alone(found.negative.at(1))
        total = sum(track.weight * (alone(track.at(1)) - nothing) for track in found.positives)
    rows = 2 if guidance_scale > 1 else 1
    assert answers[0].shape[0] == rows
    assert torch.allclose(answers[0][-1:], nothing + total, atol=1e-5)
    if rows == 2:
        assert torch.allclose(answers[0][:1], nothing, atol=1e-5)


@both
def test_and_of_one_prompt_twice_at_half_is_that_prompt(model):
    once = run(model, encode(model, "a red hat", "blue"))
    twice = run(model, encode(model, "a red hat :0.5 AND a red hat :0.5", "blue"))
    assert torch.allclose(once[-1], twice[-1], atol=1e-3)


@both
def test_and_and_schedules_go_together(model):
    def latents(prompt):
        return run(model, encode(model, prompt, "", steps=6))

    still, changing = latents("a hat AND rain"), latents("a hat AND [rain:snow:2]")
    assert torch.equal(still[1], changing[1])
    assert not torch.equal(still[2], changing[2])
    assert not torch.equal(still[0], latents("a hat")[0])


def test_an_edit_by_instruction_changes_and_composes_too(sd15):
    editing = networks.make_unet(32, in_channels=8)
    parts = sd15.components | {"unet": editing}
    picture = Image.new("RGB", (32, 32), "red")

    def last(prompt):
        pipeline = StableDiffusionInstructPix2PixPipeline(**parts, requires_safety_checker=False)
        pipeline.set_progress_bar_config(disable=True)
        found = encode(sd15, prompt, "x", steps=4)
        guidance = guide(pipeline, found, 4)
        with torch.inference_mode(), guidance.composing():
            return pipeline(
                **found.embeddings(),
                image=picture,
                num_inference_steps=4,
                generator=torch.Generator().manual_seed(0),
                callback_on_step_end=lambda _p, call, _t, tensors: guidance.advance(
                    call + 1, tensors
                ),
                callback_on_step_end_tensor_inputs=guidance.tensor_inputs,
                output_type="latent",
            ).images

    plain = last("a red hat")
    assert torch.allclose(last("a red hat :0.5 AND a red hat :0.5"), plain, atol=1e-3)
    changes = (last("a [red:blue:2] hat"), last("a blue hat"), last("a red hat AND rain"))
    assert not any(torch.allclose(one, plain, atol=1e-3) for one in changes)
    assert torch.equal(last("a [red::90] hat"), plain)


def test_the_denoiser_is_as_it_was_after_an_error(sd15):
    unet = sd15.components["unet"]
    before = dict(vars(unet))
    found = encode(sd15, "a AND b", "")
    guidance = guide(sd15.pipeline("text-to-image"), found, 1)

    def stopped():
        with guidance.composing():
            assert "forward" in vars(unet)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert vars(unet).keys() == before.keys()


def test_a_hook_on_the_denoiser_is_put_back(sd15, monkeypatch):
    unet = sd15.components["unet"]

    def hooked(*_args, **_inputs):
        return None

    monkeypatch.setattr(unet, "forward", hooked)
    with guide(sd15.pipeline("text-to-image"), encode(sd15, "a AND b", ""), 1).composing():
        assert unet.forward is not hooked
    assert unet.forward is hooked


def test_a_plain_prompt_leaves_the_pipeline_alone(sd15):
    found = encode(sd15, "a hat", "")
    assert not found.changes
    assert not found.composes
    pipeline = sd15.pipeline("text-to-image")
    guidance = guide(pipeline, found, 3)
    assert guidance.tensor_inputs == ["latents"]
    with guidance.composing():
        assert "forward" not in vars(sd15.components["unet"])
    pipeline._num_timesteps = 3
    assert guidance.advance(1, {}) == {}


def test_a_conditioning_is_made_again_from_its_embeddings(loaded):
    for name in FAMILIES:
        found = encode(loaded[name], "a hat", "x").embeddings()
        again = Conditioning.of(found).embeddings()
        assert found.keys() == again.keys()
        assert all(torch.equal(found[key], again[key]) for key in found)


def test_after_its_last_moment_a_track_goes_on():
    one, two = Moment(2, {"prompt_embeds": torch.zeros(1)}), Moment(5, {})
    track = Track((one, two))
    assert [track.at(step) for step in (1, 2, 3, 5, 9)] == [one, one, two, two, two]


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a (Red:1.3) hat, it's 1920s café 日本語 😀",
        "<lora:ink:0.8> a  cat\nBREAK a [dog|fox] " * 9,
    ],
)
def test_tokens_counted_from_files_alone_are_those_of_transformers(prompt):
    from transformers import CLIPTokenizer

    from medialab.families.unet_clip.single_files import SHARED_TOKENIZER
    from medialab.loading.checkpoint import CONFIGS
    from medialab.prompts import parse

    tokenizer = CLIPTokenizer.from_pretrained(CONFIGS / SHARED_TOKENIZER)
    (*_, text) = parse(take_loras(prompt)[0], 1).texts
    chunks = cut_into_chunks(weigh(text), tokenizer, {})
    expected = (sum(map(len, chunks)), 75 * len(chunks))
    assert count_tokens(prompt, CONFIGS / SHARED_TOKENIZER) == expected


def test_a_folder_without_tokenizer_is_told(tmp_path):
    with pytest.raises(OSError, match=r"vocab\.json"):
        count_tokens("a cat", tmp_path)
