"""What axe-core, the checker of accessibility that browsers' own tools use, finds in a page."""

import json
import os
from pathlib import Path

import pytest

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"

_RUN = """async ([within, options]) => {
  const { violations } = await axe.run(within, options);
  return violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map(({ html, any }) => [html.slice(0, 160), any.map((one) => one.message)]),
  }));
}"""


def assert_accessible(page, within="body", *, without=()):
    """Fail with what axe-core finds wrong in a part of a page, as it looks at the moment.

    `page` is Playwright's, `within` a selector; `without` names rules of axe-core to leave out,
    such as those of a whole page (`region`) where a test shows one widget.
    """
    if not AXE.is_file():
        if os.environ.get("CI"):
            pytest.fail("no axe-core; run `npm ci`")
        pytest.skip("needs axe-core; run `npm ci`")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {
        "resultTypes": ["violations"],
        "rules": {rule: {"enabled": False} for rule in without},
    }
    found = page.evaluate(_RUN, [within, options])
    assert found == [], json.dumps(found, indent=1)
