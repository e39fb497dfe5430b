"""Every sampler with every schedule it offers, against denoisers whose answers are known exactly.

Where there is one picture only, each of these methods is exact at any number of steps: before each
call of the denoiser there must be as much noise as it is told. Where pictures are a bell curve, the
result is known too, and a method comes to it as its steps grow.
"""

import inspect
from functools import cache
from types import SimpleNamespace

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionImg2ImgPipeline

from medialab.errors import ConfigError
from medialab.settings.samplers import SAMPLERS, SCHEDULES, check
from medialab.settings.schedulers import DIVIDE_BY_NOTHING, KNOW_ZERO_SNR, make_scheduler
from medialab.settings.steps import planned

PAIRS = [
    (sampler, schedule) for sampler, method in SAMPLERS.items() for schedule in method.schedules
]
TRAINED = dict(
    DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    ).config
)
ALPHAS = DDIMScheduler.from_config(TRAINED).alphas_cumprod.double()
LOG_SIGMAS = ((1 - ALPHAS) / ALPHAS).sqrt().log()
# Steps and strength (None: from noise), and whether as many are run as are set.
CASES = [
    *((steps, None, False) for steps in (1, 2, 7, 33)),
    *((20, strength, False) for strength in (1 / 122, 1 / 61, 0.15)),
    *((7, 1.0, False), (30, 0.1, False), (31, 0.4, False), (1, 0.7, False)),
    *((7, 0.3, True), (1, 0.1, True)),
]
# torchsde is asked for a hair more than it has; samplers.py says why that is no matter.
pytestmark = pytest.mark.filterwarnings("ignore:Should have t[ab]:UserWarning")
SHAPE = (1, 4, 24, 24)
PICTURE = 0.4
# Of noise that is drawn: 2,304 values know their own spread to 1.5 %.
DRAWN = 0.06
# The multistep solvers tell the denoiser whole training steps, up to half a step off; near the
# clean end, where a step is a third of the noise, what one call gets wrong is seen at the next.
ROUNDED = {"DPM++ 2M": 0.12, "DPM++ 2M SDE": 0.12, "UniPC": 0.12, "DEIS": 0.12}


def sigma_of(timestep):
    """The noise that the denoiser is told of, in units of the picture's spread."""
    low = min(max(int(timestep), 0), len(ALPHAS) - 2)
    return float(torch.lerp(LOG_SIGMAS[low], LOG_SIGMAS[low + 1], float(timestep) - low).exp())


@cache
def scheduler_of(sampler, schedule, is_one_step):
    return make_scheduler(sampler, schedule, TRAINED, seed=1, steps=1 if is_one_step else None)


class Run:
    """One denoising as diffusers' own pipelines begin it, of pictures N(0.4, `spread`²)."""

    def __init__(self, sampler, schedule, steps, strength=None, exact=False, spread=0.0):
        self.plan = planned(sampler, schedule, steps, strength, exact=exact)
        spacing = SAMPLERS[sampler].schedules[schedule]
        differs = self.plan.total == 1 and spacing.arguments_for(1) != spacing.arguments
        self.scheduler = scheduler_of(sampler, schedule, differs)
        self.is_from_noise = strength is None
        self.is_consistent = sampler == "LCM"
        self.spread = spread
        self.generator = torch.Generator().manual_seed(5)

    def noise(self):
        return torch.randn(SHAPE, generator=self.generator, dtype=torch.float64)

    def begin(self):
        """The first latents and the timesteps."""
        scheduler, plan = self.scheduler, self.plan
        scheduler.set_timesteps(plan.total)
        noise = self.noise()
        if self.is_from_noise:
            return noise * scheduler.init_noise_sigma, scheduler.timesteps
        timesteps, run = StableDiffusionImg2ImgPipeline.get_timesteps(
            SimpleNamespace(scheduler=scheduler), plan.total, plan.strength, "cpu"
        )
        assert run == plan.run
        picture = PICTURE + self.spread * self.noise()
        return scheduler.add_noise(picture, noise, timesteps[:1]), timesteps

    def answer(self, noisy, sigma):
        """What the denoiser makes of a noisy picture: the likeliest, or for LCM where it leads."""
        share = self.spread**2 / (self.spread**2 + sigma**2)
        share = share**0.5 if self.is_consistent else share
        return PICTURE + (noisy - PICTURE) * share

    def calls(self):
        """For each call of the denoiser the noise it is told of, and the picture with its noise."""
        latents, timesteps = self.begin()
        scheduler, noisy = self.scheduler, None
        drawing = {"generator": self.generator}
        if "generator" not in inspect.signature(scheduler.step).parameters:
            drawing = {}
        for timestep in timesteps:
            sigma = sigma_of(timestep)
            alpha = 1 / (1 + sigma**2)
            given = scheduler.scale_model_input(latents, timestep).double()
            noisy = given / alpha**0.5
            yield float(timestep), noisy
            guess = (noisy - self.answer(noisy, sigma)) / sigma
            latents = scheduler.step(guess, timestep, latents, **drawing).prev_sample.double()
        self.result = latents


