"""A denoiser with little memory."""


def one_row_at_a_time(bench, monkeypatch):
    """Give paperdoll's denoiser memory for a single row; return the rows of its calls so far."""
    unet = bench.registry.load(bench.registry.find("paperdoll", "checkpoint")).denoiser
    forward, seen = unet.forward, []

    def small(sample, *args, **inputs):
        seen.append(len(sample))
        if len(sample) > 1:
            raise MemoryError("of the test")
        return forward(sample, *args, **inputs)

    monkeypatch.setattr(unet, "forward", small)
    return seen
