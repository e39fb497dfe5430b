"""The recipe of editing by instruction: pairs of renders that differ in one named attribute.

Source: Brooks et al., "InstructPix2Pix: Learning to Follow Image Editing Instructions". The pairs
are free here: a scene with one attribute replaced is the same person in the same place.
"""

import random as stdlib_random
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from diffusers import StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from PIL import Image
from torch import nn

from medialab.settings.schedulers import make_scheduler
from models.paperdoll import family, world
from models.paperdoll.draw import draw
from models.paperdoll.judge import answer, load_judge, name_attributes
from models.paperdoll.latents import Example, LatentPool, tokenize, velocity_loss
from models.paperdoll.training import Trainer, contact_sheet

FOLDER = "checkpoints/paperdoll-edit"  # below models/

_PLACES = {
    "snow": ("make it snow", "put it in the snow", "change the place to snow", "make it winter"),
    "beach": ("put it on the beach", "move it to the beach", "change the place to a beach"),
    "meadow": ("put it in a meadow", "move it to a meadow", "put it on the grass"),
    "night": ("make it night", "make it dark", "turn day into night", "change it to night"),
    "room": ("put it in a room", "move it indoors", "change the place to a room"),
    "plain": ("make the background plain", "remove the background", "use a plain background"),
}
_EXPRESSIONS = {
    "smiling": ("make them smile", "make them smiling", "make the person smile", "add a smile"),
    "sad": ("make them sad", "make them look sad", "make the person sad"),
    "surprised": ("make them surprised", "make them look surprised", "surprise the person"),
    "calm": ("make them calm", "make them look calm", "make the person calm"),
}
_COLOURED = {
    "shirt": (
        "make the shirt {0}",
        "change the shirt to {0}",
        "a {0} shirt",
        "give them a {0} shirt",
    ),
    "trousers": ("make the trousers {0}", "change the trousers to {0}", "{0} trousers"),
    "hair_colour": ("make the hair {0}", "change the hair to {0}", "give them {0} hair"),
    "object_colour": ("make it {0}", "change the colour to {0}", "make the {1} {0}"),
}
_ADD_HAT = ("add a {0} hat", "put on a {0} hat", "give them a {0} hat")
_CHANGE_HAT = ("make the hat {0}", "change the hat to {0}")
_REMOVE_HAT = ("remove the hat", "take off the hat", "no hat")
_VALUES = {
    "shirt": world.CLOTH_COLOURS,
    "trousers": world.CLOTH_COLOURS,
    "hair_colour": world.HAIR_COLOURS,
    "object_colour": world.OBJECT_COLOURS,
}


@dataclass(frozen=True)
class Edit:
    """A scene, the same scene with one attribute changed, and instructions for that change."""

    before: world.Scene
    after: world.Scene
    attribute: str
    instructions: tuple[str, ...]


def draw_edit(random: stdlib_random.Random, *, held_out: bool) -> Edit:
    """Draw a scene from one side of the split, and a visible change of it."""
    while True:
        before = world.draw_split(random, held_out=held_out)
        if before.framing == "hand close-up":
            attribute = random.choice(("background", "shirt"))
        elif before.framing == "object":
            attribute = random.choice(("background", "object_colour"))
        else:
            seen = ["background", "shirt", "hat", "hat", "hair_colour", "expression", "expression"]
            if before.framing == "full body":
                seen.append("trousers")
            if before.framing == "face close-up":
                seen.remove("shirt")
            attribute = random.choice(seen)
        edit = _change(before, attribute, random)
        # A training pair must not show what is held out, on either side.
        if held_out or not world.is_held_out(edit.after):
            return edit


def _change(before: world.Scene, attribute: str, random: stdlib_random.Random) -> Edit:
    if attribute == "background":
        value = _another(world.BACKGROUNDS, before.background, random)
        ways = _PLACES[value]
    elif attribute == "expression":
        value = _another(world.EXPRESSIONS, before.expression, random)
        ways = _EXPRESSIONS[value]
    elif attribute == "hat":
        return _change_hat(before, random)
    else:
        value = _another(_VALUES[attribute], getattr(before, attribute), random)
        ways = tuple(way.format(value, before.object_kind) for way in _COLOURED[attribute])
    # By keyword: each attribute is a field of the scene.
    return Edit(before, replace(before, **{attribute: value}), attribute, ways)


