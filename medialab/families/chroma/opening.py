"""The components of Chroma checkpoints."""

from medialab.families.flow.opening import FlowOpening
from medialab.families.flow.original_names import as_in_diffusers
from medialab.families.flow.part_configs import FlowConfig
from medialab.families.flow.single_files import FlowFiles
from medialab.families.opening import EncoderFile
from medialab.families.t5_clip.part_configs import (
    PackedTransformerConfig,
    T5Config,
    t5_tokenizer,
)
from medialab.files.folder_parts import FolderParts
from medialab.files.part_configs import Count, Layers, Shapes, as_many
from medialab.files.vae_configs import VAEConfig


class ChromaTransformerConfig(PackedTransformerConfig):
    """The config of diffusers' ChromaTransformer2DModel."""

    approximator_num_channels: Count
    approximator_hidden_dim: Count
    approximator_layers: Layers

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        super().check_weights(shapes)
        layers = "distilled_guidance_layer.layers."
        as_many("approximator_layers", shapes, layers, self.approximator_layers)


OPENING = FlowOpening(
    title="Chroma",
    parts=FolderParts(
        networks={
            "transformer": {"ChromaTransformer2DModel": ChromaTransformerConfig},
            "vae": {"AutoencoderKL": VAEConfig},
            "text_encoder": {"T5EncoderModel": T5Config},
        },
        tokenizers={"tokenizer": t5_tokenizer("text_encoder")},
        required=("transformer", "vae", "text_encoder"),
        scheduler=FlowConfig,
    ),
    files=FlowFiles(
        denoiser=("transformer", "ChromaTransformer2DModel"),
        encoders={"text_encoder": EncoderFile("t5", 4096, "T5EncoderModel")},
        tokenizers={"tokenizer": ("T5Tokenizer", "t5-tokenizer")},
        convert=as_in_diffusers,
    ),
)
