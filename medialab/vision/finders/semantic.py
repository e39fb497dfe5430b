"""Semantic segmentation: each pixel is named; connected pixels of one name are one detection."""

from typing import TYPE_CHECKING, Any

from medialab.vision.detections import Detection, called, connected, most_confident_first
from medialab.vision.networks import NetworkModel

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Pixels that the short side is brought to before a segmenter looks, unless its config tells.
_WORKING_SIZE = 512
# The most times that the long side is as long as that: a strip of a few pixels, enlarged until they
# are as many, would fill any memory.
_LONGEST = 16


class Segmenter(NetworkModel):
    """A semantic segmentation model (UperNet, SegFormer, BEiT and others).

    A config may say `working_size` (pixels of the short side), and `parts_of`: which labels count
    as part of another, as a face does of a body.
    """

    def __init__(self, network: Any, device: str) -> None:
        super().__init__(network, None, device)

    def find(self, image: "Image.Image", *words: str) -> list[Detection]:
        """Return the connected places of those names, the most confident first."""
        import numpy as np

        config = self._network.config
        names = {name: number for number, name in config.id2label.items()}
        labels = called(words, config.id2label).values()
        if not labels:
            return []
        chances = self._chances(image)
        named = chances.argmax(0)
        detections = []
        for label in labels:
            parts = getattr(config, "parts_of", {}).get(label, [])
            wanted = [names[name] for name in (label, *parts)]
            detections += connected(label, np.isin(named, wanted), chances[wanted].sum(0))
        return most_confident_first(detections)

    def _chances(self, image: "Image.Image") -> "np.ndarray":
        """Return each label's chances, (labels, h, w) in [0, 1] at the picture's own size."""
        import numpy as np
        import torch
        import torch.nn.functional as F
        from PIL import Image

        short = getattr(self._network.config, "working_size", _WORKING_SIZE)
        scale = min(short / min(image.size), _LONGEST * short / max(image.size))
        size = [max(32, round(side * scale / 32) * 32) for side in image.size]
        seen = image.convert("RGB").resize((size[0], size[1]), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(seen)).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.inference_mode():
            scores = self._network(pixels.to(self._device)).logits.float()
            whole = F.interpolate(scores, image.size[::-1], mode="bilinear", align_corners=False)
        found: np.ndarray = whole.softmax(1)[0].cpu().numpy()
        return found
