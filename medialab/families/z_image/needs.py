"""The working memory of Z-Image's transformer."""

from medialab.families.flow.denoiser import PLACES
from medialab.families.flow.needs import FlowNeeds
from medialab.families.needs import Widths

# Maps of (tokens, width): 20.5 to 22.3, measured in float32 at widths 768 and 1536, at 768 and
# 1024 px, for one row and for two. The usual widths: 3840 for a token, and the VAE of Flux.1.
NEEDS = FlowNeeds(maps=22, usual=Widths(3840 // PLACES, 128), width=("dim",))
