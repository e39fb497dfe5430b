"""The components of Qwen-Image checkpoints."""

from medialab.families.flow.opening import FlowOpening
from medialab.families.flow.part_configs import FlowConfig
from medialab.families.qwen_image.part_configs import (
    FrameVAEConfig,
    TransformerConfig,
    VisionLanguageConfig,
)
from medialab.families.qwen_image.processor import processor_of
from medialab.families.qwen_image.tokenizer import tokenizer_of
from medialab.files.folder_parts import FolderParts

OPENING = FlowOpening(
    title="Qwen-Image",
    parts=FolderParts(
        networks={
            "transformer": {"QwenImageTransformer2DModel": TransformerConfig},
            "vae": {"AutoencoderKLQwenImage": FrameVAEConfig},
            "text_encoder": {"Qwen2_5_VLForConditionalGeneration": VisionLanguageConfig},
        },
        tokenizers={
            "tokenizer": tokenizer_of("text_encoder"),
            # In folders that are made for editing.
            "processor": processor_of("text_encoder", "Qwen2VLProcessor", needed=False),
        },
        required=("transformer", "vae", "text_encoder"),
        scheduler=FlowConfig,
        made_for_others={"Layered": "pictures in layers"},
    ),
    controlnet_class="QwenImageControlNetModel",
)
