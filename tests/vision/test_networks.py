"""A network with its processor: weighed when it is loaded, and gone when it is released."""

import gc
import weakref

import torch
from PIL import Image

from medialab.vision.networks import NetworkModel


class Means(torch.nn.Linear):
    """A network of transformers' kind: it takes what its processor gives, by name."""

    def forward(self, pixel_values):
        assert torch.is_inference_mode_enabled()
        return pixel_values.mean((1, 2))


class Inputs(dict):
    def to(self, device):
        return Inputs({name: value.to(device) for name, value in self.items()})


def as_inputs(images, return_tensors):
    assert (images.mode, return_tensors) == ("RGB", "pt")
    values = torch.frombuffer(bytearray(images.tobytes()), dtype=torch.uint8)
    return Inputs(pixel_values=values.reshape(1, images.height, images.width, 3).float())


def test_any_picture_is_shown_in_rgb_and_nothing_is_recorded_of_it():
    model = NetworkModel(Means(2, 2), as_inputs, "cpu")
    assert model._outputs(Image.new("L", (4, 3), 7)).tolist() == [[7, 7, 7]]


def test_it_weighs_its_weights_and_release_frees_them():
    network = Means(8, 4)
    model = NetworkModel(network, None, "cpu")
    assert model.nbytes == (8 * 4 + 4) * 4
    seen = weakref.ref(network)
    model.release()
    del network
    gc.collect()
    assert seen() is None
