"""The models that people usually begin with: where each comes from, its licence, size and hash.

Nothing here is asked or downloaded; `bench.download(starter.address)` does that. A SHA-256 or a
size that was not found in the source's own listing is left out, never guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from medialab.process.memory import gigabytes

_HUB = "https://huggingface.co"
_NOT_KNOWN = "–"
_OPEN_RAIL, _OPEN_RAIL_PLUS = "CreativeML Open RAIL-M", "CreativeML Open RAIL++-M"
_STABILITY, _FLUX = "Stability AI Community", "FLUX Non-Commercial"
_APACHE = "Apache-2.0"


@dataclass(frozen=True)
class Starter:
    """A model that is usual for a family.

    Attributes:
        families: The families that it is for; empty for any.
        kind: The kind of model, as the studio's folders have it.
        repository: Its repository on Hugging Face, `owner/name`.
        file: The file in it; "" for the whole repository, as a folder.
        licence: Its licence.
        size: Its bytes; None if unknown.
        sha256: Its SHA-256; "" if unknown.
        part: Of a text encoder, its family and the numbers in a token's vector, as in
            `medialab.families.opening.EncoderFile`.
    """

    families: tuple[str, ...]
    kind: str
    repository: str
    file: str
    licence: str
    size: int | None = None
    sha256: str = ""
    part: tuple[str, int] = ("", 0)

    @property
    def name(self) -> str:
        """The name that it has in settings once it is here."""
        path = PurePosixPath(self.file or self.repository)
        return path.stem if self.file else path.name

    @property
    def address(self) -> str:
        """Its page, which `bench.download` and `medialab fetch` take."""
        page = f"{_HUB}/{self.repository}"
        return f"{page}/blob/main/{self.file}" if self.file else page

    def __str__(self) -> str:
        """Return where it comes from, in a line."""
        where = f"{self.repository}: {self.file}" if self.file else f"{self.repository}, the folder"
        size = "" if self.size is None else gigabytes(self.size)
        digits = f"sha256 {self.sha256[:10]}…" if self.sha256 else ""
        return f"{where} ({', '.join(filter(None, (size, self.licence, digits)))})"


_CLIP_L = Starter(
    ("flux", "sd3"),
    "text encoder",
    "comfyanonymous/flux_text_encoders",
    "clip_l.safetensors",
    "MIT",
    246_144_152,
    "660c6f5b1abae9dc498ac2d21e1347d2abdb0cf6c0c0c8576cd796491d9a6cdd",
    ("clip-l", 768),
)
_CLIP_G = Starter(
    ("sd3",),
    "text encoder",
    "Comfy-Org/stable-diffusion-3.5-fp8",
    "text_encoders/clip_g.safetensors",
    "MIT",
    1_389_382_176,
    "ec310df2af79c318e24d20511b601a591ca8cd4f1fce1d8dff822a356bcdb1f4",
    ("clip-g", 1280),
)
_T5 = Starter(
    ("flux", "chroma", "sd3"),
    "text encoder",
    "comfyanonymous/flux_text_encoders",
    "t5xxl_fp16.safetensors",
    _APACHE,
    9_787_841_024,
    "6e480b09fae049a72d2a8c5fbccb8d3e92febeb233bbe9dfe7256958a9167635",
    ("t5", 4096),
)
_QWEN3 = Starter(
    ("z-image", "flux2-klein-4b"),
    "text encoder",
    "Comfy-Org/z_image_turbo",
    "split_files/text_encoders/qwen_3_4b.safetensors",
    _APACHE,
    8_044_982_048,
    "6c671498573ac2f7a5501502ccce8d2b08ea6ca2f661c458e708f36b36edfc5a",
    ("qwen3", 2560),
)

STARTERS: tuple[Starter, ...] = (
    Starter(
        ("sd15",),
        "checkpoint",
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        "v1-5-pruned-emaonly.safetensors",
        _OPEN_RAIL,
        4_265_146_304,
        "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa",
    ),
    Starter(
        ("sd15",),
        "vae",
        "stabilityai/sd-vae-ft-mse-original",
        "vae-ft-mse-840000-ema-pruned.safetensors",
        "MIT",
        334_641_190,
        "735e4c3a447a3255760d7f86845f09f937809baa529c17370d83e4c3758f3c75",
    ),
    *(
        Starter(
            ("sd15",),
            "controlnet",
            "comfyanonymous/ControlNet-v1-1_fp16_safetensors",
            f"control_{name}_fp16.safetensors",
            "OpenRAIL",
        )
        for name in ("v11p_sd15_canny", "v11f1p_sd15_depth", "v11p_sd15_openpose")
    ),
    Starter(
        ("sd2",),
        "checkpoint",
        "stabilityai/stable-diffusion-2-1",
        "v2-1_768-ema-pruned.safetensors",
        _OPEN_RAIL_PLUS,
        None,
        "dcd690123cfc64383981a31d955694f6acf2072a80537fdb612c8e58ec87a8ac",
    ),
    Starter(
        ("sdxl",),
        "checkpoint",
        "stabilityai/stable-diffusion-xl-base-1.0",
        "sd_xl_base_1.0.safetensors",
        _OPEN_RAIL_PLUS,
        6_938_078_334,
        "31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b",
    ),
    Starter(
        ("sdxl-refiner",),
        "checkpoint",
        "stabilityai/stable-diffusion-xl-refiner-1.0",
        "sd_xl_refiner_1.0.safetensors",
        _OPEN_RAIL_PLUS,
        None,
        "7440042bbdc8a24813002c09b6b69b64dc90fded4472613437b7f55f9b7d9c5f",
    ),
    Starter(
        ("sdxl", "sdxl-refiner"),
        "vae",
        "madebyollin/sdxl-vae-fp16-fix",
        "sdxl_vae.safetensors",
        "MIT",
        334_641_162,
        "235745af8d86bf4a4c1b5b4f529868b37019a10f7c0b2e79ad0abca3a22bc6e1",
    ),
    Starter(
        ("sdxl",),
        "controlnet",
        "xinsir/controlnet-union-sdxl-1.0",
        "diffusion_pytorch_model_promax.safetensors",
        _APACHE,
    ),
    Starter(("sd3",), "checkpoint", "stabilityai/stable-diffusion-3.5-medium", "", _STABILITY),
    Starter(
        ("sd3",),
        "vae",
        "mcmonkey/swarm-vaes",
        "sd35_vae.safetensors",
        _STABILITY,
        None,
        "6ad8546282f0f74d6a1184585f1c9fe6f1509f38f284e7c4f7ed578554209859",
    ),
    Starter(
        ("flux",),
        "checkpoint",
        "black-forest-labs/FLUX.1-schnell",
        "flux1-schnell.safetensors",
        _APACHE,
        None,
        "9403429e0052277ac2a87ad800adece5481eecefd9ed334e1f348723621d2a0a",
    ),
    Starter(("chroma",), "checkpoint", "lodestones/Chroma1-HD", "", _APACHE),
    Starter(
        ("flux", "chroma", "z-image"),
        "vae",
        "Comfy-Org/z_image_turbo",
        "split_files/vae/ae.safetensors",
        _APACHE,
        335_304_388,
        "afc8e28272cd15db3919bacdb6918ce9c1ed22e96cb12c4d5ed0fba823529e38",
    ),
    Starter(
        ("flux2-klein-4b",),
        "checkpoint",
        "Comfy-Org/vae-text-encorder-for-flux-klein-4b",
        "split_files/diffusion_models/flux-2-klein-4b.safetensors",
        _APACHE,
        7_751_105_712,
        "ec3d4e733a771f61c052fb4856c48b336c55eaf2c65487c2a1faeb9bbda7a343",
    ),
    Starter(("flux2-klein-9b",), "checkpoint", "black-forest-labs/FLUX.2-klein-9B", "", _FLUX),
    Starter(
        ("flux2-klein-4b", "flux2-klein-9b"),
        "vae",
        "Comfy-Org/flux2-dev",
        "split_files/vae/flux2-vae.safetensors",
        _APACHE,
        336_213_556,
        "d64f3a68e1cc4f9f4e29b6e0da38a0204fe9a49f2d4053f0ec1fa1ca02f9c4b5",
    ),
    Starter(
        ("z-image",),
        "checkpoint",
        "Comfy-Org/z_image_turbo",
        "split_files/diffusion_models/z_image_turbo_bf16.safetensors",
        _APACHE,
        None,
        "2407613050b809ffdff18a4ac99af83ea6b95443ecebdf80e064a79c825574a6",
    ),
    Starter(
        ("z-image",),
        "controlnet",
        "alibaba-pai/Z-Image-Turbo-Fun-Controlnet-Union-2.1",
        "Z-Image-Turbo-Fun-Controlnet-Union-2.1.safetensors",
        _APACHE,
        None,
        "7f611e6d52b133f64b84bef2549fcb84589a766b8255954f96ea34684f52b633",
    ),
    Starter(("qwen-image",), "checkpoint", "Qwen/Qwen-Image", "", _APACHE),
    Starter(
        ("qwen-image",),
        "vae",
        "Comfy-Org/Qwen-Image_ComfyUI",
        "split_files/vae/qwen_image_vae.safetensors",
        _APACHE,
        253_806_246,
        "a70580f0213e67967ee9c95f05bb400e8fb08307e017a924bf3441223e023d1f",
    ),
    Starter(
        ("qwen-image-2.1",),
        "checkpoint",
        "Qwen/Qwen-Image-2.1",
        "",
        "Qwen Research, non-commercial",
    ),
    _CLIP_L,
    _CLIP_G,
    _T5,
    _QWEN3,
    Starter((), "detector", "depth-anything/Depth-Anything-V2-Small-hf", "", _APACHE),
    Starter((), "detector", "usyd-community/vitpose-base-simple", "", _APACHE),
    Starter((), "detector", "facebook/sam-vit-base", "", _APACHE),
)


def starters(kind: str, family: str = "") -> Iterator[Starter]:
    """Yield the usual models of a kind for a family; those for any family where "" is given."""
    return (one for one in STARTERS if one.kind == kind and (not family or family in one.families))


def starter_of(name: str, kind: str) -> Starter | None:
    """Return the usual model of that name, in capitals or not; None if it is none of them."""
    wanted = name.rpartition("/")[2].casefold()
    return next((one for one in starters(kind) if one.name.casefold() == wanted), None)


def as_table() -> str:
    """Return the list as a table in Markdown; docs/models.md has it."""
    lines = (
        "| for | kind | from | licence | size | sha256 |",
        "|---|---|---|---|---|---|",
        *map(_row, STARTERS),
    )
    return "\n".join(lines)


def _row(one: Starter) -> str:
    file = f" `{one.file}`" if one.file else ", the folder"
    families = ", ".join(f"`{family}`" for family in one.families) or "any"
    size = _NOT_KNOWN if one.size is None else gigabytes(one.size)
    digits = f"`{one.sha256[:16]}…`" if one.sha256 else _NOT_KNOWN
    source = f"[{one.repository}]({_HUB}/{one.repository}){file}"
    return f"| {families} | {one.kind} | {source} | {one.licence} | {size} | {digits} |"
