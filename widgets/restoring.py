"""What was read of a picture or a text, as the panel takes it and tells of it."""

from html import escape

from medialab import PipelineConfig, Workbench
from medialab.infotext.restored import ReadSettings
from medialab.infotext.restored import restore as restore_here
from medialab.infotext.text import Parsed

# Bytes of models that a drop or a paste may read to compare their hashes: some seconds.
MAY_READ = 2**29


class Restored:
    """Settings that were read, for the form, and what to say of them.

    `config` is what the form is to show, `left_out` what could not be taken over, with the reason.
    """

    def __init__(self, read: ReadSettings) -> None:
        self.read = read
        self.config, self.left_out = read.config, read.left_out

    def html(self, what: str) -> str:
        """What was done, for a person: what is set, what was changed, what is not set and why."""
        done = f"No settings were taken from {escape(what)}."
        if self.read.set:
            all_of = "All settings" if self.read.is_whole else "Settings"
            done = f"{all_of} taken from {escape(what)}: {escape(', '.join(self.read.set))}."
        notes = [escape(f"{note[:1].upper()}{note[1:]}.") for note in self.read.notes]
        reasons = [
            f"<b>{escape(name)}</b> is not set: {escape(why)}"
            for name, why in self.left_out.items()
        ]
        lines = "".join(f"<li>{line}</li>" for line in (*notes, *reasons))
        return f"{done}<ul>{lines}</ul>" if lines else done


def restore(parsed: Parsed, now: PipelineConfig, bench: Workbench) -> Restored:
    """The settings of a text on this machine; a checkpoint that is not here stays as it is.

    What the text does not say is at its default; `now` has the checkpoint that is chosen.
    """
    read = restore_here(parsed, bench.registry, bench.pictures, now=now, may_read=MAY_READ)
    return Restored(read)
