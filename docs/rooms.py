"""Draw the rooms of the core, and which imports which: `make rooms` writes docs/rooms.svg.

Rows and columns are the rooms in the order of the contract in pyproject.toml, highest first. A dot
says that the row's room imports the column's; since arrows point down only, all dots lie right of
the diagonal. What a room is for is its docstring's first line.
"""

import ast
import html
import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "rooms.svg"
CORE = "medialab"
# Pixels: a row's height, and where names, dots and sentences begin.
ROW, TOP, DOTS, LEFT = 26, 96, 128, 14


def rooms() -> list[str]:
    """Return the rooms' names, highest first, as the import contract lists them."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in told if one["id"] == "rooms")
    return [name.strip(" ()") for layer in layers for name in layer.replace("|", ":").split(":")]


def sentence(room: str) -> str:
    """Return the first line of a room's docstring."""
    path = ROOT / CORE / room
    text = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0].replace("`", "")


def arrows(names: list[str]) -> set[tuple[str, str]]:
    """Return each pair of rooms of which the first imports the second."""
    graph = grimp.build_graph(CORE, cache_dir=None)
    found = set()
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            pair = tuple(one.split(".")[1] for one in (module, other) if "." in one)
            if len(pair) == 2 and pair[0] != pair[1] and set(pair) <= set(names):
                found.add(pair)
    return found


def drawing() -> str:
    """Return the drawing as SVG text, the same for the same tree."""
    names = rooms()
    dots = arrows(names)
    texts = LEFT + DOTS + ROW * len(names) + 16
    width, height = texts + 660, TOP + ROW * len(names) + 14
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="system-ui, sans-serif" font-size="13">'
        ),
        "<title>The rooms of the core, and which imports which</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        '<g fill="#24292f">',
    ]
    for at, name in enumerate(names):
        x, y = LEFT + DOTS + ROW * at + ROW // 2, TOP + ROW * at
        if at % 2 == 0:
            parts.append(f'<rect x="0" y="{y}" width="{width}" height="{ROW}" fill="#f3f5f8"/>')
        parts += [
            f'<text x="{LEFT}" y="{y + 17}" font-weight="600">{name}</text>',
            f'<text x="{texts}" y="{y + 17}">{html.escape(sentence(name))}</text>',
            f'<text transform="translate({x + 4} {TOP - 8}) rotate(-60)">{name}</text>',
            f'<rect x="{x - 4}" y="{y + 9}" width="8" height="8" fill="#c9d1d9"/>',
        ]
    for row, name in enumerate(names):
        parts += [
            f'<circle cx="{LEFT + DOTS + ROW * column + ROW // 2}" cy="{TOP + ROW * row + 13}" '
            f'r="5" fill="#2f6fde"><title>{name} imports {other}</title></circle>'
            for column, other in enumerate(names)
            if (name, other) in dots
        ]
    return "\n".join([*parts, "</g>", "</svg>", ""])


if __name__ == "__main__":
    PAGE.write_text(drawing())
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: {len(rooms())} rooms\n")