@pytest.mark.thorough
@pytest.mark.parametrize(("sampler", "schedule"), PAIRS)
def test_before_each_call_there_is_as_much_noise_as_the_denoiser_is_told(sampler, schedule):
    most = ROUNDED.get(sampler, DRAWN)
    ran = 0
    for steps, strength, exact in CASES:
        try:
            run = Run(sampler, schedule, steps, strength, exact)
        except ConfigError:
            continue  # named below, with what can be chosen
        calls = list(run.calls())
        halves = run.scheduler.order
        assert len(calls) == halves * run.plan.run - (halves - 1), (steps, strength)
        for number, (timestep, noisy) in enumerate(calls):
            assert 0 <= timestep < 1000
            if run.is_from_noise and number == 0:
                # "ddim" counts up from the cleanest, and may begin below the noisiest.
                assert schedule == "ddim" or timestep >= 998
                continue
            level = float((noisy - PICTURE).std())
            # Whole timesteps are as near as they can be to the noise there is.
            least, largest = (sigma_of(max(0, timestep + half)) for half in (-0.5, 0.5))
            assert least * (1 - most) < level < largest * (1 + most), (steps, strength, number)
        # DDIM ends at the least noise that the checkpoint knows.
        left = 5 * sigma_of(0) if sampler == "DDIM" else 0.001
        assert float((run.result - PICTURE).abs().max()) < left, (steps, strength)
        ran += 1
    assert ran >= len(CASES) - 3


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_strength_that_would_need_too_many_steps_takes_the_last_of_the_most(sampler):
    schedule = SAMPLERS[sampler].automatic
    run = Run(sampler, schedule, 20, 0.0005)
    (timestep, noisy), *_ = run.calls()
    assert run.plan.run == 1
    assert float((noisy - PICTURE).std()) == pytest.approx(
        sigma_of(timestep), rel=ROUNDED.get(sampler, DRAWN)
    )


@pytest.mark.thorough
@pytest.mark.parametrize(("sampler", "schedule"), PAIRS)
def test_more_steps_come_nearer_to_the_answer_that_is_known(sampler, schedule):
    spread = 0.7
    apart = []
    # Spread over the noise, beta takes large steps at the end, where multistep methods go too far.
    for steps in (20, 64) if schedule == "beta" else (10, 32):
        run = Run(sampler, schedule, steps, 0.9, spread=spread)
        (timestep, first), *_ = run.calls()
        sigma = sigma_of(timestep)
        straight = spread / (spread**2 + sigma**2) ** 0.5
        exact = PICTURE + (first - PICTURE) * straight
        found = run.result
        kept = float(((found - PICTURE) * (first - PICTURE)).mean() / (first - PICTURE).var())
        # A method without noise of its own comes to one picture; one that draws some forgets more
        # of where it came from, but its pictures are spread as they should be.
        draws = kept < 0.9 * straight
        off_spread = abs(float(found.std()) / spread - 1)
        off_middle = abs(float(found.mean()) - PICTURE) / spread
        assert off_middle < 0.15
        off = off_spread if draws else float((found - exact).std()) / spread
        apart.append(off)
    assert apart[1] < 0.15
    assert apart[1] < max(0.6 * apart[0], DRAWN)


def test_what_is_offered_is_what_is_tested_and_the_rest_is_refused():
    offered = set(PAIRS) | {(sampler, "automatic") for sampler in SAMPLERS}
    for sampler in SAMPLERS:
        for schedule in SCHEDULES:
            if (sampler, schedule) not in offered:
                with pytest.raises(ConfigError, match="choose one of automatic"):
                    check(sampler, schedule)


@pytest.mark.thorough
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(("steps", "strength"), [(1, None), (50, None), (20, 0.01), (150, 0.0001)])
def test_automatic_takes_any_steps_and_strength_that_the_sampler_can_take(sampler, steps, strength):
    if sampler == "LCM" and steps > 50:
        with pytest.raises(ConfigError, match="choose from 1 to 50 steps"):
            planned(sampler, "automatic", steps, strength)
        return
    plan = planned(sampler, "automatic", steps, strength)
    assert 1 <= plan.run <= plan.total <= 999
    make_scheduler(sampler, "automatic", TRAINED, steps=plan.total, seed=1)


@pytest.mark.parametrize("sampler", KNOW_ZERO_SNR)
def test_pure_noise_is_begun_with_by_what_can_say_something_of_it(sampler):
    """At no signal at all, v is known and the picture follows; epsilon tells nothing of it."""
    zero = TRAINED | {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}

    def drawn(kind):
        scheduler = make_scheduler(sampler, "automatic", zero | {"prediction_type": kind}, steps=5)
        scheduler.set_timesteps(5)
        generator = torch.Generator().manual_seed(5)
        latents = torch.randn(SHAPE, generator=generator) * scheduler.init_noise_sigma
        for timestep in scheduler.timesteps:
            given = scheduler.scale_model_input(latents, timestep)
            alpha = scheduler.alphas_cumprod[int(timestep)].clamp(min=2**-24)
            noise = (given - alpha**0.5 * PICTURE) / (1 - alpha) ** 0.5
            v = alpha**0.5 * noise - (1 - alpha) ** 0.5 * PICTURE
            answer = v if kind == "v_prediction" else noise
            latents = scheduler.step(answer, timestep, latents).prev_sample
        return latents

    assert float((drawn("v_prediction") - PICTURE).abs().max()) < 0.2
    if sampler in DIVIDE_BY_NOTHING:
        with pytest.raises(
            ConfigError, match="set prediction_type to v_prediction, or choose Euler"
        ):
            drawn("epsilon")
    else:
        assert torch.isfinite(drawn("epsilon")).all()
