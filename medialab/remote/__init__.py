"""Models that other people publish: found by words or by hash, described, and downloaded.

A source (`RemoteSource`) is one file here and one line in `sources.SOURCES`. It answers in the
plain values of `listings`; the download is the same for all of them. Nothing is asked of the
network until a person asks for it, and `MEDIALAB_OFFLINE=1` forbids it.
"""

from medialab.remote.listings import (
    RemoteFile,
    RemoteModel,
    RemotePicture,
    RemoteVersion,
    Results,
)
from medialab.remote.source import DownloadRequest, Filter, RemoteSource

__all__ = [
    "DownloadRequest",
    "Filter",
    "RemoteFile",
    "RemoteModel",
    "RemotePicture",
    "RemoteSource",
    "RemoteVersion",
    "Results",
]
