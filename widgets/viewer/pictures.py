"""The checks of pictures and masks before they are shown in a viewer."""

from io import BytesIO

from PIL import UnidentifiedImageError

from medialab.errors import PictureError, PictureTooLargeError
from medialab.pictures.intake import MOST_PIXELS, open_picture, orientation_of, unsupported_kind

FORMATS = ("PNG", "JPEG", "WEBP")  # formats that every browser can show


def picture_size(
    content: bytes, what: str, formats: tuple[str, ...] | None = FORMATS
) -> tuple[int, int]:
    """Return a picture's width and height in pixels, upright as its EXIF says.

    Args:
        content: the content of the picture's file.
        what: the picture's name in an error message.
        formats: the permitted formats; None for all that can be stored.

    Raises:
        PictureError: not a picture in one of these formats, broken, or too large.
    """
    try:
        with open_picture(content, what, formats) as file:
            width, height = file.image.size
            # EXIF orientations 5 to 8 swap the sides. Not for PNG, which would have to be decoded.
            if file.image.format != "PNG" and orientation_of(file.image) >= 5:
                width, height = height, width
            file.image.verify()
    except PictureTooLargeError:
        raise
    except PictureError as error:
        if isinstance(error.__cause__, UnidentifiedImageError):
            given = unsupported_kind(content) or f"give a {', '.join(formats or FORMATS)} file"
            raise PictureError(f"{what} is not a picture that can be shown; {given}") from error
        cause = error.__cause__ or error
        raise PictureError(f"{what}: the file is broken ({cause}); save it again") from error
    if width * height > MOST_PIXELS:
        raise PictureError(
            f"{what}: {_times((width, height))} pixels are too many; make it smaller, "
            f"the limit is {MOST_PIXELS / 1e6:.0f} megapixels"
        )
    return width, height


def grey_mask(png: bytes, picture: tuple[int, int]) -> bytes:
    """Return a mask as an 8-bit grey PNG.

    Args:
        png: the mask as a PNG, white = repaint.
        picture: width and height in pixels of the picture it belongs to.

    Raises:
        PictureError: the mask is not a PNG, or its size differs from the picture's.
    """
    size = picture_size(png, "the mask", ("PNG",))
    if size != picture:
        raise PictureError(
            f"the mask has {_times(size)} pixels, the picture {_times(picture)}; "
            "make a mask of the picture's size"
        )
    with open_picture(png, "the mask", ("PNG",)) as file:
        if file.image.mode == "L":
            return png
        buffer = BytesIO()
        file.image.convert("L").save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
