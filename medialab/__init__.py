"""The image studio's core: from a typed config to a reproducible picture.

    from medialab import PipelineConfig, Workbench

    run = Workbench().execute(PipelineConfig(prompt="a smiling person with red hair", seed=7))

Importing this loads neither torch nor diffusers; the workbench's worker loads them in the
background.
"""

from medialab.process import threads

threads.prefer_passive_threads()

from medialab.config.pipeline import PipelineConfig  # noqa: E402 - the thread policy comes first
from medialab.config.resolved import ResolvedConfig  # noqa: E402 - the thread policy comes first
from medialab.errors import MediaLabError  # noqa: E402
from medialab.process.versions import program_version  # noqa: E402
from medialab.runs.run import Run  # noqa: E402
from medialab.workbench import Workbench  # noqa: E402

__version__ = program_version()
__all__ = ["MediaLabError", "PipelineConfig", "ResolvedConfig", "Run", "Workbench"]
