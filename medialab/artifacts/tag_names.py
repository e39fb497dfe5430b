"""What a tag may be called, and when two tags are the same.

A tag is free text, or typed: `character:Ada`, `project:poster`. Blanks are joined and letters are
brought into Unicode's NFC, so that tags that look the same are the same; capitals do not count.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from medialab.errors import ArtifactError, shown

MOST_CHARACTERS = 100
# Joiners and the direction-neutral selectors that emojis and some scripts are written with.
_ALLOWED = frozenset("\u200c\u200d\ufe0e\ufe0f")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def tag_key(tag: str) -> str:
    """Return the text by which tags are compared: two are the same if theirs is."""
    return unicodedata.normalize("NFC", _spaced(tag).casefold())


def clean_tag(tag: object) -> str:
    """Return a tag as it is stored.

    Raises:
        ArtifactError: it is no tag; the message says why.
    """
    if not isinstance(tag, str):
        raise _refused(tag, "a tag is text")
    name = _spaced(tag)
    if "," in name:
        raise _refused(tag, "a comma separates tags; give each tag by itself")
    for letter in name:
        if unicodedata.category(letter) in _INVISIBLE and letter not in _ALLOWED:
            raise _refused(
                tag, f"it has the invisible character U+{ord(letter):04X}; type it again"
            )
    name = unicodedata.normalize("NFC", name)
    kind, colon, rest = (part.strip() for part in name.partition(":"))
    if not name or not (kind or rest):
        raise _refused(tag, "it is empty; write a word")
    if colon and not (kind and rest):
        raise _refused(tag, "a typed tag has a word on both sides of the colon: character:Ada")
    if len(name) > MOST_CHARACTERS:
        raise _refused(
            tag, f"it has {len(name):,} characters; at most {MOST_CHARACTERS} are allowed"
        )
    return f"{kind}:{rest}" if colon else name


def clean_tags(tags: Iterable[object]) -> tuple[str, ...]:
    """Return tags as they are stored, each once.

    Raises:
        ArtifactError: one is no tag, or `tags` is one text in place of several, or no list.
    """
    return without_doubles(clean_tag(tag) for tag in _several(tags))


def given_tags(tags: Iterable[object]) -> tuple[str, ...]:
    """Return tags as they are given, each once; they may be ones that could not be given today.

    Raises:
        ArtifactError: one is not text, or `tags` is one text in place of several, or no list.
    """
    found = []
    for tag in _several(tags):
        if not isinstance(tag, str):
            raise _refused(tag, "a tag is text")
        found.append(tag)
    return without_doubles(found)


def _several(tags: Iterable[object]) -> Iterable[object]:
    """Return tags that are given as several.

    Raises:
        ArtifactError: they are one text, or no list.
    """
    if isinstance(tags, str):
        such_as = f"[{shown(tags)}]"
    elif not isinstance(tags, Iterable):
        such_as = "['poster', 'draft']"
    else:
        return tags
    message = f"tags={shown(tags)}: give tags as a list, such as {such_as}"
    raise ArtifactError(message).about("tags")


def without_doubles(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags in their order, the first of each that is the same as others."""
    found: dict[str, str] = {}
    for tag in tags:
        found.setdefault(tag_key(tag), tag)
    return tuple(found.values())


def changed_tags(old: Sequence[str], add: Sequence[str], remove: Iterable[str]) -> tuple[str, ...]:
    """Return tags after some are removed and others added; a tag that is there stays as written."""
    unwanted = {tag_key(tag) for tag in remove}
    return without_doubles([*(tag for tag in old if tag_key(tag) not in unwanted), *add])


def _spaced(tag: str) -> str:
    return " ".join(tag.split())


def _refused(tag: object, why: str) -> ArtifactError:
    return ArtifactError(f"the tag {shown(tag)} is not possible: {why}").about("tags")
