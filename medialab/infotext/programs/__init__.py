"""The programs whose settings are read, one file each; of two that could be meant the first counts.

To add one, write its file, and its line here.
"""

from collections.abc import Sequence

from medialab.infotext.programs.a1111_api import A1111_API
from medialab.infotext.programs.comfyui import COMFYUI
from medialab.infotext.programs.draw_things import DRAW_THINGS
from medialab.infotext.programs.easy_diffusion import EASY_DIFFUSION
from medialab.infotext.programs.fooocus import FOOOCUS
from medialab.infotext.programs.invokeai import INVOKEAI
from medialab.infotext.programs.novelai import NOVELAI
from medialab.infotext.programs.program import Program
from medialab.infotext.programs.swarmui import SWARMUI

PROGRAMS: Sequence[Program] = (
    COMFYUI,
    SWARMUI,
    FOOOCUS,
    DRAW_THINGS,
    A1111_API,
    NOVELAI,
    INVOKEAI,
    EASY_DIFFUSION,
)
