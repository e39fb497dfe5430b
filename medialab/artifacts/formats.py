"""Picture files with infotext: PNG, JPEG and WebP, written and read.

PNG holds the infotext in the text chunk `parameters`; JPEG and WebP hold it in EXIF's UserComment,
as UTF-16BE after the word UNICODE.

Source: A1111's modules/images.py, save_image_with_geninfo, read_info_from_image.
"""

from io import BytesIO
from pathlib import Path

from PIL import Image, PngImagePlugin

from medialab.artifacts.embedded import PARAMETERS, damage_in, text_in
from medialab.errors import ArtifactError, PictureError
from medialab.infotext.user_comment import EXIF_IFD, USER_COMMENT, encode_comment
from medialab.pictures.png_writer import COLOUR_TYPES, png_of
from medialab.stages.finish import FinishConfig

SUFFIX_OF = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
# By a file's suffix in small letters, also that of a file that someone else put there.
MEDIA_TYPES = {
    **{suffix: f"image/{name}" for name, suffix in SUFFIX_OF.items()},
    ".jpeg": "image/jpeg",
}
# The formats' limits: bytes in a JPEG's EXIF segment, pixels a side of a WebP.
_JPEG_EXIF, _WEBP_SIDE = 65_533, 16_383


def encode(image: Image.Image, text: str, settings: FinishConfig) -> bytes:
    """Encode a picture with its infotext; the same input gives the same bytes.

    Args:
        image: The picture.
        text: The infotext.
        settings: Format, quality and whether WebP is lossless.

    Raises:
        ArtifactError: the format cannot hold the picture or the text; the message names one that
            can.
    """
    buffer = BytesIO()
    try:
        if settings.format == "png":
            _save_png(image, text, buffer)
        elif settings.format == "jpeg":
            _save_jpeg(image, text, buffer, settings.quality)
        else:
            _save_webp(image, text, buffer, settings)
    except OSError as error:
        raise ArtifactError(
            f"a picture of mode {image.mode!r} cannot be a {settings.format.upper()}; "
            "convert it to RGB first"
        ) from error
    return buffer.getvalue()


def read_infotext(path: Path) -> str:
    """Return the infotext in a picture's file.

    Raises:
        ArtifactError: the file is damaged, or has no infotext.
    """
    try:
        text = text_in(path, path.name, ("PNG", "JPEG", "WEBP"))
    except PictureError as error:
        raise ArtifactError(
            f"{path} is damaged or truncated ({error}) and has no sidecar; restore it from a copy"
        ) from error
    if not text:
        raise ArtifactError(
            f"{path} has neither a sidecar nor infotext: there are no settings to read"
            f"{damage_in(path)}"
        )
    return text


def _save_png(image: Image.Image, text: str, buffer: BytesIO) -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text(PARAMETERS, text)
    if image.mode in COLOUR_TYPES:
        buffer.write(png_of(image, chunks))
    else:
        image.save(buffer, "PNG", pnginfo=chunks, compress_level=1)


def _save_jpeg(image: Image.Image, text: str, buffer: BytesIO, quality: int) -> None:
    exif = _comment(text)
    if len(exif) > _JPEG_EXIF:
        message = f"a JPEG has no room for {len(text):,} characters of infotext"
        raise ArtifactError(f"{message}; choose format='png'")
    # No chroma subsampling: it shows at once on drawn edges.
    image.save(buffer, "JPEG", quality=quality, subsampling=0, exif=exif)


def _save_webp(image: Image.Image, text: str, buffer: BytesIO, settings: FinishConfig) -> None:
    if max(image.size) > _WEBP_SIDE:
        message = f"a WebP's sides are at most {_WEBP_SIDE} pixels, not {max(image.size)}"
        raise ArtifactError(f"{message}; choose format='png'")
    # `exact` preserves colours under full transparency; method 4 is libwebp's default.
    image.save(
        buffer,
        "WEBP",
        lossless=settings.lossless,
        quality=settings.quality,
        method=4,
        exact=True,
        exif=_comment(text),
    )


def _comment(text: str) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = encode_comment(text)
    return exif.tobytes()
