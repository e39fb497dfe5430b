"""A1111's API under /sdapi/v1, for the programs that speak it: the fields that there are here.

What a request asks for and is not here is named in the answer's `info` as `not_applied`, with the
reason. Requests and answers have A1111's shapes; errors have this server's.

Source: AUTOMATIC1111 modules/api/api.py, modules/api/models.py; Processed.js of
modules/processing.py.
"""

from medialab.api.http.a1111 import choosing, listing, making, reading, watching

OPERATIONS = (
    *making.OPERATIONS,
    *watching.OPERATIONS,
    *choosing.OPERATIONS,
    *listing.OPERATIONS,
    *reading.OPERATIONS,
)

__all__ = ["OPERATIONS"]
