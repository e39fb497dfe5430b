"""What a form is made of, over a few checkpoints that are told apart by their names."""

from types import SimpleNamespace

from widgets.catalogue import AvailableNames


class Catalogue:
    infos = (
        SimpleNamespace(
            name="paperdoll",
            kind="checkpoint",
            family="paperdoll",
            variant="",
            edition="",
            editions=(),
            refused=None,
        ),
    )
    trigger_words = {}  # noqa: RUF012 - as the catalogue has it

    def of(self, kind):
        return AvailableNames(("paperdoll",) if kind == "checkpoint" else ())


class Defaults:
    """`flow` runs one sampler and follows no ControlNet, `told` is told a guidance."""

    def picture(self, _checkpoint):
        return {"steps": 4, "sampler": "LCM"}

    def native_size(self, _checkpoint):
        return 128

    def is_untold(self, checkpoint):
        return checkpoint != "told"

    def samplers(self, checkpoint):
        return {"DDIM": ("automatic", "simple")} if checkpoint == "flow" else {}

    def detailer(self, checkpoint):
        return {"denoising_strength": 0.6 if checkpoint == "paperdoll" else 0.4}

    def editing(self, _checkpoint):
        return {"references": "It reads one picture."}

    def limits(self, checkpoint):
        alone = dict.fromkeys(("guidance_scale", "negative_prompt"), "It follows the prompt alone.")
        told = {
            "flow": {"control": "It follows none."},
            "distilled": alone,
            "slow": {"step_cache": "Every step is in full.", "weight_dtype": "They stay so."},
        }
        return told.get(checkpoint, {})

    def why_not_after(self, first, other):
        return "Its latents are others." if (first == "flow") != (other == "flow") else ""

    def why_not_in(self, stage, checkpoint):
        return "It does not edit." if (stage, checkpoint) == ("instruct", "flow") else ""
