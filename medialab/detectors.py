"""What finds faces, hands and bodies in a picture: one small interface, several kinds of model.

A detector gives `Detection`s. Models are folders as transformers saves them, safetensors only; the
class is told by the architecture that the folder's config names.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from medialab.errors import ModelRefusedError
from medialab.geometry import Box
from medialab.masks import of_box
from medialab.modelfiles import ModelInfo, read_config
from medialab.pickles import refusing_pickles
from medialab.poses import PoseEstimator, check_pose_library

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# Pixels that the short side is brought to before a segmenter looks, unless its config tells.
_WORKING_SIZE = 512
# What covers less of the picture is a speck, not a part.
_LEAST_SHARE = 0.0012


@dataclass(frozen=True)
class Detection:
    """One find: what, how sure (0 to 1), where, and its shape (255 inside, the picture's size)."""

    label: str
    confidence: float
    box: Box
    mask: "Image.Image"


class Detector(Protocol):
    """Finds parts in pictures."""

    nbytes: int

    def find(self, image: "Image.Image", label: str) -> list[Detection]:
        """The parts called `label` in an RGB picture, surest first."""

    def release(self) -> None:
        """Let go of the weights."""


class Segmenter:
    """A semantic segmentation model: each pixel is named, connected pixels are one find.

    A config may say `working_size` (pixels of the short side), and `parts_of`: which labels count
    as part of another, as a face does of a body.
    """

    def __init__(self, network: Any, device: str) -> None:
        self._network = network
        self._device = device
        self.nbytes = sum(weight.nbytes for weight in network.parameters())

    def find(self, image: "Image.Image", label: str) -> list[Detection]:
        """The connected places of that name, surest first."""
        config = self._network.config
        names = {name: number for number, name in config.id2label.items()}
        if label not in names:
            return []
        parts = getattr(config, "parts_of", {}).get(label, [])
        wanted = [names[name] for name in (label, *parts)]
        chances = self._chances(image)
        inside = _any_of(chances.argmax(0), wanted)
        sure = chances[wanted].sum(0)
        return sorted(
            _connected(label, inside, sure), key=lambda found: (-found.confidence, found.box)
        )

    def release(self) -> None:
        """Let go of the weights."""
        self._network = None

    def _chances(self, image: "Image.Image") -> "np.ndarray":
        """(labels, h, w) in [0, 1] at the picture's own size."""
        import numpy as np
        import torch
        import torch.nn.functional as F
        from PIL import Image

        short = getattr(self._network.config, "working_size", _WORKING_SIZE)
        scale = short / min(image.size)
        size = [max(32, round(side * scale / 32) * 32) for side in image.size]
        seen = image.convert("RGB").resize((size[0], size[1]), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(seen)).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.inference_mode():
            scores = self._network(pixels.to(self._device)).logits.float()
            whole = F.interpolate(scores, image.size[::-1], mode="bilinear", align_corners=False)
        found: np.ndarray = whole.softmax(1)[0].cpu().numpy()
        return found


class BoxDetector:
    """An object detection model (YOLOS, RT-DETR, D-FINE and others): boxes with a label."""

    def __init__(self, network: Any, processor: Any, device: str) -> None:
        self._network = network
        self._processor = processor
        self._device = device
        self.nbytes = sum(weight.nbytes for weight in network.parameters())

    def find(self, image: "Image.Image", label: str) -> list[Detection]:
        """The boxes of that label, surest first."""
        import torch

        inputs = self._processor(images=image.convert("RGB"), return_tensors="pt").to(self._device)
        with torch.inference_mode():
            outputs = self._network(**inputs)
        sizes = torch.tensor([image.size[::-1]])
        # Everything: whoever asks has a least confidence of their own.
        (found,) = self._processor.post_process_object_detection(outputs, 0.05, sizes)
        detections = []
        for score, number, edges in zip(
            found["scores"], found["labels"], found["boxes"], strict=True
        ):
            box = Box(*(round(float(edge)) for edge in edges)).within(*image.size)
            if self._network.config.id2label[int(number)] == label and box.area:
                detections.append(Detection(label, float(score), box, of_box(box, *image.size)))
        return sorted(detections, key=lambda one: (-one.confidence, one.box))

    def release(self) -> None:
        """Let go of the weights."""
        self._network = None


class DepthEstimator:
    """A depth estimation model. It finds no parts, but tells how near each pixel is."""

    def __init__(self, network: Any, processor: Any, device: str) -> None:
        self._network = network
        self._processor = processor
        self._device = device
        self.nbytes = sum(weight.nbytes for weight in network.parameters())

    def find(self, _image: "Image.Image", _label: str) -> list[Detection]:
        """Nothing: a depth model names no parts."""
        return []

    def depth(self, image: "Image.Image") -> "Image.Image":
        """How near each pixel is: 8-bit grey as RGB, the nearest white, the picture's size."""
        import numpy as np
        import torch
        from PIL import Image

        inputs = self._processor(images=image.convert("RGB"), return_tensors="pt").to(self._device)
        with torch.inference_mode():
            nearness = self._network(**inputs).predicted_depth[0].float().cpu().numpy()
        least, most = float(nearness.min()), float(nearness.max())
        levels = (nearness - least) * (255 / (most - least) if most > least else 0.0)
        grey = Image.fromarray(levels.round().astype(np.uint8))
        return grey.resize(image.size, Image.Resampling.BICUBIC).convert("RGB")

    def release(self) -> None:
        """Let go of the weights."""
        self._network = None


def load_detector(info: ModelInfo, device: str) -> Detector:
    """Load a detector's folder.

    Raises:
        ModelRefusedError: a pickle, broken, or of a kind that finds nothing.
    """
    import transformers

    if info.refused is not None:
        raise ModelRefusedError(info.refused)
    architecture = str((read_config(info.path / "config.json").get("architectures") or [""])[0])
    kinds = (
        "ForSemanticSegmentation",
        "ForObjectDetection",
        "ForDepthEstimation",
        "ForPoseEstimation",
    )
    kind = next((kind for kind in kinds if architecture.endswith(kind)), None)
    if kind is None:
        message = (
            f"detector {info.name!r} is a {architecture or 'model without an architecture'}; "
            f"those that can be used are …{' and …'.join(kinds)}"
        )
        raise ModelRefusedError(message)
    if kind == "ForPoseEstimation":
        check_pose_library()
    try:
        with refusing_pickles():
            network = getattr(transformers, f"AutoModel{kind}").from_pretrained(
                info.path, use_safetensors=True, local_files_only=True
            )
            network = network.to(device).eval()
            if kind == "ForSemanticSegmentation":
                return Segmenter(network, device)
            processor = transformers.AutoImageProcessor.from_pretrained(
                info.path, local_files_only=True
            )
    except (OSError, ValueError, RuntimeError, LookupError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        message = f"detector {info.name!r} cannot be loaded: {first}"
        raise ModelRefusedError(message) from error
    if kind == "ForDepthEstimation":
        return DepthEstimator(network, processor, device)
    if kind == "ForPoseEstimation":
        return PoseEstimator(network, processor, device)
    return BoxDetector(network, processor, device)


def centre_crop(image: "Image.Image", label: str) -> Detection:
    """What is left when nothing finds anything: the middle half of the picture."""
    width, height = image.size
    box = Box(width // 4, height // 4, width - width // 4, height - height // 4)
    return Detection(label, 0.0, box, of_box(box, width, height))


def given_mask(mask: "Image.Image", label: str) -> list[Detection]:
    """Each connected white place of a mask, as if it had been found."""
    import numpy as np

    inside = np.asarray(mask.convert("L")) > 127
    return _connected(label, inside, inside.astype(np.float32))


def _any_of(numbers: "np.ndarray", wanted: list[int]) -> "np.ndarray":
    import numpy as np

    return np.isin(numbers, wanted)


def _connected(label: str, inside: "np.ndarray", chances: "np.ndarray") -> list[Detection]:
    """The connected places of a mask; specks are left out."""
    import numpy as np
    from PIL import Image
    from scipy import ndimage

    numbered, _ = ndimage.label(inside, structure=np.ones((3, 3)))
    finds = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(numbered), start=1):
        own = numbered == number
        if own.sum() < _LEAST_SHARE * own.size:
            continue
        mask = Image.fromarray(np.where(own, 255, 0).astype(np.uint8))
        box = Box(columns.start, rows.start, columns.stop, rows.stop)
        finds.append(Detection(label, float(chances[own].mean()), box, mask))
    return finds
