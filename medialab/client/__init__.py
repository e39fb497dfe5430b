"""A studio on another machine or in another process, used as the workbench is used here.

    from medialab import PipelineConfig
    from medialab.client import Studio

    run = Studio("http://127.0.0.1:8000").execute(PipelineConfig(prompt="a red ball", seed=7))

The token is in MEDIALAB_TOKEN, or a second argument. It speaks to `medialab.api` over HTTP.
Importing it loads neither torch nor diffusers, and it never imports the server.
"""

from medialab.client.jobs import RemoteJob
from medialab.client.pictures import RemotePicture, RemoteRun
from medialab.client.studio import Studio

__all__ = ["RemoteJob", "RemotePicture", "RemoteRun", "Studio"]