def _change_hat(before: world.Scene, random: stdlib_random.Random) -> Edit:
    if before.hat and random.random() < 0.6:
        return Edit(before, replace(before, hat=None), "hat", _REMOVE_HAT)
    value = _another(world.CLOTH_COLOURS, before.hat, random)
    ways = tuple(way.format(value) for way in (_CHANGE_HAT if before.hat else _ADD_HAT))
    return Edit(before, replace(before, hat=value), "hat", ways)


def _another(values: tuple[str, ...], than: str | None, random: stdlib_random.Random) -> str:
    return random.choice([value for value in values if value != than])


def make_edit_unet(parts: family.Parts) -> UNet2DConditionModel:
    """Add four input channels to the base UNet for the given picture's latents, weights 0."""
    config = dict(parts.unet.config) | {"in_channels": 8}
    unet = UNet2DConditionModel.from_config(config)
    weights = parts.unet.state_dict()
    wide = torch.zeros_like(unet.conv_in.weight)
    wide[:, :4] = weights["conv_in.weight"]
    unet.load_state_dict(weights | {"conv_in.weight": wide})
    return unet


def train_edit(size: family.Size, steps: int, device: torch.device, *, warm: bool = False) -> None:
    """Train UNet and text encoder, starting from the base model, on pairs of renders.

    A twentieth each of the pairs has no words, no picture, and neither, for the two guidances.
    """
    parts = family.load_parts(device)
    unet = make_edit_unet(parts).to(device, memory_format=torch.channels_last)
    text_encoder = type(parts.text_encoder)(parts.text_encoder.config).to(device)
    text_encoder.load_state_dict(parts.text_encoder.state_dict())
    trainer = Trainer("edit", {"text_encoder": text_encoder, "unet": unet}, device, rate=6e-4)
    if warm:
        folder = family.MODELS / FOLDER
        trainer.start_from({name: folder / name for name in ("text_encoder", "unet")})

    def example(random: stdlib_random.Random) -> Example:
        edit = draw_edit(random, held_out=False)
        after = draw(edit.after)
        before = draw(edit.before, masks=False).image
        return Example(
            after.image, lambda source: source.choice(edit.instructions), after.masks, before
        )

    pool = LatentPool(parts.vae, 4_000, example, guides="latents")

    def loss(random: stdlib_random.Random) -> torch.Tensor:
        batch = pool.batch(size.batch, random)
        given = batch.guides
        if given is None:
            message = "an edit starts from a picture"
            raise RuntimeError(message)
        chances = [random.random() for _ in batch.captions]
        captions = [
            "" if chance < 0.05 or 0.1 <= chance < 0.15 else said
            for said, chance in zip(batch.captions, chances, strict=True)
        ]
        seen = torch.tensor([not 0.05 <= chance < 0.15 for chance in chances], device=device)
        given = given * seen[:, None, None, None]
        embeddings = text_encoder(tokenize(parts.tokenizer, captions, device)).last_hidden_state
        return velocity_loss(
            lambda noisy, timesteps: (
                unet(torch.cat([noisy, given], 1), timesteps, embeddings).sample
            ),
            batch.latents,
            batch.weights,
            parts.scheduler,
        )

    def finished() -> StableDiffusionInstructPix2PixPipeline:
        denoiser = make_edit_unet(parts)
        denoiser.load_state_dict(trainer.averaged("unet"))
        encoder = type(parts.text_encoder)(parts.text_encoder.config)
        encoder.load_state_dict(trainer.averaged("text_encoder"))
        return _pipeline(parts, encoder.to(device).eval(), denoiser.to(device).eval())

    def sample(path: Path, step: int) -> None:
        del step
        random = stdlib_random.Random("sample")
        edits = [draw_edit(random, held_out=True) for _ in range(16)]
        before, after = apply_edits(finished(), edits)
        contact_sheet([one for pair in zip(before, after, strict=True) for one in pair], 8).save(
            path
        )
        print("; ".join(edit.instructions[0] for edit in edits), flush=True)

    if trainer.run(steps, loss, sample, sample_every=400):
        pipeline = finished()
        family.save_checkpoint(
            family.MODELS / FOLDER,
            pipeline.vae,
            pipeline.text_encoder,
            pipeline.tokenizer,
            pipeline.unet,
            as_pipeline=StableDiffusionInstructPix2PixPipeline,
        )
        print(f"written: models/{FOLDER}")


