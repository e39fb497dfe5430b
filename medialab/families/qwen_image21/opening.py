"""The components of Qwen-Image 2.1 checkpoints."""

from medialab.families.flow.opening import FlowOpening
from medialab.families.flow.part_configs import FlowConfig
from medialab.families.qwen_image.part_configs import VisionLanguageConfig
from medialab.families.qwen_image.processor import processor_of
from medialab.families.qwen_image21.part_configs import AlphaVAEConfig, TransformerConfig
from medialab.files.folder_parts import FolderParts

OPENING = FlowOpening(
    title="Qwen-Image 2.1",
    parts=FolderParts(
        networks={
            "transformer": {"QwenImage21Transformer2DModel": TransformerConfig},
            "vae": {"AutoencoderKLQwenImage21": AlphaVAEConfig},
            "text_encoder": {"Qwen3VLForConditionalGeneration": VisionLanguageConfig},
        },
        tokenizers={"processor": processor_of("text_encoder", "Qwen3VLProcessor", needed=True)},
        required=("transformer", "vae", "text_encoder"),
        scheduler=FlowConfig,
    ),
)
