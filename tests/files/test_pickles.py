"""Nothing is unpickled while a model loads, in the thread that loads it."""

import io
import os
import pickle
import threading

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.files.pickles import PICKLE_SUFFIXES, refusal, refusing_pickles


class Bomb:
    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def unpickle_with(name, content):
    if name == "torch.load":
        return torch.load(io.BytesIO(content), weights_only=False)
    return pickle.load(io.BytesIO(content)) if name == "pickle.load" else pickle.loads(content)  # noqa: S301


@pytest.mark.parametrize("name", ["torch.load", "pickle.load", "pickle.loads"])
def test_a_library_that_falls_back_to_a_pickle_is_stopped_before_it_runs(tmp_path, name):
    content = pickle.dumps(Bomb(tmp_path / "boom"))
    with refusing_pickles(), pytest.raises(ModelRefusedError, match=f"{name} was called while"):
        unpickle_with(name, content)
    assert not (tmp_path / "boom").exists()


def test_others_unpickle_meanwhile_and_everybody_does_afterwards():
    heard, content = [], pickle.dumps([1, 2])
    with refusing_pickles():
        thread = threading.Thread(target=lambda: heard.append(pickle.loads(content)))  # noqa: S301
        thread.start()
        thread.join()
    assert heard == [[1, 2]]
    assert pickle.loads(content) == [1, 2]  # noqa: S301


def test_a_refusal_says_why_and_what_to_do():
    for told in ("model.ckpt", "any program", ".safetensors", "save_file"):
        assert told in refusal("model.ckpt")
    assert {".ckpt", ".pt", ".pth", ".bin", ".pkl"} <= PICKLE_SUFFIXES
    assert ".safetensors" not in PICKLE_SUFFIXES
