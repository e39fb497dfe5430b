"""The Batch tab: many prompts, one per line, each with a range of seeds; every pair is one job."""

from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import ipywidgets as ipw

from medialab import PipelineConfig
from medialab.errors import ConfigError
from medialab.prompts.lines import read_lines
from medialab.settings.fields import LARGEST_SEED, RANDOM_SEED
from widgets.button import make_button
from widgets.guard import Show, guarded
from widgets.messages import text_of
from widgets.whole_number import WholeNumber

MOST_JOBS = 1000  # more is a typing error, or work for a sweep in a notebook
_HINT = (
    "Write one prompt per line. A line may have its own flags, as in A1111: "
    "<code>--prompt a cat --steps 30 --seed 7</code>. All other settings are those below."
)


class BatchPanel(ipw.VBox):
    """A field of prompts and a range of seeds.

    Args:
        base: returns the settings of the form, as `PipelineConfig.parse` takes them.
        submit: called with the config of each job.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        base: Callable[[], dict[str, Any]],
        submit: Callable[[PipelineConfig], object],
        show_error: Show,
    ) -> None:
        self._base, self._submit = base, submit
        self.prompts = ipw.Textarea(rows=8, placeholder="a cat\na dog in the snow")
        self.prompts.description = "Prompts"
        self.first = WholeNumber(value=1, min=RANDOM_SEED, max=LARGEST_SEED)
        self.first.description = "First seed"
        self.first.tooltip = "-1: a new random seed for each picture"
        self.count = ipw.BoundedIntText(value=1, min=1, max=MOST_JOBS)
        self.count.description = "Seeds per prompt"
        for name, control in {
            "batch-prompts": self.prompts,
            "batch-first": self.first,
            "batch-count": self.count,
        }.items():
            control.add_class("mls-field")
            control.add_class(f"mls-{name}")
            control.observe(guarded(lambda _: self._tell(), show_error), "value")
        seeds = ipw.HBox([self.first, self.count])
        seeds.add_class("mls-pair")
        self.said = ipw.HTML()
        self.queue = make_button("queue-batch", self.queue_all, show_error, label="Generate")
        hint = ipw.HTML(f'<p class="mls-quiet">{_HINT}</p>')
        super().__init__([self.prompts, hint, seeds, self.said, self.queue])
        self.add_class("mls-batch")
        self._tell()

    def configs(self) -> list[PipelineConfig]:
        """Return the config of each job, validated.

        Raises:
            ConfigError: a line cannot be read, a setting is invalid, or there are too many jobs.
        """
        lines = read_lines(self.prompts.value)
        if not lines:
            message = "no prompts: write one per line"
            raise ConfigError(message)
        jobs = sum(1 for line in lines for _ in self._seeds(line))
        if jobs > MOST_JOBS:
            message = f"{jobs} pictures are more than {MOST_JOBS}; take fewer seeds or prompts"
            raise ConfigError(message)
        base = self._base()
        return [
            PipelineConfig.parse({**base, **line, "seed": seed})
            for line in lines
            for seed in self._seeds(line)
        ]

    def queue_all(self) -> int:
        """Queue all jobs, or none if one is invalid, and return their number.

        Raises:
            ConfigError: as `configs`.
        """
        configs = self.configs()
        for config in configs:
            self._submit(config)
        self.said.value = f'<p role="status">{len(configs)} queued.</p>'
        return len(configs)

    def _seeds(self, line: dict[str, Any]) -> Iterator[int]:
        """Yield the seeds for a line: its own `--seed` if it has one, otherwise the range."""
        if "seed" in line:
            yield line["seed"]
            return
        for number in range(self.count.value):
            first = self.first.value
            yield first if first == RANDOM_SEED else (first + number) % (LARGEST_SEED + 1)

    def _tell(self) -> None:
        try:
            lines = read_lines(self.prompts.value)
        except ConfigError as error:
            self.said.value = f'<p role="alert">{escape(text_of(error))}</p>'
            return
        jobs = sum(1 for line in lines for _ in self._seeds(line))
        plural = "" if jobs == 1 else "s"
        self.said.value = ""
        self.queue.description = f"Generate {jobs} picture{plural}" if jobs else "Generate"
        self.queue.disabled = not jobs
