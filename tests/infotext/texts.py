"""A text of A1111, and its parts."""

PROMPT, NEGATIVE = "a café cat, (standing:1.2)", "bad hands, {ugly}"


LINE = (
    "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 42, Size: 512x768, "
    "Model hash: cc6cb27103, Model: v1-5, Clip skip: 2, Version: v1.7.0"
)


TEXT = f"{PROMPT}\nNegative prompt: {NEGATIVE}\n{LINE}"


BASE = "a\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768, "
