"""Stable Diffusion 2's variants are told apart by one weight, where the header is silent."""

import pytest
import torch
from safetensors.torch import save_file

from medialab.families.sd.predictions import prediction_of_weights
from medialab.files.headers import read_header
from medialab.files.predictions import training_of_file


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_stable_diffusion_2_is_told_by_one_weight_where_it_has_it(tmp_path, dtype):
    weight = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
    alternating = torch.tensor([1.0, -1.0] * 8)
    for spread, expected in ((0.05, "epsilon"), (0.2, "v_prediction")):
        path = tmp_path / f"{expected}.safetensors"
        tensors = {"first": torch.zeros(3), weight: alternating * spread}
        save_file({name: one.to(getattr(torch, dtype)) for name, one in tensors.items()}, path)
        assert (
            training_of_file(path, read_header(path), prediction_of_weights).prediction_type
            == expected
        )
