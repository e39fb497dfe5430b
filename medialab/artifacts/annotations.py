"""Tags and stars of saved pictures, which are kept in their sidecars."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from medialab.artifacts.library import PictureLibrary
from medialab.artifacts.publishing import advice, replacing
from medialab.artifacts.sidecar import Artifact, Sidecar
from medialab.artifacts.tag_names import changed_tags, clean_tags, given_tags
from medialab.errors import ArtifactError

_SIDECAR_BYTES = 16 * 2**10  # about; that of a long request is larger


class AnnotatedPictures(PictureLibrary):
    """The pictures of one outputs folder, whose tags and stars can be changed."""

    def annotate(
        self, path: Path | str, *, tags: Sequence[str] | None = None, stars: int | None = None
    ) -> Artifact:
        """Set the tags or the stars of a picture, in its sidecar.

        Args:
            path: The picture or its sidecar.
            tags: The new tags, in place of the old ones; None leaves them.
            stars: 0 to 5; None leaves them.

        Raises:
            ArtifactError: a tag is not possible, or the sidecar could not be changed; it is
                unchanged.
        """
        _check_stars(stars)
        changes = {"tags": None if tags is None else clean_tags(tags), "stars": stars}
        update = {name: value for name, value in changes.items() if value is not None}
        return self._change(path, lambda _: update)

    def annotate_all(
        self,
        paths: Iterable[Path | str],
        *,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
        stars: int | None = None,
    ) -> list[Artifact]:
        """Add tags to many pictures, remove some from them, or set their stars.

        Args:
            paths: The pictures or their sidecars.
            add_tags: Tags that all of them have afterwards.
            remove_tags: Tags that none of them has afterwards; capitals do not count.
            stars: 0 to 5; None leaves them.

        Raises:
            ArtifactError: a tag is not possible, and no picture is changed; or some could not be
                changed: all others are, and the message names the first.
        """
        _check_stars(stars)
        added, unwanted = clean_tags(add_tags), given_tags(remove_tags)

        def update(old: Sidecar) -> Mapping[str, Any]:
            tags = changed_tags(old.tags, added, unwanted)
            return {"tags": tags, "stars": old.stars if stars is None else stars}

        return self.change_all(paths, update)

    def change_all(
        self, paths: Iterable[Path | str], changes_for: Callable[[Sidecar], Mapping[str, Any]]
    ) -> list[Artifact]:
        """Change the sidecars of many pictures; one that would stay as it is is not written.

        Args:
            paths: The pictures or their sidecars, those in the bin too.
            changes_for: Returns the new values of a sidecar's tags or stars.

        Raises:
            ArtifactError: some could not be changed; all others are, and the message names the
                first.
        """
        changed, failed = [], []
        for path in paths:
            try:
                changed.append(self._change(path, changes_for))
            except ArtifactError as error:
                failed.append(error)
        if failed:
            count = len(changed) + len(failed)
            raise ArtifactError(f"{len(failed)} of {count} pictures not annotated: {failed[0]}")
        return changed

    def _change(
        self, path: Path | str, changes_for: Callable[[Sidecar], Mapping[str, Any]]
    ) -> Artifact:
        """Change a sidecar; nothing is written if nothing is new."""
        picture = self.picture_at(path)
        sidecar = picture.with_suffix(".json")

        def change() -> Sidecar:
            with replacing(sidecar) as replace:
                old = Sidecar.read(sidecar)
                new = old.model_copy(update=dict(changes_for(old)))
                if new != old:
                    replace(new.encode())
            return new

        try:
            changed = self._written(_SIDECAR_BYTES, change)
        except OSError as error:
            raise ArtifactError(f"{picture.name} not annotated: {advice(error)}") from error
        return Artifact.of(picture, changed)


def _check_stars(stars: int | None) -> None:
    if stars is not None and stars not in range(6):
        raise ArtifactError(f"stars={stars}: choose 0 to 5")
