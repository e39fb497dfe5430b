"""NovelAI's weights in A1111's form: {words} is ×1.05, [words] is /1.05, 1.2::words:: is ×1.2.

NovelAI treats round brackets as text, so they are escaped. The time is linear in the text's length.

Source: NovelAI's documentation, "Strengthening and Weakening" and "Numerical Emphasis".
"""

import re

# A weight begins where its number does: ".5::" is no 5, and "1.23456::" no 456.
_TOKEN = re.compile(r"((?:-|(?<![\d.-]))(?:[0-9]{1,3}(?:\.[0-9]*)?|\.[0-9]+))?::|[{}\[\]]|\\?[()]")
_STRONGER, _WEAKER = "1.05", "0.9524"
_CLOSES = {"{": "}", "[": "]"}
_WEIGHTS = {"{": _STRONGER, "[": _WEAKER}


def translate(prompt: str) -> str:
    """Convert a prompt's weights from NovelAI's form to A1111's.

    As in NovelAI, a bracket that is never closed extends to the end; one never opened is dropped.
    """
    if not _TOKEN.search(prompt):
        return prompt
    parts: list[str] = []
    opened: list[tuple[str, str]] = []  # of each open bracket, the closing one and the weight
    at = 0
    for token in _TOKEN.finditer(prompt):
        parts.append(prompt[at : token.start()])
        at = token.end()
        sign = token[0]
        if sign in _CLOSES:
            opened.append((_CLOSES[sign], _WEIGHTS[sign]))
            parts.append("(")
        elif sign[-1] in "()":
            parts.append(f"\\{sign[-1]}")
        elif token[1] is not None:
            opened.append(("::", token[1]))
            parts.append("(")
        elif opened and opened[-1][0] == sign:
            parts.append(f":{opened.pop()[1]})")
    parts.append(prompt[at:])
    parts += [f":{weight})" for _, weight in reversed(opened)]
    return "".join(parts)
