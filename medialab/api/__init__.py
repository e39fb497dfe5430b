"""The studio for other programs and for a shell: requests in, pictures and answers out."""

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Return what Jupyter Server loads: `jupyter server extension enable medialab.api`."""
    from medialab.api.http.app import StudioApi

    return [{"module": "medialab.api.http.app", "app": StudioApi}]
