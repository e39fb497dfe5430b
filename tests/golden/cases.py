"""The pictures of the golden set: what each is asked for, by its name.

`requests` are those that one request makes. `PATHS` are the others: what comes out of the cache,
after a restart, of a batch or of a rerun from a stage.
"""

import gc
from contextlib import contextmanager

from medialab import PipelineConfig, Workbench
from tests.golden.models import draw_pictures, write_models
from tests.tiny.checkpoints import built_after

# Each sampler, and each schedule at least twice.
METHODS = (
    ("Euler", "normal"),
    ("Euler", "beta"),
    ("Euler a", "simple"),
    ("Heun", "exponential"),
    ("DPM++ 2M", "automatic"),
    ("DPM++ 2M", "sgm uniform"),
    ("DPM++ 2M SDE", "exponential"),
    ("DPM++ SDE", "karras"),
    ("DPM2", "sgm uniform"),
    ("DPM2 a", "normal"),
    ("LMS", "beta"),
    ("DDIM", "ddim"),
    ("UniPC", "karras"),
    ("DDPM", "simple"),
    ("LCM", "automatic"),
)
PROMPTS = {
    "weights": {"prompt": "a (red:1.4) [ball], ((hat))", "negative_prompt": "(rain:0.7)"},
    "weights, no norm": {"prompt": "a (red:1.4) [ball]", "emphasis": "no norm"},
    "brackets as text": {"prompt": "a (red:1.4) [ball]", "emphasis": "none"},
    "AND": {"prompt": "a red ball AND a blue hat :0.6"},
    "two schedules": {"prompt": "a [red:blue:0.5] ball, [hat|rain]"},
    "BREAK": {"prompt": "a red ball BREAK a blue hat"},
    "long": {"prompt": ", ".join(["a red ball", "a blue hat", "green rain"] * 12)},
    "clip skip": {"checkpoint": "sd15", "prompt": "a red ball", "clip_skip": 2},
    "chance and style": {"prompt": "a {red|blue|green} __thing__", "styles": ["warm"]},
    "without guidance": {"guidance_scale": 1.0},
    "inversions": {"prompt": "a (blot:1.2) ball", "negative_prompt": "smear"},
}
# The LoRAs of models.py, by what they are and what they sit on.
LORAS = (
    *("linear kohya", "linear loha", "linear lokr", "linear dora", "linear ia3", "linear oft"),
    *("linear full", "conv locon, tucker", "conv loha, tucker", "conv lokr, tucker", "conv dora"),
    *("peft", "diffusers", "text"),
)
DETAILER = {"enabled": True, "detector": "centre", "guide_size": 64, "denoising_strength": 0.7}
HIRES = {"enabled": True, "scale": 1.5, "steps": 4, "denoising_strength": 0.5}
REPAINTED = {"enabled": True, "denoising_strength": 0.4, "diffusion_tile": 64}
BASE = {"checkpoint": "tiny", "prompt": "a red ball", "steps": 3, "seed": 7}
SIZE = {"width": 64, "height": 64}


def requests(pictures):
    """The settings of each picture that one request makes, by the picture's name.

    Args:
        pictures: the names by which the workbench keeps the pictures to start from.
    """
    found = _from_words() | _from_pictures(pictures) | _enhanced(pictures)
    return {name: BASE | settings for name, settings in found.items()}