def _pipeline(
    parts: family.Parts, text_encoder: nn.Module, unet: nn.Module
) -> StableDiffusionInstructPix2PixPipeline:
    return StableDiffusionInstructPix2PixPipeline(
        vae=parts.vae,
        text_encoder=text_encoder,
        tokenizer=parts.tokenizer,
        unet=unet,
        scheduler=family.make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def apply_edits(
    pipeline: StableDiffusionInstructPix2PixPipeline,
    edits: list[Edit],
    *,
    guidance_scale: float = 4.0,
    image_guidance_scale: float = 1.5,
) -> tuple[list[Image.Image], list[Image.Image]]:
    """Return the renders that the edits start from, and the edited pictures."""
    pipeline.scheduler = make_scheduler("DPM++ 2M", "automatic", pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    random = stdlib_random.Random("instructions")
    before = [draw(edit.before, masks=False).image for edit in edits]
    after: list[Image.Image] = []
    for first in range(0, len(edits), 8):
        some = slice(first, first + 8)
        said = [random.choice(edit.instructions) for edit in edits[some]]
        after += pipeline(
            said,
            image=before[some],
            num_inference_steps=family.SAMPLING_STEPS,
            guidance_scale=guidance_scale,
            image_guidance_scale=image_guidance_scale,
            generator=[torch.Generator().manual_seed(first + n) for n in range(len(said))],
        ).images
    return before, after


def evaluate_edit(count: int, device: torch.device, sheet: Path) -> str:
    """Measure edits of held-out renders with the judge: the change made, and the rest unchanged."""
    pipeline = StableDiffusionInstructPix2PixPipeline.from_pretrained(
        family.MODELS / FOLDER, use_safetensors=True, local_files_only=True
    ).to(device)
    random = stdlib_random.Random("evaluate edits")
    edits = [draw_edit(random, held_out=True) for _ in range(count)]
    before, after = apply_edits(pipeline, edits)
    judge = load_judge(device)
    changed: dict[str, list[bool]] = {}
    kept: dict[str, list[bool]] = {}
    for edit, said in zip(edits, name_attributes(judge, after), strict=True):
        changed.setdefault(edit.attribute, []).append(
            said[edit.attribute] == answer(edit.after, edit.attribute)
        )
        for question, value in said.items():
            wanted = answer(edit.after, question)
            if question != edit.attribute and wanted is not None:
                kept.setdefault(question, []).append(value == wanted)
    sheet_images = [one for pair in zip(before, after, strict=True) for one in pair][:48]
    contact_sheet(sheet_images, 12).save(sheet)
    return _table(changed, kept)


def _table(changed: dict[str, list[bool]], kept: dict[str, list[bool]]) -> str:
    def share(seen: list[bool]) -> str:
        return f"{sum(seen) / len(seen):.0%} of {len(seen)}" if seen else "-"

    rows = ["| attribute | changed as asked | kept when another was changed |", "|---|---|---|"]
    rows += [
        f"| {name.replace('_', ' ')} | {share(changed.get(name, []))} | {share(kept[name])} |"
        for name in sorted(kept)
    ]
    every = [[one for seen in table.values() for one in seen] for table in (changed, kept)]
    rows.append(f"| **all** | **{share(every[0])}** | **{share(every[1])}** |")
    return "\n".join(rows)
