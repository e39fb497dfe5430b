"""Every form of file on every family's transformer: the table in docs/loras.md, cell by cell."""

import re
from pathlib import Path

import pytest
import torch

from medialab.families import RUNNING
from medialab.lora import LoRAManager, LoRAUse
from tests.families.chroma import test_lora as chroma
from tests.families.flux import test_lora as flux
from tests.families.flux2_klein import test_lora as flux2_klein
from tests.families.qwen_image import test_lora as qwen_image
from tests.families.qwen_image21 import test_lora as qwen_image21
from tests.families.sd3 import test_lora as sd3
from tests.lora.layers import written as write
from tests.tiny import z_image
from tests.tiny.loras import CASES, linear_case
from tests.tiny.transformer_loras import changed, stand_in, weights

pytestmark = pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated")
DOCS = Path(__file__).parents[2] / "docs" / "loras.md"
# As the columns of the table are called.
FAMILIES = {
    "Z-Image": ("z-image", z_image),
    "Flux.1": ("flux", flux),
    "Chroma": ("chroma", chroma),
    "Flux.2 Klein": ("flux2-klein-4b", flux2_klein),
    "Qwen-Image": ("qwen-image", qwen_image),
    "Qwen-Image 2.1": ("qwen-image-2.1", qwen_image21),
    "SD3": ("sd3", sd3),
}


def plain(prefix, *, flat=False, ends=("lora_down.weight", "lora_up.weight", "alpha")):
    """A plain LoRA: what its layers' names begin and end with, and underscores for dots."""

    def form(path, weight):
        leaves, expected = linear_case(*weight.shape)
        layer = prefix + (path.replace(".", "_") if flat else path)
        named = zip(ends, leaves.values(), strict=True)
        return {f"{layer}.{end}": value for end, value in named}, expected

    return form


def kind(name):
    """A LoRA of another kind, in kohya's names."""

    def form(path, weight):
        leaves, expected = CASES[name](weight)
        layer = "lora_unet_" + path.replace(".", "_")
        return {f"{layer}.{leaf}": value for leaf, value in leaves.items()}, expected

    return form


PEFT = ("lora_A.weight", "lora_B.weight", "alpha")
# As the rows of the table are called.
FORMS = {
    "diffusers": plain("transformer.", ends=PEFT),
    "ai-toolkit": plain("diffusion_model.", ends=PEFT),
    "ComfyUI": plain("diffusion_model."),
    "PEFT": plain("base_model.model.", ends=("lora_A.default.weight", *PEFT[1:])),
    "without a prefix": plain("", ends=PEFT),
    "kohya, musubi-tuner": plain("lora_unet_", flat=True),
    "OneTrainer": plain("lora_transformer_", flat=True),
    "LyCORIS": plain("lycoris_", flat=True),
    "LoHa": kind("loha"),
    "LoKr": kind("lokr"),
    "DoRA": kind("dora"),
    "DoRA by inputs": kind("dora by input"),
    "IA3": kind("ia3"),
    "OFT": kind("oft"),
    "full differences": kind("full"),
}


@pytest.fixture(scope="module", params=FAMILIES)
def model(request):
    name, module = FAMILIES[request.param]
    components = {"transformer": module.make_pipeline().transformer}
    return stand_in(name, RUNNING[name].loras, components)


@pytest.mark.thorough
@pytest.mark.parametrize("form", FORMS)
def test_a_form_changes_a_layer_by_what_its_formula_says(model, form, tmp_path):
    path, layer = next(
        (path, one)
        for path, one in model.denoiser.named_modules()
        if isinstance(one, torch.nn.Linear) and path.endswith("to_q")
    )
    before = layer.weight.detach().clone()
    tensors, expected = FORMS[form](path, before)
    file = write(tmp_path, tensors, metadata={"ss_base_model_version": model.family.name})
    every = weights(model.components)
    with LoRAManager().apply_loras(model, [LoRAUse(file, 0.5)], calls=20) as applied:
        after = layer.weight.detach().clone()
    torch.testing.assert_close(after, before + 0.5 * expected, rtol=1e-4, atol=1e-5)
    assert not changed(every, weights(model.components))
    (report,) = applied.reports
    assert (report.matched, report.unmatched) == (1, ())


def test_the_table_in_the_docs_has_these_forms_and_families():
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    begin = next(n for n, row in enumerate(cells) if row[1:] == [*FAMILIES])
    table = cells[begin + 1 : begin + 1 + len(FORMS)]
    assert [row[0] for row in table] == [*FORMS]
    assert {cell for row in table for cell in row[1:]} == {"✓"}