def _from_words():
    tiny = {
        **{f"{one}, {two}": {"sampler": one, "schedule": two} for one, two in METHODS},
        **{f"prompt: {name}": settings for name, settings in PROMPTS.items()},
        **{f"lora: {name}": {"loras": [{"name": name, "weight": 0.8}]} for name in LORAS},
        "loras: tag, blocks and share of the steps": {
            "prompt": "a red ball <lora:both:0.7>",
            "loras": [
                {"name": "linear lokr", "block_weights": "INALL"},
                {"name": "peft", "start": 0.3, "stop": 0.7},
            ],
        },
        "own VAE": {"vae": "own"},
        "own VAE of a single file": {"vae": "own-single"},
        "handover": {"handover_checkpoint": "tiny-other", "switch_at": 0.5, "steps": 4},
        "variation": {"variation_seed": 3, "variation_strength": 0.4},
        "another size": {"width": 96, "height": 64},
    }
    families = {
        "xl folder": {"checkpoint": "xl", "prompt": "a (red:1.3) mist"},
        "xl folder, handover": {
            "checkpoint": "xl",
            "handover_checkpoint": "xl-refiner",
            "switch_at": 0.6,
            "steps": 4,
        },
        "sd15 file": {"checkpoint": "sd15"},
        "sd2 file": {"checkpoint": "sd2"},
        "sdxl file": {"checkpoint": "sdxl", "negative_prompt": "rain"},
        "sdxl file, LoRA": {"checkpoint": "sdxl", "loras": [{"name": "xl-style"}]},
        "sdxl file, v prediction": {"checkpoint": "sdxl", "prediction_type": "v_prediction"},
        "sdxl file, handover": {
            "checkpoint": "sdxl",
            "handover_checkpoint": "sdxl-refiner",
            "switch_at": 0.5,
            "steps": 4,
        },
        "paperdoll": {"checkpoint": "paperdoll", "prompt": "a smiling person with red hair"},
        "paperdoll, its own size": {
            "checkpoint": "paperdoll",
            "prompt": "a smiling person with a green hat",
            "width": None,
            "height": None,
        },
        "paperdoll, LoRA and inversion": {
            "checkpoint": "paperdoll",
            "prompt": "mina with a hat <lora:pencil-sketch:0.8>",
        },
    }
    return {name: SIZE | settings for name, settings in (tiny | families).items()}


def _from_pictures(pictures):
    start = {"image": pictures["start"]}
    lines = {"model": "lines", "preprocessor": "canny", "image": pictures["lines"]}
    masked = start | {"mode": "inpaint"}
    mask = {"mask": pictures["mask"], "mask_blur": 2}
    return {
        "control": SIZE | {"control": [lines]},
        "control: two for a share of the steps": SIZE
        | {
            "control": [
                lines | {"weight": 0.6, "end": 0.7},
                lines | {"preprocessor": "tile", "start": 0.3},
            ]
        },
        "control: depth": SIZE
        | {"control": [lines | {"preprocessor": "depth", "preprocessor_model": "depth"}]},
        "control: paperdoll": SIZE
        | {
            "checkpoint": "paperdoll",
            "control": [lines | {"model": "paperdoll-canny"}],
        },
        "img2img": start | {"mode": "img2img", "img2img": {"denoising_strength": 0.5}},
        "img2img, cropped, controlled": {
            "mode": "img2img",
            "image": pictures["wide"],
            "resize_mode": "crop and resize",
            "control": [lines | {"image": None}],
            **SIZE,
        },
        "img2img, latents stretched": {
            "mode": "img2img",
            "image": pictures["wide"],
            "resize_mode": "just resize (latent upscale)",
            **SIZE,
        },
        "img2img, xl": start | {"mode": "img2img", "checkpoint": "xl"},
        "inpaint": masked | {"inpaint": mask},
        "inpaint, only masked": masked | {"inpaint": mask | {"only_masked": True, "padding": 8}},
        "inpaint, filled, soft": masked
        | {"inpaint": mask | {"masked_content": "fill", "soft": True}},
        "inpaint, noise, inverted": masked
        | {"inpaint": mask | {"masked_content": "latent noise", "inverted": True}},
        "inpaint, a file for it": masked | {"checkpoint": "sd15-inpaint", "inpaint": mask},
        "outpaint": start | {"mode": "outpaint", "outpaint": {"left": 16, "right": 8, "top": 8}},
        "outpaint, latent noise": start
        | {"mode": "outpaint", "outpaint": {"masked_content": "latent noise"}},
        "instruct": start
        | {"mode": "instruct", "checkpoint": "paperdoll-edit", "prompt": "make the hair blue"},
        "instruct, a file for it": start | {"mode": "instruct", "checkpoint": "sd15-edit"},
    }


