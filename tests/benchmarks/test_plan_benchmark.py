"""What a request costs before anything is drawn, with no LoRAs in the folder and with thousands.

A request looks models up by name and works its stages out once, so that neither a cached run nor a
check at a Live change may grow with what else lies in the folder.
"""

import shutil
import time
from statistics import median

import numpy as np
from safetensors.numpy import save_file

from medialab import PipelineConfig, Workbench
from tests.benchmarks.test_registry_benchmark import _write

LORAS = 3_000
ROUNDS, QUICK_ROUNDS = 41, 5
# A cached run with so many may cost so many times one with hardly any. A check may cost so much of
# a cached run, which takes 20 to 40 ms: it stands for the 20 ms that a Live change may take.
MOST, MOST_CHECK = 1.3, 0.5
KEY = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
INK = {f"{KEY}.lora_down.weight": np.ones((4, 32), "f4")}
INK |= {f"{KEY}.lora_up.weight": np.ones((32, 4), "f4")}
CONFIG = PipelineConfig(
    prompt="a red ball <lora:ink:0.5>", steps=2, width=64, height=64, seed=7, styles=()
)


def milliseconds(work):
    start = time.process_time()  # of all threads, whoever else is at work here
    work()
    return (time.process_time() - start) * 1000


def test_thousands_of_loras_cost_a_cached_run_and_a_check_nothing(
    tiny_models, tmp_path, keep, gates
):
    benches = {}
    for count in (2, LORAS):
        folder = tmp_path / str(count)
        shutil.copytree(tiny_models, folder)
        shutil.rmtree(folder / "loras", ignore_errors=True)
        _write(folder / "loras", count, 4)
        save_file(INK, folder / "loras" / "ink.safetensors")
        benches[count] = Workbench(folder, tmp_path / f"outputs {count}", device="cpu")
    time.sleep(0.05)  # until the files count as settled
    cached = {count: [] for count in benches}
    checks = {count: [] for count in benches}
    try:
        for bench in benches.values():
            bench.execute(CONFIG, save=False)
            bench.execute(CONFIG, save=False)
        for number in range(ROUNDS if gates else QUICK_ROUNDS):
            for count, bench in sorted(benches.items(), reverse=bool(number % 2)):
                cached[count].append(milliseconds(lambda b=bench: b.execute(CONFIG, save=False)))
                checks[count].append(milliseconds(lambda b=bench: b._resolver.check(CONFIG)))
    finally:
        for bench in benches.values():
            bench.close()
    of_run, of_check = (
        median(many) / median(few) for few, many in (times.values() for times in (cached, checks))
    )
    share = median(checks[LORAS]) / median(cached[2])
    keep(
        f"{LORAS} LoRAs beside: a cached run takes {of_run:.2f} times as long "
        f"({median(cached[LORAS]):.0f} ms), a check {of_check:.2f} times "
        f"({median(checks[LORAS]):.1f} ms, {share:.2f} of a cached run)",
        cached_run=round(of_run, 3),
        check=round(of_check, 3),
        check_of_run=round(share, 3),
    )
    assert not gates or (of_run <= MOST and share <= MOST_CHECK)
