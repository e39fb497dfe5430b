"""The image studio's core: from a typed config to a reproducible picture.

    from medialab import PipelineConfig, Workbench

    run = Workbench().execute(PipelineConfig(prompt="a smiling person with red hair", seed=7))

Importing this loads neither torch nor diffusers; the workbench's worker loads them in the
background.
"""

from medialab.process import threads
from medialab.process.imports import without_collecting

threads.prefer_passive_threads()  # before anything imports torch

with without_collecting():
    from medialab.config.pipeline import PipelineConfig
    from medialab.config.resolved import ResolvedConfig
    from medialab.errors import MediaLabError
    from medialab.process.versions import program_version
    from medialab.runs.run import Run
    from medialab.workbench import Workbench

__version__ = program_version()
__all__ = ["MediaLabError", "PipelineConfig", "ResolvedConfig", "Run", "Workbench"]
