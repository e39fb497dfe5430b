"""A function's docstring begins with a verb: ruff's D401 knows verbs in other forms, not nouns."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Words that begin a noun phrase or a clause, not a command.
NOT_VERBS = frozenset(
    (
        *("a", "all", "an", "another", "any", "as", "at", "both", "by", "each", "either", "every"),
        *("for", "from", "how", "if", "in", "its", "no", "none", "of", "on", "one", "only"),
        *("others", "so", "such", "that", "the", "their", "these", "this", "those", "to", "what"),
        *("when", "where", "whether", "which", "while", "who", "whose", "with", "within"),
        "without",
    )
)
PROPERTIES = frozenset({"property", "cached_property", "setter"})


def is_property(function):
    names = (getattr(one, "attr", getattr(one, "id", "")) for one in function.decorator_list)
    return not PROPERTIES.isdisjoint(names)


def first_words(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if is_function and not is_property(node) and (text := ast.get_docstring(node)):
            yield node.lineno, text.split()[0].strip(".,:;").casefold()


def modules():
    folders = [ROOT / name for name in ("medialab", "widgets", "models/paperdoll")]
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        yield pytest.param(path, id=path.relative_to(ROOT).as_posix())


@pytest.mark.parametrize("path", list(modules()))
def test_a_functions_docstring_begins_with_a_verb(path):
    wrong = [(line, word) for line, word in first_words(path) if word in NOT_VERBS]
    assert not wrong
