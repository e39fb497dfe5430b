"""A LoRA of each family on a checkpoint of each other: refused by name, and nothing is loaded."""

import pytest
import torch
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.listing.runnable import why_not_with
from tests.families.test_layers import TRAINED, lora
from tests.tiny.families import write_families

# Text widths of the families with a UNet.
UNETS = {"sd15": 768, "sd2": 1024, "sdxl": 2048, "sdxl-refiner": 1280}
LAYER = "{}_blocks_{}_attentions_0_transformer_blocks_0_attn2_to_k"
FAMILIES = (*UNETS, *TRAINED)


def tensors_of(family):
    """A LoRA of the family's published sizes, of rank 1 and without effect."""
    if family in UNETS:
        layer = LAYER.format("down", 1)
        shapes = {
            f"lora_unet_{layer}.lora_down.weight": (1, UNETS[family]),
            f"lora_unet_{layer}.lora_up.weight": (640, 1),
        }
    else:
        shapes = lora(TRAINED[family][0], "diffusion_model.", ".lora_A.weight", ".lora_B.weight")
    zero = torch.zeros(1, dtype=torch.bfloat16)
    return {
        name: zero.repeat(side if "up." in name or "B." in name else 1, 1)
        if "up." in name or "B." in name
        else zero.repeat(1, shape[1])
        for name, shape in shapes.items()
        for side in shape[:1]
    }


def alike():
    """A LoRA of layers that both Flux.1 and Chroma have."""
    layer = "lora_unet_double_blocks_0_img_attn_proj"
    return {
        f"{layer}.lora_down.weight": torch.zeros(1, 3072),
        f"{layer}.lora_up.weight": torch.zeros(3072, 1),
    }


@pytest.fixture(scope="module")
def bench(tiny_models, tmp_path_factory):
    root = tmp_path_factory.mktemp("foreign") / "models"
    paperdoll = tiny_models / "checkpoints" / "paperdoll"
    write_families(root, RUNNING, paperdoll)
    (root / "loras").mkdir()
    for name in FAMILIES:
        save_file(tensors_of(name), root / "loras" / f"of {name}.safetensors")
    for name in ("flux", "chroma"):
        path = root / "loras" / f"said to be {name}.safetensors"
        save_file(alike(), path, {"ss_base_model_version": name})
    outputs = tmp_path_factory.mktemp("outputs")
    with Workbench(models=root, outputs=outputs, device="cpu") as workbench:
        yield workbench


def pairs():
    """Yield a LoRA's family and a checkpoint's: all, of which its own and one other are quick."""
    checkpoints = [one for one in RUNNING if not RUNNING[one].finishes]
    for number, family in enumerate(FAMILIES):
        others = [one for one in checkpoints if one != family]
        quick = {family, others[number % len(others)]}
        for checkpoint in checkpoints:
            marks = [] if checkpoint in quick else [pytest.mark.thorough]
            yield pytest.param(family, checkpoint, marks=marks)


@pytest.mark.parametrize(("family", "checkpoint"), list(pairs()))
def test_a_lora_of_another_family_is_refused_by_name_before_anything_is_loaded(
    bench, family, checkpoint
):
    (info,) = [one for one in bench.registry.models("lora") if one.name == f"of {family}"]
    assert info.family == family
    assert bool(info.refused) == (family not in RUNNING)
    if family == checkpoint:
        assert why_not_with("lora", family, "", checkpoint) is None
        return
    config = PipelineConfig.parse(
        {
            "checkpoint": checkpoint,
            "prompt": "a doll",
            "width": 64,
            "height": 64,
            **bench.defaults(checkpoint),
            "loras": [{"name": f"of {family}"}],
        }
    )
    with pytest.raises(ModelRefusedError, match=rf"of {family}.* is made for .*{family}"):
        bench.execute(config)
    assert not bench.registry.nbytes
    assert f"is made for {family}" in why_not_with("lora", family, "", checkpoint)


@pytest.mark.parametrize(("made_for", "checkpoint"), [("flux", "chroma"), ("chroma", "flux")])
def test_of_families_whose_layers_are_alike_the_trainers_word_is_told(bench, made_for, checkpoint):
    config = PipelineConfig.parse(
        {
            "checkpoint": checkpoint,
            "prompt": "a doll",
            **bench.defaults(checkpoint),
            "loras": [{"name": f"said to be {made_for}"}],
        }
    )
    says = rf"its layers are those of {made_for}, and the checkpoint is of family {checkpoint}"
    with pytest.raises(ModelRefusedError, match=says) as refused:
        bench.execute(config)
    assert f'"modelspec.architecture": "{checkpoint}"' in str(refused.value)
    assert not bench.registry.nbytes
