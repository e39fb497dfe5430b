"""What all models over a network of transformers share."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image


class NetworkModel:
    """A network of transformers with its processor, on one device.

    Args:
        network: the network, on that device.
        processor: what turns a picture into its inputs, or None where the model does so itself.
        device: a torch device name.
    """

    def __init__(self, network: Any, processor: Any, device: str) -> None:
        self._network = network
        self._processor = processor
        self._device = device
        self.nbytes = sum(weight.nbytes for weight in network.parameters())

    def release(self) -> None:
        """Release the weights."""
        self._network = self._processor = None

    def _outputs(self, image: "Image.Image") -> Any:
        """Return what the network gives of a picture."""
        import torch

        inputs = self._processor(images=image.convert("RGB"), return_tensors="pt").to(self._device)
        with torch.inference_mode():
            return self._network(**inputs)
