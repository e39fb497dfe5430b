"""Tags of pictures and models: given, taken away, renamed and merged everywhere.

A picture's tags are in its sidecar, a model's in `outputs/tags`. Both are read by one search.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from medialab.artifacts.manager import ArtifactManager
from medialab.artifacts.model_tags import FOLDER, ModelTags
from medialab.artifacts.query import Query
from medialab.artifacts.sidecar import Artifact, Sidecar
from medialab.artifacts.tag_names import (
    clean_tag,
    clean_tags,
    given_tags,
    tag_key,
    without_doubles,
)
from medialab.errors import ArtifactError, listed, shown
from medialab.files.regular import read_regular
from medialab.files.whole import write_whole
from medialab.listing.info import ModelInfo
from medialab.loading.registry import ModelRegistry

_CHANGE = "renaming.json"  # a rename or a merge that is under way


class Tags(Mapping[str, int]):
    """All tags, each with the number of pictures and models that have it.

    Things to tag are an `Artifact`, a `Run`, a `ModelInfo`, the path of a picture, a table with a
    column `path`, or a list of these.

    Args:
        artifacts: The saved pictures.
        registry: The models.
    """

    def __init__(self, artifacts: ArtifactManager, registry: ModelRegistry) -> None:
        self._artifacts, self._registry = artifacts, registry
        self.models = ModelTags(artifacts.folder)

    def __getitem__(self, tag: str) -> int:
        """Return how many pictures and models have a tag; capitals do not count."""
        counts = {tag_key(name): count for name, count in self._counts().items()}
        if not isinstance(tag, str) or tag_key(tag) not in counts:
            raise KeyError(tag)
        return counts[tag_key(tag)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts())

    def __len__(self) -> int:
        return len(self._counts())

    def __contains__(self, tag: object) -> bool:
        return isinstance(tag, str) and tag_key(tag) in map(tag_key, self._counts())

    def __repr__(self) -> str:
        return f"Tags({self._counts()})"

    def add(self, things: Any, *tags: str) -> None:
        """Give tags to pictures and models.

        A model that was never used is hashed first, about 5 s a gigabyte.

        Raises:
            ArtifactError: a tag is not possible, or there is no such picture; nothing is changed.
                Or some could not be changed: all others are.
            ModelRefusedError: a model's file is gone.
        """
        self._change(things, add=clean_tags(tags))

    def remove(self, things: Any, *tags: str) -> None:
        """Take tags away from pictures and models; those that have none of them stay as they are.

        Raises:
            ArtifactError: as `add`.
            ModelRefusedError: as `add`.
        """
        self._change(things, remove=given_tags(tags))

    def of(self, thing: Any) -> tuple[str, ...]:
        """Return the tags of one picture or model.

        A model whose hash is not known is hashed first; `models.of` takes a hash.

        Raises:
            ArtifactError: there is no such picture.
            ModelRefusedError: a model's file is gone.
        """
        paths, models = _sorted_out(thing)
        if len(paths) + len(models) != 1:
            message = "ask for the tags of one picture or model"
            raise ArtifactError(message)
        if models:
            return self.models.of(self._registry.sha256(models[0]))
        picture = self._artifacts.picture_at(paths[0])
        return Sidecar.read(picture.with_suffix(".json")).tags

    def rename(self, old: str, new: str) -> int:
        """Rename a tag everywhere: in all pictures, those in the bin too, and in all models.

        If it is interrupted, by kill -9 too, the same call goes on with what is left.

        Returns:
            In how many pictures and models it was renamed by this call.

        Raises:
            ArtifactError: there is no such tag, the new name is not possible or is another tag's
                already; nothing is changed. Or some could not be changed: all others are.
        """
        name, before = clean_tag(new), self._existing(old, (old,), new)
        is_other = tag_key(name) != tag_key(before) and name in self
        if is_other and not self._is_under_way((before,), name):
            raise ArtifactError(
                f"there is a tag {shown(name)} already, of {self[name]}; choose another name, or "
                "merge the two"
            ).in_code(f"bench.tags.merge([{before!r}], into={name!r})")
        return self._replace((before,), name)

    def merge(self, tags: Iterable[str], into: str) -> int:
        """Replace tags by another one everywhere; see `rename`.

        Args:
            tags: The tags that there are none of afterwards.
            into: The tag that stands for all of them, new or not.

        Returns:
            In how many pictures and models one was replaced by this call.

        Raises:
            ArtifactError: as `rename`.
        """
        name, asked = clean_tag(into), given_tags(tags)
        olds = tuple(self._existing(tag, asked, name) for tag in asked)
        return self._replace(tuple(tag for tag in olds if tag_key(tag) != tag_key(name)), name)

    def call(self, old: str, new: str) -> int:
        """Give a tag another name everywhere; if that is another tag's, the two are merged.

        Raises:
            ArtifactError: as `rename`.
        """
        is_other = tag_key(old) != tag_key(new) and new in self
        return self.merge([old], into=new) if is_other else self.rename(old, new)

    # --- what is done -----------------------------------------------------------------------------
    def _change(self, things: Any, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        paths, models = _sorted_out(things)
        pictures = [self._artifacts.picture_at(path) for path in paths]
        hashed = {self._registry.sha256(one): (one.kind, one.name) for one in models}
        if hashed:
            self.models.change(hashed, add=add, remove=remove)
        self._artifacts.annotate_all(pictures, add_tags=add, remove_tags=remove)

    def _replace(self, olds: Sequence[str], new: str) -> int:
        if not olds:
            return 0
        keys = {tag_key(tag) for tag in olds}
        self._begin(olds, new)

        def new_of(tag: str) -> str:
            return new if tag_key(tag) in keys else tag

        def update(old: Sidecar) -> Mapping[str, Any]:
            return {"tags": without_doubles(map(new_of, old.tags))}

        found = [name for old in olds for name in self._with_tag(old)]
        paths = [self._artifacts.folder / name for name in dict.fromkeys(found)]
        self._artifacts.change_all(paths, update)
        count = len(paths) + self.models.replace(new_of)
        self._end()
        return count

    def _with_tag(self, tag: str) -> list[str]:
        query = Query(tags=(tag,))
        return [*self._artifacts.names(query), *self._artifacts.names_in_bin(query)]

    def _existing(self, tag: str, asked: Sequence[str], into: str) -> str:
        """Return a tag as it is written.

        Raises:
            ArtifactError: there is none, and no change under way has replaced it.
        """
        known = list(self._counts(with_bin=True))
        for name in known:
            if tag_key(name) == tag_key(tag):
                return name
        if self._is_under_way(asked, into):
            return tag
        raise ArtifactError(f"there is no tag {shown(tag)}; {listed(tag, known)}").about("tags")

    def _counts(self, *, with_bin: bool = False) -> dict[str, int]:
        """Return all tags with their numbers, those of equal names together, in order."""
        counted: dict[str, Counter[str]] = {}
        sources = [self._artifacts.choices().tags, self.models.counts()]
        if with_bin:
            sources.append(self._artifacts.choices_in_bin().tags)
        for source in sources:
            for tag, count in source.items():
                counted.setdefault(tag_key(tag), Counter())[tag] += count
        together = {one.most_common(1)[0][0]: one.total() for one in counted.values()}
        return dict(sorted(together.items(), key=lambda item: (tag_key(item[0]), item[0])))

    # --- a change that is under way ---------------------------------------------------------------
    @property
    def _note(self) -> Path:
        return self._artifacts.folder / FOLDER / _CHANGE

    def _begin(self, olds: Sequence[str], new: str) -> None:
        content = json.dumps({"tags": list(olds), "into": new}, ensure_ascii=False, indent=2)
        try:
            write_whole(self._note, f"{content}\n".encode())
        except OSError as error:
            raise ArtifactError(
                f"tags cannot be renamed in {self._artifacts.folder} ({error.strerror or error}); "
                "check that you may write there"
            ) from error

    def _end(self) -> None:
        with suppress(OSError):  # it stands for nothing: all is renamed
            self._note.unlink(missing_ok=True)

    def _is_under_way(self, olds: Sequence[str], new: str) -> bool:
        """Return whether the last change was this one, and did not come to its end."""
        try:
            noted = json.loads(read_regular(self._note, 2**20))
            begun = {tag_key(tag) for tag in noted["tags"]}
            return tag_key(noted["into"]) == tag_key(new) and begun <= {*map(tag_key, olds)}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False


def _sorted_out(things: Any) -> tuple[list[Path | str], list[ModelInfo]]:
    """Return the paths of pictures and the models among things to tag.

    Raises:
        ArtifactError: one is neither.
    """
    if isinstance(things, ModelInfo):
        return [], [things]
    if isinstance(things, str | Path):
        return [things], []
    if isinstance(things, Artifact):
        return [things.path], []
    if (artifacts := getattr(things, "artifacts", None)) is not None:
        if not artifacts:
            message = "this run was made with save=False and has no files to tag"
            raise ArtifactError(message)
        return [one.path for one in artifacts], []
    if hasattr(things, "columns"):
        if "path" not in things.columns:
            message = "the table has no column 'path', which names the pictures"
            raise ArtifactError(message)
        return [path for path in things["path"] if isinstance(path, str | Path)], []
    if not isinstance(things, Iterable):
        raise ArtifactError(
            f"{shown(things)} is no picture and no model; give the path of a picture, a run, or a "
            "model of the listing"
        )
    paths, models = [], []
    for thing in things:
        more_paths, more_models = _sorted_out(thing)
        paths += more_paths
        models += more_models
    return paths, models
