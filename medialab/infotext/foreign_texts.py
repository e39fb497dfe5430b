"""Settings that other programs write as JSON: read by that program, or named as foreign."""

from medialab.infotext.foreign_json import JSON
from medialab.infotext.items import GRAPH, RawInfotext
from medialab.infotext.programs import PROGRAMS

UNKNOWN = "another program"


def read_object(whole: JSON, file_name: str = "") -> RawInfotext:
    """Read a program's JSON; for an unknown program the result holds only a description of it."""
    for program in PROGRAMS:
        if program.wrote(whole):
            return program.read(whole, file_name)
    keys = ", ".join(str(key)[:40] for key in list(whole)[:8]) or "nested too deep, or empty"
    return RawInfotext(items={GRAPH: f"JSON ({keys})"}, program=UNKNOWN)
