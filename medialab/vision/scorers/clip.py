"""CLIP: how well a picture fits a text."""

from typing import TYPE_CHECKING

from medialab.vision.networks import NetworkModel

if TYPE_CHECKING:
    from PIL import Image


class ClipScorer(NetworkModel):
    """A CLIP model that compares pictures with texts.

    Source: Hessel et al., 2021, "CLIPScore" (https://arxiv.org/abs/2104.08718), scaled by 100 as in
    torchmetrics.
    """

    def score(self, image: "Image.Image", text: str) -> float:
        """Return 100 times the cosine of picture and text, at least 0; real pairs have 20 to 35.

        Args:
            image: the picture; it stays as it is.
            text: what it should show; CLIP reads the first 75 tokens or so.
        """
        import torch

        inputs = self._processor(
            text=[text],
            images=image.convert("RGB"),
            return_tensors="pt",
            padding=True,
            truncation=True,
        ).to(self._device)
        with torch.inference_mode():
            found = self._network(**inputs)
        # Both are of length 1.
        return max(100.0 * float((found.image_embeds * found.text_embeds).sum()), 0.0)