def _enhanced(pictures):
    given = {"mode": "enhance", "image": pictures["start"]}
    spots = DETAILER | {"mask": pictures["spots"], "mask_blur": 2}
    return {
        "hires fix, latent": SIZE | {"refiner": HIRES},
        "hires fix, latent nearest, xl": SIZE
        | {"checkpoint": "xl", "refiner": HIRES | {"upscaler": "latent nearest"}},
        "hires fix, an upscaler, another checkpoint": SIZE
        | {"refiner": HIRES | {"upscaler": "paperdoll-2x", "checkpoint": "tiny-other"}},
        "body, merged": given | {"body": spots | {"merge": "merge"}},
        "face, a detector": given | {"face": DETAILER | {"detector": "yolo", "steps": 4}},
        "face, its own sampler": given
        | {"face": DETAILER | {"sampler": "DDIM", "schedule": "simple", "guidance_scale": 3.0}},
        "face, exact shape": given
        | {"face": DETAILER | {"detector": "yolo", "mask_refiner": "sam"}},
        "face, prompts and cycles": given
        | {
            "face": spots
            | {"prompt": "a hat, [PROMPT][SEP]rain", "cycles": 2, "dynamic_power": 1.0}
        },
        "hand, feathered in the whole picture": given
        | {"hand": spots | {"only_masked": False, "noise_mask_feather": 8}},
        "hand, LoRA and ControlNet": given
        | {
            "hand": DETAILER
            | {
                "loras": [{"name": "peft"}],
                "control": [{"model": "lines", "preprocessor": "canny"}],
            }
        },
        "upscaler, lanczos": given | {"upscaler": {"enabled": True, "scale": 2.0}},
        "upscaler, a model in tiles": given
        | {
            "upscaler": {
                "enabled": True,
                "upscaler": "paperdoll-2x",
                "scale": 3.0,
                "tile": 48,
                "overlap": 8,
            }
        },
        "upscaler, repainted in tiles": given | {"upscaler": REPAINTED},
        "finish": SIZE | {"sharpen": 0.8, "colour_match": 0.5, "refiner": HIRES},
        "every stage, paperdoll": SIZE
        | {
            "checkpoint": "paperdoll",
            "prompt": "the face of a smiling person with long red hair",
            "control": [{"model": "paperdoll-canny", "image": pictures["lines"], "weight": 0.3}],
            "refiner": HIRES,
            "body": DETAILER | {"detector": "automatic", "fallback": "centre"},
            "face": DETAILER | {"detector": "automatic", "fallback": "centre"},
            "hand": DETAILER | {"detector": "automatic", "fallback": "centre"},
            "upscaler": REPAINTED | {"upscaler": "paperdoll-2x"},
            "sharpen": 0.3,
        },
    }


class Studio:
    """A workbench that computes with a fixed number of threads, and pictures to start from.

    Args:
        models: the folder that `write_models` wrote.
        outputs: where its pictures and its cache are kept.
        pictures: those to start from, by name.
        threads: of the CPU; the last bits of a picture may depend on them.
    """

    def __init__(self, models, outputs, pictures, threads=1):
        self.models, self.outputs, self.threads = models, outputs, threads
        self.bench = Workbench(models, outputs, device="cpu")
        self.pictures = {name: self.bench.keep(one) for name, one in pictures.items()}

    def close(self):
        self.bench.close()

    def run(self, settings, *, save=False):
        """What comes of a request, given as settings."""
        return self.execute(PipelineConfig.parse(settings), save=save)

    def execute(self, config, *, save=False):
        """What comes of a config."""
        return self.bench.submit(config, save=save, threads=self.threads).result()

    def make(self, name):
        """The pictures of one case, most often one."""
        if name in PATHS:
            return PATHS[name](self)
        return self.run(requests(self.pictures)[name]).images


