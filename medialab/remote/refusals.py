"""What it means when a source refuses a download: a named error, or another try."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from medialab.errors import AccessError, DownloadError, RemoteError, RemoteNotFoundError
from medialab.remote.answers import BUSY, an_object, busy, is_passing, seconds_to_wait
from medialab.remote.http import is_elsewhere, said
from medialab.remote.listings import RemoteFile
from medialab.remote.patience import Again
from medialab.remote.source import DownloadRequest

_MOST_REASON = 2**16  # bytes of a refusal that are read
# What a host answers when a signed address of its is no longer valid.
_EXPIRED = frozenset({400, 401, 403, 404, 410})


def refused(
    file: RemoteFile, name: str, request: DownloadRequest, answer: httpx.Response
) -> Exception:
    """Return what is to be raised for an answer that is not the file.

    Args:
        file: The file as listed.
        name: Its safe name.
        request: What was asked.
        answer: Its body is not read yet.

    Returns:
        `Again` where another request may bring the file; else the error that says why not.
    """
    status, headers, title = answer.status_code, answer.headers, file.source.title
    if status in BUSY:
        wait = seconds_to_wait(headers, -1.0)
        return Again(busy(title, status, max(wait, 1.0)), wait=wait, kind="busy")
    if status in _EXPIRED and is_elsewhere(request, answer):
        message = (
            f"{name}: the address that {title} gave for it is refused (status {status}) even when "
            "it is new; try again later"
        )
        return Again(DownloadError(message), kind="expired")
    # An answer may repeat the token that was sent.
    reasons = {
        key: said(value, request.token) if isinstance(value, str) else value
        for key, value in _reasons(answer).items()
    }
    error = _refusal(file, name, status, reasons)
    return Again(error, kind="passing") if status == 404 and is_passing(headers) else error


def _refusal(file: RemoteFile, name: str, status: int, reasons: Mapping[str, Any]) -> RemoteError:
    title, source = file.source.title, file.source
    words = said(reasons.get("message") or reasons.get("error")) or f"status {status}"
    told = source.refusal(file, status, reasons)
    about = f"{name} is not downloaded"
    if status in {401, 403}:
        usual = f"{title} refuses it to you ({words}). {source.sign_in}".strip()
        return AccessError(f"{about}: {told or usual}")
    if status in {404, 410}:
        usual = f"{title} has it no longer ({words})"
        return RemoteNotFoundError(f"{about}: {told or usual}")
    return RemoteError(f"{about}: {told or f'{title} refuses it ({words})'}")


def _reasons(answer: httpx.Response) -> Mapping[str, Any]:
    """Read the beginning of a refusal; {} if it is not a JSON object."""
    content = b""
    try:
        for part in answer.iter_bytes():
            content += part
            if len(content) > _MOST_REASON:
                break
        return an_object(json.loads(content))
    except (ValueError, RecursionError, httpx.HTTPError):
        return {}
