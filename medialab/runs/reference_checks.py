"""Refuse reference pictures that a checkpoint cannot read, by their files' headers."""

from typing import TypeVar

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, PictureError
from medialab.families import RUNNING
from medialab.listing.runnable import most_edited
from medialab.listing.snapshot import Snapshot
from medialab.pictures.store import PictureStore

ConfigT = TypeVar("ConfigT", bound=PipelineConfig)
_SETTING = "instruct.references"


def with_start_picture(config: ConfigT) -> ConfigT:
    """Return a request to edit whose first reference is the start picture, if it has no other."""
    own = config.instruct
    if config.mode != "instruct" or config.image is not None or not own.references:
        return config
    first, *others = own.references
    rest = own.model_copy(update={"references": tuple(others)})
    return config.model_copy(update={"image": first, "instruct": rest})


def check_references(config: PipelineConfig, listing: Snapshot, pictures: PictureStore) -> None:
    """Refuse the pictures of an instruction that its checkpoint cannot read.

    Args:
        config: The request, as from `with_start_picture`.
        listing: The models as the request sees them.
        pictures: Where its pictures are.

    Raises:
        ConfigError: there are too many, or one is too small or too narrow.
        PictureError: a reference picture is not there, or damaged.
    """
    if config.mode != "instruct":
        return
    own = config.instruct
    info = listing.find(own.checkpoint or config.checkpoint, "checkpoint")
    editing = RUNNING[info.family].editing
    most = most_edited(info)
    if editing is None or not most:  # refused with the checkpoint
        return
    if 1 + len(own.references) > most:
        message = (
            f"checkpoint {info.name!r}, of family {f'{info.family} {info.edition}'.strip()}, reads "
            f"{most - 1 or 'no'} reference pictures beside the start picture, and "
            f"{len(own.references)} are set; remove some"
        )
        raise ConfigError(message).about(_SETTING)
    read = [("image", "start picture", config.image)] if config.image else []
    read += [
        (_SETTING, f"reference {number}", one) for number, one in enumerate(own.references, start=1)
    ]
    for setting, what, name in read:
        try:
            size = pictures.size(name)
        except PictureError as error:
            message = f"{what}: {error}"
            raise PictureError(message).about(setting) from error
        if reason := editing.why_not(size):
            message = (
                f"{what} has {size[0]} × {size[1]} px; of pictures that {info.family} edits or "
                f"looks at, {reason}: choose another one"
            )
            raise ConfigError(message).about(setting)