@contextmanager
def open_studio(folder, threads=1):
    """A studio with all models and pictures, written into an empty folder; closed afterwards."""
    models = folder / "models"
    write_models(models)
    # A workbench that closes looks for garbage after each model, 0.3 s among all that the
    # libraries have in memory. What is here by now stays anyway: it is not looked through again.
    gc.collect()
    gc.freeze()
    with built_after(models / "configs"):
        studio = Studio(models, folder / "outputs", draw_pictures(), threads)
        try:
            yield studio
        finally:
            studio.close()


def _batch(studio):
    chance = {"prompt": "a {red|blue} ball", "batch_size": 3, "width": 64, "height": 64}
    return studio.run(BASE | chance).images


def _batch_of_variations(studio):
    varied = {"variation_seed": 3, "variation_strength": 0.5, "batch_size": 2}
    return studio.run(BASE | SIZE | varied).images


def _cold_and_warm(studio):
    settings = BASE | SIZE | {"seed": 101, "face": DETAILER}
    return [studio.run(settings).image for _ in range(2)]


def _after_a_restart(studio):
    """The same request by a second workbench over the same outputs, then one stage changed."""
    settings = BASE | SIZE | {"seed": 102, "face": DETAILER}
    first = studio.run(settings).image
    again = Studio(studio.models, studio.outputs, {}, studio.threads)
    try:
        changed = settings | {"face": DETAILER | {"denoising_strength": 0.4}}
        return [first, again.run(settings).image, again.run(changed).image]
    finally:
        again.close()


def _rerun_from_a_stage(studio):
    stages = {"face": DETAILER, "hand": DETAILER, "upscaler": REPAINTED}
    # A trained one: what others draw again and again of chance's weights, the last bits decide.
    trained = {"checkpoint": "paperdoll", "seed": 103}
    first = studio.run(BASE | SIZE | stages | trained)
    changes = {"hand": {"denoising_strength": 0.4}}
    rerun = studio.bench.rerun(first, from_stage="hand", changes=changes, save=False)
    return [first.image, rerun.image]


def _edited_detections(studio):
    """One detection off, one moved with a prompt of its own; then the other alone again."""
    spots = DETAILER | {"mask": studio.pictures["spots"], "crop_factor": 1.5}
    settings = {"mode": "enhance", "image": studio.pictures["start"], "face": spots}
    first = studio.run(BASE | settings)
    left, right = first.detections["face"]
    off = left.model_copy(update={"enabled": False})
    moved = right.model_copy(update={"box": (30, 16, 60, 44), "prompt": "a blue hat"})
    found = [first.image]
    for table in ((off, moved), (left, moved)):
        changes = {"face": {"detections": table}}
        run = studio.bench.rerun(first, from_stage="face", changes=changes, save=False)
        found.append(run.image)
    return found


def _from_its_own_file(studio):
    """A picture by its own sidecar, and from the settings that its text says."""
    loras = [{"name": "peft", "weight": 0.6}]
    first = studio.run(BASE | SIZE | {"seed": 104, "loras": loras}, save=True)
    found = [first.image]
    for config in (
        studio.bench.artifacts.load(first.artifact.path),
        studio.bench.read_settings(first.artifact.path).config,
    ):
        studio.bench.cache.clear()
        found.append(studio.execute(config).image)
    return found


PATHS = {
    "batch": _batch,
    "batch of variations": _batch_of_variations,
    "cache: cold and warm": _cold_and_warm,
    "cache: after a restart": _after_a_restart,
    "cache: rerun from a stage": _rerun_from_a_stage,
    "detections edited": _edited_detections,
    "from its own file": _from_its_own_file,
}
_PICTURES = ("start", "mask", "spots", "lines", "wide")
NAMES = (*requests(dict.fromkeys(_PICTURES, "")), *PATHS)
