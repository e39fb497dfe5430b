"""The remote side of the models shelf: search in a source, look at a model, download it.

The network is asked only when a person searches, opens a model, or downloads.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from medialab import Workbench
from medialab.errors import MediaLabError
from medialab.listing.notes import text_of_html
from widgets.guard import Show, guarded
from widgets.messages import text_of
from widgets.model_details import kind_title, size_text
from widgets.model_finder import (
    Filter,
    Found,
    FoundFile,
    FoundModel,
    FoundVersion,
    ModelFinder,
)

if TYPE_CHECKING:
    from medialab.infotext.restored_models import MissingModel
    from medialab.remote import RemoteSource
    from medialab.remote.download import Download
    from medialab.remote.listings import RemoteFile, RemoteModel, RemoteVersion, Results
    from medialab.remote.unfinished import Unfinished

_PAGE = 30  # models of one search
_MOST_TEXT = 4000  # characters of a description
_STATES = {"queued": "Waiting", "done": "Done", "cancelled": "Stopped", "failed": "Failed"}


class FinderPanel:
    """Connects the finder with the sources and the downloads of a workbench.

    Args:
        bench: the workbench, into whose models folder is downloaded.
        refresh: called when a model has come.
        show_error: shows a fault of ours; what a source says is told in the finder.

    Attributes:
        finder: the widget.
    """

    def __init__(self, bench: Workbench, refresh: Callable[[], object], show_error: Show) -> None:
        from medialab.remote.sources import SOURCES

        self._bench, self._refresh, self._show_error = bench, refresh, show_error
        self.finder = ModelFinder(
            [(name, source.title) for name, source in SOURCES.items()],
            {name: [_filter(one) for one in source.filters] for name, source in SOURCES.items()},
        )
        self._sources: dict[str, RemoteSource] = {}
        self._asked: tuple[str, str, Mapping[str, str]] = ("", "", {})
        self._found: dict[str, RemoteModel] = {}
        self._missing: dict[str, MissingModel] = {}
        self._cursor = ""
        self._versions: dict[str, RemoteVersion] = {}
        self._downloads: dict[str, Download] = {}
        self._ids: dict[int, str] = {}
        self._ended: set[str] = set()
        self._left: dict[str, Unfinished] = {}  # what earlier sessions have not brought
        self._is_listening = False
        self._lock = threading.Lock()
        acts: Mapping[str, Callable[..., object]] = {
            "search": self._search,
            "more": self._more,
            "open": self._open,
            "download": self._download,
            "of_download": self._change_download,
        }
        for name, act in acts.items():
            self.finder.on(name, guarded(act, self._say))

    def _say(self, error: BaseException, trace: str) -> None:
        if isinstance(error, MediaLabError):
            self.finder.told = text_of(error)
        else:
            self._show_error(error, trace)

    def _source(self, name: str) -> "RemoteSource":
        if name not in self._sources:
            self._sources[name] = self._bench.remote(name)
        return self._sources[name]

    def _later(self, busy: str, work: Callable[[], object]) -> None:
        """Ask the network on a thread of its own, so that the panel still answers.

        One question at a time: what is asked before the last answer came is not asked.
        """
        if self.finder.busy:
            return
        self.finder.told, self.finder.busy = "", busy

        def run() -> None:
            guarded(work, self._say)()
            self.finder.busy = ""

        self._apart(run)

    def _apart(self, work: Callable[[], object]) -> None:
        """Do what may take a while on a thread of its own, and tell what goes wrong."""
        threading.Thread(target=guarded(work, self._say), name="medialab-finder").start()

    # --- search ----------------------------------------------------------------------------------
    def _search(self, text: str, filters: Mapping[str, str]) -> None:
        name = self.finder.source
        source = self._source(name)

        def search() -> None:
            if _is_address(text):  # not words to search for
                self._show_referenced(source, text)
                return
            self._asked, self._found = (name, text, filters), {}
            self._take(source.search(text, limit=_PAGE, **filters))

        self._later(f"Asking {source.title}…", search)

    def offer(self, missing: "Sequence[MissingModel]") -> None:
        """List models that settings need and that are not here; a click asks CivitAI for one."""
        self.finder.source = "civitai"
        self._found, self._asked = {}, ("civitai", "", {})
        self._missing = {f"missing {at}": one for at, one in enumerate(missing)}
        self.finder.show_model(None)
        self.finder.show_found(
            [
                Found(identity, one.name or one.shown, f"{kind_title(one.kind)} · {one.shown}")
                for identity, one in self._missing.items()
            ],
            more=False,
        )
        self.finder.told = "The settings that were taken need these. A click asks CivitAI for one."

    def _look_up(self, missing: "MissingModel") -> None:
        source = self._source("civitai")

        def ask() -> None:
            if missing.hash:
                version = source.by_hash(missing.hash)
            else:
                version = source.version(missing.civitai)
            if version is None:
                self.finder.told = f"CivitAI does not know {missing.shown}."
                return
            self._show(source.model(version.model) if version.model else None, [version])

        self._later(f"Asking {source.title}…", ask)

    def _more(self) -> None:
        name, text, filters = self._asked
        source = self._source(name)
        self._later(
            f"Asking {source.title}…",
            lambda: self._take(source.search(text, limit=_PAGE, cursor=self._cursor, **filters)),
        )

    def _take(self, results: "Results") -> None:
        self._cursor = results.cursor
        self._found |= {one.key: one for one in results}
        found = [Found(key, one.name, _line(one), _tags(one)) for key, one in self._found.items()]
        self.finder.show_found(found, more=bool(results.cursor))
        if not found:
            self.finder.told = "Nothing was found. Try fewer words, or other filters."
        elif results.left_out:
            left_out = len(results.left_out)
            models = "1 model" if left_out == 1 else f"{left_out} models"
            self.finder.told = f"Left out, since they could not be read: {models}."

    def _show_referenced(self, source: "RemoteSource", text: str) -> None:
        from medialab.remote.listings import RemoteFile

        found = source.find(text.strip())
        if found is None:
            self.finder.told = f"That is not an address of {source.title}."
            return
        version = source.version(found.version) if isinstance(found, RemoteFile) else found
        self._show(source.model(version.model) if version.model else None, [version])

    # --- one model -------------------------------------------------------------------------------
    def _open(self, identity: str) -> None:
        if identity in self._missing and not self._found:
            self._look_up(self._missing[identity])
            return
        model = self._found.get(identity)
        if model is None:
            self.finder.show_model(None)
            return
        source = self._source(model.source)
        self._later(f"Asking {source.title}…", lambda: self._show(source.model(identity), []))

    def _show(self, model: "RemoteModel | None", versions: "Sequence[RemoteVersion]") -> None:
        """Show a model; its versions with files, those given first."""
        own = {one.key: one for one in [*versions, *(model.versions if model else ())]}
        whole = {one.key: one for one in versions}
        newest = next(iter(own.values()), None)
        if newest is not None and not (whole.get(newest.key) or newest).files:
            own[newest.key] = newest.source.version(newest.key)
        self._versions = own
        first = model or newest
        if first is None:
            self.finder.told = "It has no version that can be downloaded."
            return
        self.finder.show_model(
            FoundModel(
                id=model.key if model else "",
                name=model.name if model else getattr(first, "model_name", first.name),
                facts=tuple(_facts(model)) if model else (),
                about=text_of_html(model.description)[:_MOST_TEXT] if model else "",
                page=first.page,
                versions=tuple(map(_version, own.values())),
            )
        )

    # --- downloads -------------------------------------------------------------------------------
    def _download(self, version_key: str, file_key: str) -> None:
        version = self._versions[version_key]

        def start() -> None:
            chosen = version if version.files else version.source.version(version.key)
            file = next((one for one in chosen.files if one.key == file_key), None)
            self.listen()
            self._bench.download(file if file is not None else chosen, preview=True)

        # Beside whatever is asked just now: a click on Download is never lost.
        self._apart(start)

    def listen(self) -> None:
        """Show the downloads of the workbench from now on."""
        with self._lock:
            if not self._is_listening:
                self._is_listening = True
                self._bench.downloads.listen(self._downloads_changed)
                left = self._bench.downloads.unfinished()
                self._left = {f"left {at}": one for at, one in enumerate(left)}
        self._draw_downloads()

    def _downloads_changed(self, download: "Download") -> None:
        self._draw_downloads()
        if download.state == "done" and self._ids.get(id(download)) not in self._ended:
            self._ended.add(self._ids[id(download)])
            guarded(self._refresh, self._say)()

    def _draw_downloads(self) -> None:
        with self._lock:
            rows = []
            for one in list(self._bench.downloads):
                identity = self._ids.setdefault(id(one), str(len(self._ids) + 1))
                self._downloads[identity] = one  # kept, so that its id is not another's
                rows.append([identity, one.name, *_progress(one)])
            for identity, left in self._left.items():
                told = f"Left unfinished · {size_text(left.done)}"
                rows.append([identity, left.name, "left", left.done, left.total or -1, told, ""])
        self.finder.downloads = rows

    def _change_download(self, action: str, identity: str) -> None:
        if action == "forget":
            self._bench.downloads.forget_ended()
        elif action == "resume" and (left := self._left.pop(identity, None)) is not None:
            self._apart(lambda: self._bench.download(left))
        elif (download := self._downloads.get(identity)) is not None:
            {
                "cancel": download.cancel,
                "resume": download.resume,
                "discard": download.discard,
            }[action]()
        self._draw_downloads()


def _filter(one: object) -> Filter:
    return Filter(one.name, one.title, one.choices, one.default)  # type: ignore[attr-defined]


def _is_address(text: str) -> bool:
    beginnings = ("http://", "https://", "urn:air:", "hf://", "civitai.", "www.civitai.")
    return text.strip().lower().startswith((*beginnings, "huggingface.co/"))


def _line(model: "RemoteModel") -> str:
    kind = kind_title(model.kind) if model.kind else model.type_said
    counted = "" if model.downloads is None else f"{model.downloads:,} downloads"
    size = "" if model.size_bytes is None else size_text(model.size_bytes)
    return " · ".join(filter(None, [kind, model.base_model, size, counted]))


def _tags(model: "RemoteModel") -> str:
    return " · ".join(model.tags[:6])


def _facts(model: "RemoteModel") -> list[tuple[str, str]]:
    facts = [
        ("Kind", kind_title(model.kind) if model.kind else model.type_said),
        ("By", model.creator),
        ("Licence", model.licence),
        ("Downloads", "" if model.downloads is None else f"{model.downloads:,}"),
        ("Content", "Not for everyone, says its source" if model.is_mature else ""),
    ]
    return [(label, value) for label, value in facts if value]


def _version(version: "RemoteVersion") -> FoundVersion:
    published = version.published
    facts = [
        ("Made for", version.base_model),
        ("Published", f"{published:%d %B %Y}".lstrip("0") if published else ""),
        ("Licence", version.licence),
    ]
    files = version.files
    if version.is_folder and files:
        total = sum(one.size_bytes or 0 for one in files)
        count = "1 file" if len(files) == 1 else f"{len(files)} files"
        listed = [FoundFile("", f"The whole folder, {count}", size_text(total))]
    else:
        listed = [_file(one) for one in files] or [FoundFile("", "Its main file", "")]
    return FoundVersion(
        key=version.key,
        name=version.name or version.key,
        facts=tuple((label, value) for label, value in facts if value),
        words=version.trained_words,
        about=text_of_html(version.description)[:_MOST_TEXT],
        restricted=version.restricted,
        files=tuple(listed),
    )


def _file(file: "RemoteFile") -> FoundFile:
    size = "" if file.size_bytes is None else size_text(file.size_bytes)
    about = " · ".join(filter(None, [file.format, file.precision, size]))
    return FoundFile(file.key, file.name, about, file.refused or "")


def _progress(one: "Download") -> tuple[str, int, int, str, str]:
    """Return a download's state, bytes done and in all, its line, and its error."""
    from medialab.remote.answers import in_words

    total = -1 if one.total is None else one.total
    parts = [size_text(one.done) + (f" of {size_text(total)}" if total > 0 else "")]
    if one.state == "running":
        if one.speed:
            parts.append(f"{size_text(int(one.speed))}/s")
        if one.seconds_left is not None:
            parts.append(f"{in_words(one.seconds_left)} left")
    else:
        parts.insert(0, _STATES[one.state])
    if one.told:
        parts.append(one.told)
    error = "" if one.error is None else text_of(one.error)
    return one.state, one.done, total, " · ".join(parts), error if one.state == "failed" else ""
