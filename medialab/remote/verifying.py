"""What has arrived: refused by its first bytes, or checked as a whole before it gets its name."""

from pathlib import Path

from medialab.errors import DownloadError, ModelRefusedError
from medialab.families.kinds import WITHOUT_VAE, classify
from medialab.files.gguf import SUFFIX as GGUF
from medialab.files.gguf import read_gguf_header
from medialab.files.headers import LARGEST_HEADER, LENGTH_FIELD, SMALLEST_HEADER, read_header
from medialab.files.pickles import PICKLE_SUFFIXES, refusal
from medialab.listing.info import FOLDER_OF_KIND, OF_DETECTORS, SINGLE_FILE
from medialab.remote.names import suffix_of

# How the header of a file with weights is read, by its extension.
_HEADERS = {SINGLE_FILE: read_header, GGUF: read_gguf_header}
# What a single file may be; in a folder, texts too.
SUFFIXES = frozenset({SINGLE_FILE, GGUF, *OF_DETECTORS})
TEXTS = frozenset({".json", ".txt", ".model", ".md"})
ENOUGH = 64  # bytes that tell what a file is
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
_MARKUP = (b"<!", b"<?", b"<h", b"<H")
_POINTER = b"version https://git-lfs"


def check_name(name: str, *, in_folder: bool = False) -> None:
    """Check by its name that a file is of a kind that is downloaded.

    Raises:
        ModelRefusedError: it is a pickle, or of an unknown kind.
    """
    suffix = suffix_of(name).lower()
    if suffix in PICKLE_SUFFIXES:
        raise ModelRefusedError(refusal(name))
    if suffix not in (SUFFIXES | TEXTS if in_folder else SUFFIXES):
        kinds = ", ".join(sorted(SUFFIXES))
        message = f"{name} is not a model's file; those that are downloaded end in {kinds}"
        raise ModelRefusedError(message)


def check_beginning(name: str, first: bytes) -> None:
    """Check the first bytes of a file against its name, so that nothing wrong is read to its end.

    Args:
        name: The file's name.
        first: Its first ENOUGH bytes, or all of a shorter file.

    Raises:
        ModelRefusedError: it is a pickle under another name, or an archive.
        DownloadError: it is a web page, or something else.
    """
    suffix, begin = suffix_of(name).lower(), first.lstrip()
    if suffix in TEXTS:
        return
    if begin.startswith(_MARKUP):
        message = f"{name}: a web page came in place of the file, perhaps one that asks to sign in"
        raise DownloadError(message)
    if first.startswith(_POINTER):
        raise DownloadError(f"{name}: a pointer of Git LFS came in place of the file")
    if first.startswith(_ZIP) and suffix != ".task":
        message = f"{name} is a zip archive under a wrong name, as pickles of PyTorch are. {{}}"
        raise ModelRefusedError(message.format(refusal(name)))
    if suffix == GGUF and not first.startswith(b"GGUF"):
        raise DownloadError(f"{name} is not a GGUF file by its first bytes; it is not kept")
    if suffix != SINGLE_FILE:
        return
    length = int.from_bytes(first[:LENGTH_FIELD], "little")
    is_header = SMALLEST_HEADER <= length <= LARGEST_HEADER
    if not is_header or first[LENGTH_FIELD : LENGTH_FIELD + 1] != b"{":
        if first.startswith(_PICKLE):
            raise ModelRefusedError(f"{name} is a pickle under a wrong name. {refusal(name)}")
        raise DownloadError(f"{name} is not a safetensors file by its first bytes; it is not kept")


def check_whole(part: Path, name: str) -> str:
    """Check a whole file before it gets its name, and return the kind of model that it is.

    Args:
        part: Where it is.
        name: The name that it will get.

    Returns:
        A kind that the studio has a folder for; "" if the file does not tell.

    Raises:
        ModelRefusedError: it is broken or not what its name says.
    """
    suffix = suffix_of(name).lower()
    try:
        if suffix in _HEADERS:
            kind = classify(_HEADERS[suffix](part)).kind
            kind = "checkpoint" if kind == WITHOUT_VAE else kind
            return kind if kind in FOLDER_OF_KIND else ""
        if suffix in OF_DETECTORS:
            OF_DETECTORS[suffix][1](part)
            return "detector"
    except ModelRefusedError as error:
        raise ModelRefusedError(str(error).replace(part.name, name)) from error
    return ""
