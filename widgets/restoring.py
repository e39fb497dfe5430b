"""Imported settings, and the message on the panel that reports them."""

from html import escape

from medialab import PipelineConfig, Workbench
from medialab.infotext.foreign_texts import UNKNOWN
from medialab.infotext.items import A1111
from medialab.infotext.reader import OURS
from medialab.infotext.restored import ReadSettings
from medialab.infotext.restored import restore as restore_here
from medialab.infotext.text import Parsed

# Bytes of models that a drop or a paste may read to compare their hashes: some seconds.
MAY_READ = 2**29


class Restored:
    """Imported settings: `config` for the form, `left_out` with the reason for each omission."""

    def __init__(self, read: ReadSettings) -> None:
        self.read = read
        self.config, self.left_out = read.config, read.left_out

    def html(self, what: str) -> str:
        """Return a report as HTML: settings taken, settings changed, settings omitted and why.

        Args:
            what: the source's name in the report.
        """
        done = f"No settings were taken from {escape(what)}."
        if self.read.set:
            all_of = "All settings" if self.read.is_whole else "Settings"
            program = self.read.program
            # Many programs write A1111's text, and not all of them say who they are.
            by = f", in {A1111}'s form" if program == A1111 else f", which {program} wrote"
            of = what if program in {OURS, UNKNOWN} else f"{what}{by}"
            done = f"{all_of} taken from {escape(of)}: {escape(', '.join(self.read.set))}."
        notes = [escape(f"{note[:1].upper()}{note[1:]}.") for note in self.read.notes]
        reasons = [
            f"<b>{escape(name)}</b> is not set: {escape(why)}"
            for name, why in self.left_out.items()
        ]
        lines = "".join(f"<li>{line}</li>" for line in (*notes, *reasons, *self._offers()))
        return f"{done}<ul>{lines}</ul>" if lines else done

    def _offers(self) -> list[str]:
        """Return which models can be looked for elsewhere; nothing is asked by itself."""
        known = [one.shown for one in self.read.missing if one.hash or one.civitai]
        told = escape(", ".join(known))
        where = "look under Models, Find more models"
        return [f"CivitAI may have what is missing: {told}; {where}."] if known else []


def restore(parsed: Parsed, now: PipelineConfig, bench: Workbench) -> Restored:
    """Fit the settings of a text to the models on this machine.

    Settings that the text does not contain have their default.

    Args:
        parsed: the parsed text.
        now: the present request; its checkpoint is used if the text's is missing here.
        bench: the workbench with the models and pictures.
    """
    read = restore_here(parsed, bench.registry, bench.pictures, now=now, may_read=MAY_READ)
    return Restored(read)
