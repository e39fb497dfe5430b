"""A ControlNet in one file is the network that its weights tell, in each published version."""

import pytest
import torch
from diffusers import ZImageControlNetModel
from safetensors.torch import save_file

from medialab.errors import ModelRefusedError
from medialab.families.z_image.control_files import config_of, load_control_file

# Version -> control layers, channels read, the layers that refine, and the places of the layers.
VERSIONS = {
    "1": (6, 16, None, [0, 5, 10, 15, 20, 25]),
    "2.0": (15, 33, "control_layers", list(range(0, 30, 2))),
    "2.1": (15, 33, "control_noise_refiner", list(range(0, 30, 2))),
    "2.1 lite": (3, 33, "control_noise_refiner", [0, 10, 20]),
}


def make(version):
    """Make a network as its folder's config says, with weights by chance."""
    _layers, reads, refined_by, places = VERSIONS[version]
    torch.manual_seed(0)
    made = ZImageControlNetModel(
        control_layers_places=places,
        control_refiner_layers_places=[0, 1],
        control_in_dim=reads,
        add_control_noise_refiner=refined_by,
        dim=64,
        n_refiner_layers=2,
        n_heads=4,
        n_kv_heads=4,
    )
    with torch.no_grad():
        for weight in made.parameters():
            weight.normal_(std=0.1)
    return made.eval()


def weights_of(version, made):
    """Return the weights as they are published: 2.0 has a refiner that is not used."""
    tensors = {name: one.contiguous() for name, one in made.state_dict().items()}
    if version == "2.0":
        refiner = make("2.1").control_noise_refiner.state_dict()
        unused = {f"control_noise_refiner.{name}": one for name, one in refiner.items()}
        unused["control_noise_refiner.0.before_proj.weight"].zero_()
        tensors |= unused
    return tensors


@pytest.mark.parametrize("version", VERSIONS)
def test_the_network_is_the_one_of_its_folder(tmp_path, version):
    made = make(version)
    save_file(weights_of(version, made), tmp_path / "control.safetensors")
    found = load_control_file(tmp_path / "control.safetensors", torch.float32)
    for name in ("control_layers_places", "control_in_dim", "add_control_noise_refiner", "n_heads"):
        assert found.config[name] == made.config[name]
    expected = made.state_dict()
    assert found.state_dict().keys() == expected.keys()
    assert all(torch.equal(one, expected[name]) for name, one in found.state_dict().items())
    assert not found.training


def test_weights_are_in_the_dtype_that_is_asked_for(tmp_path):
    save_file(weights_of("1", make("1")), tmp_path / "control.safetensors")
    found = load_control_file(tmp_path / "control.safetensors", torch.bfloat16)
    assert {one.dtype for one in found.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize(
    ("lost", "says"),
    [("control_all_x_embedder.2-1.weight", "it lacks layers"), ("control_layers.5.", "lacks")],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path, lost, says):
    tensors = weights_of("1", make("1"))
    kept = {name: one for name, one in tensors.items() if not name.startswith(lost + "attention")}
    kept.pop(lost, None)
    save_file(kept, tmp_path / "control.safetensors")
    with pytest.raises(ModelRefusedError, match=says):
        load_control_file(tmp_path / "control.safetensors", torch.float32)


def test_nothing_of_a_controlnet_tells_no_config():
    with pytest.raises(ModelRefusedError, match="it lacks layers"):
        config_of({})
