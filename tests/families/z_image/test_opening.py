"""Which configs of a Z-Image are opened, and what is refused before its weights are read."""

import pytest
from pydantic import ValidationError

from medialab.families.z_image.opening import TransformerConfig

# Of the published Z-Image-Turbo.
TRANSFORMER = {
    "in_channels": 16,
    "dim": 3840,
    "n_layers": 30,
    "n_refiner_layers": 2,
    "n_heads": 30,
    "n_kv_heads": 30,
    "cap_feat_dim": 2560,
    "all_patch_size": [2],
    "all_f_patch_size": [1],
    "axes_dims": [32, 48, 48],
    "axes_lens": [1536, 512, 512],
    "norm_eps": 1e-5,
    "qk_norm": True,
    "rope_theta": 256.0,
    "t_scale": 1000.0,
}


@pytest.mark.parametrize("theta", [256.0, 1.0, 0.5])
def test_a_base_of_the_rotations_above_nothing_is_taken(theta):
    assert TransformerConfig(**TRANSFORMER | {"rope_theta": theta}).rope_theta == theta


@pytest.mark.parametrize("theta", [0.0, -1.0, float("inf"), float("nan"), "256"])
def test_any_other_base_is_refused(theta):
    with pytest.raises(ValidationError, match="rope_theta"):
        TransformerConfig(**TRANSFORMER | {"rope_theta": theta})


def test_a_config_of_other_sizes_than_its_weights_is_refused_by_the_settings_name():
    shapes = {"cap_embedder.0.weight": (2560,), "x_pad_token": (1, 3840)}
    shapes |= {f"layers.{number}.attention.to_q.weight": (3840, 3840) for number in range(30)}
    shapes |= {f"noise_refiner.{number}.x": (1,) for number in range(2)}
    TransformerConfig(**TRANSFORMER).check_weights(shapes)
    for name, value in (("cap_feat_dim", 9), ("dim", 9), ("n_layers", 29), ("n_refiner_layers", 3)):
        with pytest.raises(ValueError, match=name):
            TransformerConfig(**TRANSFORMER | {name: value}).check_weights(shapes)
