"""The script that tells of a page's end comes with the studio, and asks for an allowed address."""

import re
from pathlib import Path

from widgets.app_identity import _GOODBYE
from widgets.page_end import PageEnd

BUNDLE = Path(__file__).resolve().parents[3] / "widgets" / "page_end" / "page_end.bundle.js"


def test_the_script_comes_with_the_widget_and_takes_no_room():
    page_end = PageEnd()
    assert page_end.get_state()["_esm"] == BUNDLE.read_text(encoding="utf-8")
    assert page_end.layout.display == "none"


def test_the_address_that_the_script_asks_for_is_the_one_that_the_server_allows():
    script = PageEnd().get_state()["_esm"]
    (address,) = re.findall(r"sendBeacon\(`\$\{baseUrl\}(.+?)\$\{kernelId\}`", script)
    assert _GOODBYE.search(f"/{address}0a1b2c3d-0000-4000-8000-00000000000f")
