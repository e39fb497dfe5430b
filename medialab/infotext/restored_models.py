"""Chooses the models for settings that were read: each by its hash, then by its name.

A file with the same name but different content is not used; the user is told so, and which model is
used instead.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, MediaLabError
from medialab.infotext.hashes import CHECKPOINT, VAE
from medialab.infotext.model_matches import Match, Matcher
from medialab.infotext.renamed_models import name_rule, renamed
from medialab.listing.info import kind_in_words
from medialab.process.memory import gigabytes
from medialab.prompts import mentions, take_loras, written_tags
from medialab.settings.fields import NameOf, StageConfig

# Kinds of models that stages name, in words for the user.
_LABELS = {"checkpoint": "checkpoint", "vae": "VAE", "upscaler": "upscaler"}
_STAGES = {"refiner": "hires fix"}


@dataclass(frozen=True)
class MissingModel:
    """A model that the settings need and that is not here.

    Attributes:
        kind: Its kind, such as "checkpoint" or "lora".
        name: Its name in the settings; empty if only its hash is known.
        hash: Its hash, at least 8 hex digits in lower case, as CivitAI can be asked for it; empty
            if the settings hold none.
        civitai: The number of its version at CivitAI; empty if unknown.
    """

    kind: str
    name: str
    hash: str = ""
    civitai: str = ""

    @property
    def shown(self) -> str:
        """The model in words, with what it can be asked for by."""
        by = f"hash {self.hash[:12]}" if self.hash else f"version {self.civitai}"
        named = " ".join(filter(None, (kind_in_words(self.kind), self.name)))
        return f"{named} ({by})" if self.hash or self.civitai else named


class ModelChooser:
    """Chooses the models of one text.

    Attributes:
        notes: Models that were found under another name, in words for the user.
        left_out: Models that were not found, and why.
        missing: Models that were not found, as they can be asked for elsewhere.
        has_checkpoint: Whether the text's own checkpoint was found.
    """

    def __init__(
        self,
        hashes: Mapping[str, str],
        matcher: Matcher,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        self._hashes, self._matcher, self._versions = hashes, matcher, versions or {}
        self._by_key = {key.casefold(): sha for key, sha in hashes.items()}
        self.notes: list[str] = []
        self.left_out: dict[str, str] = {}
        self.missing: list[MissingModel] = []
        self.has_checkpoint = False

    def chosen(self, settings: Mapping[str, Any], kept: str) -> PipelineConfig:
        """Return the settings with the models that are meant.

        Args:
            settings: The settings that were read.
            kept: The checkpoint to use if the text's own is not here.
        """
        name, sha = settings.get("checkpoint"), self._hashes.get(CHECKPOINT)
        for kind, own in (("checkpoint", name), ("vae", settings.get("vae"))):
            if own and kind in self._hashes:  # a stage may name the same file
                self._by_key.setdefault(f"{kind}/{own}".casefold(), self._hashes[kind])
        match = self._match("checkpoint", name, sha)
        found = self._accepted("Model", "checkpoint", name, sha, match)
        self.has_checkpoint = found is not None
        if found is None and "Model" in self.left_out:
            self.left_out["Model"] += f"; {kept!r} is kept"
        config = PipelineConfig.parse({**settings, "checkpoint": found or kept})
        config = self._with_vae(config)
        config = self._with_loras(config)
        config = self._with_inversions(config)
        return self._with_other_models(config)

    def _with_vae(self, config: PipelineConfig) -> PipelineConfig:
        """Choose the base's VAE; if it is not here, the checkpoint's own."""
        sha = self._hashes.get(VAE)
        if not config.vae and sha is None:
            return config
        match = self._match("vae", config.vae or None, sha)
        found = self._accepted("VAE", "vae", config.vae or None, sha, match)
        if found is None:
            self.left_out["VAE"] += "; the checkpoint's own is used"
        return config.changed(vae=found or "")

    def _with_loras(self, config: PipelineConfig) -> PipelineConfig:
        names: dict[str, str | None] = {}
        for name in sorted(_lora_names(config)):
            sha = self._hash_of("lora", name)
            match = self._match("lora", name, sha)
            found = self._accepted(f"LoRA {name}", "lora", name, sha, match)
            if found is not None and found != name:
                names[name] = found
            elif match.is_other:
                names[name] = None
                self.left_out[f"LoRA {name}"] += "; its tag is removed"
        config = renamed(config, "lora", names)
        for text in config.texts():
            try:
                take_loras(text)
            except ConfigError as error:
                self.notes.append(f"the prompt cannot be drawn as it is: {error}")
        tagged = [tag for text in config.texts() for tag in written_tags(text)]
        named = [tag.strip("<>").split(":")[1].strip() for tag in tagged]
        used = {_bare(one) for one in (*_lora_names(config), *named)}
        for key in self._hashes:
            kind, _, name = key.partition("/")
            if kind == "lora" and not self._is_used(name, used):
                self._explain_unused(name)
        return config

    def _is_used(self, name: str, used: Set[str]) -> bool:
        match = self._match("lora", name, self._hashes[f"lora/{name}"])
        named = {name} | ({match.found.name} if match.found else set())
        return bool({_bare(one) for one in named} & used) or f"LoRA {name}" in self.left_out

    def _explain_unused(self, name: str) -> None:
        sha = self._hashes[f"lora/{name}"]
        found = self._match("lora", name, sha).found
        here = f"<lora:{found.name}:1> in the prompt adds it" if found else "it is not here"
        self.left_out[f"LoRA {name}"] = (
            f"its hash {sha[:12]} is given, but the prompt does not use it; {here}"
        )

    def _with_inversions(self, config: PipelineConfig) -> PipelineConfig:
        names: dict[str, str | None] = {}
        for key in dict.fromkeys((*self._hashes, *self._versions)):
            sha = self._hashes.get(key)
            kind, _, name = key.partition("/")
            if kind != "embedding" or not any(mentions(name, text) for text in config.texts()):
                continue
            match = self._match("embedding", name, sha)
            found = self._accepted(f"embedding {name}", "embedding", name, sha, match)
            if found is not None and found != name:
                names[name] = found
            elif match.is_other:
                self.left_out[f"embedding {name}"] += "; remove its name, or get the other file"
        return renamed(config, "embedding", names)

    def _with_other_models(self, config: PipelineConfig) -> PipelineConfig:
        """Choose the models of stages and control units; unset a setting whose model is missing."""
        names: dict[str, dict[str, str | None]] = {}
        for stage, setting, rule, name in _named_in(config):
            sha = self._hash_of(rule.kind, name)
            if sha is None and name in rule.also:
                continue
            label = _LABELS.get(rule.kind, rule.kind)
            item = f"{label} of {_STAGES.get(stage, stage)}" if stage else setting.replace("_", " ")
            match = self._match(rule.kind, name, sha)
            found = self._accepted(item, rule.kind, name, sha, match)
            if found is not None and found != name:
                names.setdefault(rule.kind, {})[name] = found
            elif found is None:
                usual, words = _unset(config, stage, setting)
                self.left_out[item] += words
                config = config.changed(**usual)
        for name in {unit.model for unit in config.control}:
            sha = self._hash_of("controlnet", name)
            match = self._match("controlnet", name, sha)
            found = self._accepted(f"ControlNet {name}", "controlnet", name, sha, match)
            if found is not None and found != name:
                names.setdefault("controlnet", {})[name] = found
        own = {"checkpoint": config.checkpoint, "vae": config.vae}  # chosen by their own hashes
        for kind, others in names.items():
            config = renamed(config, kind, others)
        return config.changed(**own) if names else config

    def _match(self, kind: str, name: str | None, sha: str | None) -> Match:
        """Find a model by its hash, else by its version at CivitAI, else by its name."""
        match = self._matcher.match(kind, name, sha)
        version = self._version_of(kind, name)
        if version and (sha is None or match.found is None):
            found = self._matcher.of_version(kind, version)
            return match if found is None else Match(found, match.named)
        return match

    def _accepted(
        self, item: str, kind: str, name: str | None, sha: str | None, match: Match
    ) -> str | None:
        """Return the name of the model to use, and note any difference; None if it is not here.

        Args:
            item: The key for `left_out`.
            kind: The kind of model.
            name: The name in the text; None if it has none.
            sha: The hash in the text; None if it has none.
            match: The result of the search.
        """
        digits, version = (sha or "")[:12], self._version_of(kind, name)
        with_hash = f" with hash {digits}" if sha else ""
        by = f"hash {digits}" if sha else f"version {version} at CivitAI"
        shown = kind_in_words(kind)
        if match.found is not None:
            if name is not None and match.found is not match.named:
                also = "" if match.named is None else f"; the file named {name!r} is another one"
                self.notes.append(
                    f"{shown} {name!r} is here as {match.found.name!r}, by its {by}{also}"
                )
            elif name is None:
                self.notes.append(f"{shown} {match.found.name!r} is found by its {by}")
            return match.found.name
        if match.named is not None and match.unread:
            self.notes.append(
                f"{shown} {match.named.name!r} is taken by its name: its content was not compared "
                f"with hash {digits} ({gigabytes(match.unread)} to read)"
            )
            return match.named.name
        if name is not None or sha is not None:
            self.missing.append(MissingModel(kind, name or "", sha or "", version))
        if match.named is not None:
            its = self._matcher.sha256(match.named)[:10]
            self.left_out[item] = (
                f"the {shown} named {name!r} here is another file (hash {its}), "
                f"not the one{with_hash}"
            )
        elif name is not None or sha is not None:
            called = "" if name is None else f" {name!r}"
            unread = f"; {gigabytes(match.unread)} were not compared" if match.unread else ""
            with_hash = with_hash or (f" (version {version} at CivitAI)" if version else "")
            if why := self._matcher.refusal(kind, name):
                self.left_out[item] = f"the {shown}{called} here cannot be used: {why}"
            else:
                self.left_out[item] = f"no {shown}{called}{with_hash} here{unread}"
        return None

    def _version_of(self, kind: str, name: str | None) -> str:
        key = kind if kind in {CHECKPOINT, VAE} else f"{kind}/{name}"
        return self._versions.get(key, "")

    def _hash_of(self, kind: str, name: str) -> str | None:
        """Return the hash given for a name; in lists, names are without commas and colons."""
        keys = (f"{kind}/{name}", f"{kind}/{_bare(name)}")
        return next((sha for key in keys if (sha := self._by_key.get(key.casefold()))), None)


def _named_in(config: PipelineConfig) -> list[tuple[str, str, NameOf, str]]:
    """Return stage, setting, rule and name of each model named besides the picture's own."""
    parts = {"": config} | {name: part for name, part in config if isinstance(part, StageConfig)}
    found = []
    for stage, part in parts.items():
        for setting, field in type(part).model_fields.items():
            rule, value = name_rule(field), getattr(part, setting)
            is_own = not stage and setting in {"checkpoint", "vae"}
            if rule and rule.kind in _LABELS and isinstance(value, str) and value and not is_own:
                found.append((stage, setting, rule, value))
    return found


def _unset(config: PipelineConfig, stage: str, setting: str) -> tuple[dict[str, Any], str]:
    """Return the change that resets a setting to its default, and a description of it."""
    part = getattr(config, stage) if stage else config
    usual = "" if setting == "vae" else type(part).model_fields[setting].default
    change = {stage: part.model_copy(update={setting: usual})} if stage else {setting: usual}
    if setting == "vae":
        return change, "; the checkpoint's own is used"
    return change, f"; {usual} is used" if usual else "; the picture's own is used" if stage else ""


def _lora_names(config: PipelineConfig) -> set[str]:
    try:
        return config.lora_names()
    except MediaLabError:  # an invalid tag, which is reported when the request is made
        return set()


def _bare(name: str) -> str:
    return re.sub("[,:]", "", name).casefold()
