"""Outside families/ nothing names a model family, its networks or the size of its latents.

Names and texts are looked at, docstrings among them, but no comments and no "Source:": those may
say what a number was measured on, and where a behaviour comes from. `clip_skip` is no word of a
family here: it is a setting, called as A1111 calls it.
"""

import io
import re
import tokenize
from pathlib import Path

import pytest

from medialab.families import FAMILIES

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("medialab", "widgets")
# What only some families have: their networks, their text encoders, the numbers of their latents.
PARTS = (
    r"u-?net\w*",
    r"(?-i:CLIP)\w*",
    r"clip[-_][lgh]",
    r"open-?clip",
    r"stable[- ]?diffusion\w*",
    r"paper ?dolls?",
    r"sd ?(1|2|3)(\.\d)?",
    r"sd ?xl\w*",
    r"(?<!\d)(four|4) (latent )?channels",
    r"(?<!\d)(eight|8) (pixels|times smaller)",
    r"1, 4, h(/8)?, w(/8)?",
    r"[hw] ?/ ?8",
    r"block_?(size)? ?= ?8",
)
# Words of everyday English that a family is called by, too.
PLAIN = {"wan", "sana", "ernie", "anima", "cosmos", "cascade", "ovis"}
NAMES = [re.escape(name).replace("\\-", "[-_ ]?") for name in FAMILIES if name not in PLAIN]
WORDS = re.compile(rf"(?<![A-Za-z])({'|'.join([*NAMES, *PARTS])})(?![A-Za-z])", re.IGNORECASE)
# A paragraph of a docstring that says where a behaviour comes from.
SOURCE = re.compile(r"Source:(?:.|\n(?! *\n))*")
# Where such a word may stand, and why.
EXCEPTIONS = {
    "medialab/api/doctor": "advice in words of checkpoints that people have: SDXL at 1024 px",
    "medialab/api/http/a1111": "names of fields of another program, as they are",
    "medialab/batch/metrics": "CLIP is a model that rates pictures here, no part of a checkpoint",
    "medialab/files/vae_configs.py": "diffusers' names of classes, read from configs as they are",
    "medialab/infotext": "words of the formats of other programs, written and read as they are",
    "medialab/listing/a1111.py": "the names of folders of another program",
    "medialab/listing/comfyui.py": "the names of folders of another program",
    "medialab/listing/notes.py": "a word of A1111's notes",
    "medialab/prompts/tags.py": "a LoRA's tag in a prompt says te= and unet=, in every program",
    "medialab/process/installation.py": "the name of the checkpoint that this project ships",
    "medialab/vision/finders/clipseg.py": "CLIPSeg is a detector's architecture, no checkpoint's",
    "medialab/loading/detectors.py": "the same: the table of detectors' architectures",
    "medialab/vision/scorers/clip.py": "CLIP as a model that rates pictures",
    "medialab/remote": "words of CivitAI's and Hugging Face's answers, read as they are",
}
TEXTS = {tokenize.NAME, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}


def words_in(path):
    """Yield each line of a file with a family's word in a name or a text, and the word."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type in TEXTS:
            text = SOURCE.sub(lambda one: re.sub(r"\S", " ", one[0]), token.string)
            for found in WORDS.finditer(text):
                yield token.start[0] + text[: found.start()].count("\n"), found[0]


def modules():
    every = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return [path.relative_to(ROOT).as_posix() for path in every]


def is_excepted(module):
    return module.startswith(("medialab/families/", *EXCEPTIONS))


def test_no_room_outside_families_names_a_family_or_its_networks():
    named = {
        f"{module}:{line}": word
        for module in modules()
        if not is_excepted(module)
        for line, word in words_in(ROOT / module)
    }
    assert named == {}


@pytest.mark.parametrize("place", EXCEPTIONS)
def test_each_exception_is_needed(place):
    inside = [module for module in modules() if module.startswith(place)]
    assert [word for module in inside for word in words_in(ROOT / module)]


@pytest.mark.parametrize(
    "text",
    [
        *sorted(FAMILIES.keys() - PLAIN),
        *("pipeline.unet", "UNet2DConditionModel", "a UNet", "CLIP", "CLIPTextModel", "clip_l"),
        *("OpenCLIP", "SD1.5", "SDXL's", "paper dolls", "(1, 4, h/8, w/8)", "8 pixels"),
    ],
)
def test_the_words_are_seen(text):
    assert WORDS.search(text)


@pytest.mark.parametrize("text", ["np.clip", "clip_skip", "128 pixels", "a block of text"])
def test_other_words_are_let_through(text):
    assert not WORDS.search(text)
