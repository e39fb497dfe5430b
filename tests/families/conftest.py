import pytest
from safetensors.torch import save_file

from tests.tiny.text_models import loaded, model, sd15, tokenizer

__all__ = ["loaded", "model", "sd15", "tokenizer"]


@pytest.fixture
def mina(sd15, tmp_path):
    """An embedding of two vectors that sd15 may name; they are those of "red" and "ball"."""
    ids = [sd15.components["tokenizer"](word).input_ids[1] for word in ("red", "ball")]
    vectors = sd15.components["text_encoder"].get_input_embeddings().weight[ids].detach().clone()
    path = tmp_path / "Mina-2.safetensors"
    save_file({"emb_params": vectors}, path)
    sd15.inversions = {"Mina-2": path}
    return path
