"""The processor that gives pictures and text to Qwen's vision-language models.

transformers' own has a part for videos, which needs torchvision; pictures do not. So it is built
here from the tokenizer and the picture processor of its folder alone.
"""

from functools import cache
from pathlib import Path
from typing import Any

from medialab.families.qwen_image.tokenizer import check_tokenizer, shared_tokenizer
from medialab.files.folder_parts import TokenizerPart
from medialab.files.part_configs import read_json

# Files with the settings of the picture processor: of older libraries, and of newer ones.
_OWN, _SHARED = "preprocessor_config.json", "processor_config.json"

QWEN2_PROCESSOR = "Qwen2VLProcessor"
SHARED_PROCESSOR = "qwen-image/processor"  # the folder in models/configs


def check_processor(folder: Path, vocabulary: int | None) -> None:
    """Refuse a processor's folder without a tokenizer or the settings for pictures.

    Args:
        folder: The processor's folder.
        vocabulary: The size of the language model's vocabulary, if it is known.

    Raises:
        ModelRefusedError: a file is missing or damaged.
    """
    check_tokenizer(folder, vocabulary)
    read_json(folder / (_SHARED if (folder / _SHARED).exists() else _OWN))


def load_processor(folder: Path, class_name: str) -> Any:
    """Load a processor for pictures and text. Call it within `opening`.

    Args:
        folder: The processor's folder.
        class_name: The processor's class in transformers.
    """
    from transformers import Qwen2Tokenizer

    tokenizer = Qwen2Tokenizer.from_pretrained(folder, local_files_only=True)
    return _of_parts(folder, tokenizer, class_name)


def shared_processor(configs: Path) -> Any:
    """Return the processor that single files share. Call it within `opening`.

    Args:
        configs: The folder of all families' configs.
    """
    return _of_parts(configs / SHARED_PROCESSOR, shared_tokenizer(configs), QWEN2_PROCESSOR)


def _of_parts(folder: Path, tokenizer: Any, class_name: str) -> Any:
    """Return a processor of a tokenizer, and of the picture processor of a folder."""
    from transformers import Qwen2VLImageProcessorPil

    pictures = Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)
    template = tokenizer.chat_template
    return _without_videos(class_name)(pictures, tokenizer, chat_template=template)


@cache
def _without_videos(class_name: str) -> Any:
    """Return a processor class of transformers, made for pictures and text only."""
    import transformers

    kind = getattr(transformers, class_name)
    parts = classmethod(lambda _: ["image_processor", "tokenizer"])
    return type(class_name, (kind,), {"get_attributes": parts})


def processor_of(encoder: str, class_name: str, *, needed: bool) -> TokenizerPart:
    """Return the requirements for the processor of a text encoder.

    Args:
        encoder: The text encoder's name.
        class_name: The processor's class in transformers.
        needed: Whether every folder with the encoder has one.
    """
    return TokenizerPart(encoder, (class_name,), check_processor, load_processor, needed)
