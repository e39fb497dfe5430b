"""What a notebook sets in torch is told, in whichever of torch's two ways it is set."""

import subprocess
import sys

import pytest

# In a process of its own: torch keeps what was set, and by which of its ways.
SET = """
import torch
from medialab.process.torch_settings import chosen_in_torch

assert chosen_in_torch() == ""
{way}
print(chosen_in_torch())
"""
NEW = "torch.backends."


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("torch.set_float32_matmul_precision('highest')", ""),
        ("torch.set_float32_matmul_precision('medium')", "bf16"),
        (f"{NEW}cuda.matmul.allow_tf32 = True", "tf32"),
        (f"{NEW}cudnn.allow_tf32 = False", "cudnn"),
        (f"{NEW}fp32_precision = 'tf32'", "tf32"),
        (f"{NEW}cuda.matmul.fp32_precision = 'tf32'", "cuda.matmul: tf32"),
        (f"{NEW}mkldnn.matmul.fp32_precision = 'bf16'", "mkldnn.matmul: bf16"),
        (f"{NEW}mkldnn.conv.fp32_precision = 'bf16'", "mkldnn.conv: bf16"),
        (f"{NEW}cudnn.conv.fp32_precision = 'ieee'", "cudnn.conv"),
        (f"{NEW}cuda.matmul.fp32_precision = 'ieee'", ""),
        (f"{NEW}mkldnn.enabled = False", "onednn: False"),
        ("torch.use_deterministic_algorithms(True)", "deterministic: True"),
    ],
)
def test_what_is_set_is_told_and_what_is_usual_is_not(way, told):
    if "fp32_precision" in way:
        import torch

        if not hasattr(torch.backends, "fp32_precision"):
            pytest.skip("torch before 2.9 has no such setting")
    made = subprocess.run(
        [sys.executable, "-c", SET.format(way=way)], check=True, capture_output=True, text=True
    )
    found = made.stdout.strip()
    assert told in found
    assert bool(told) == bool(found)


def test_nothing_is_told_before_torch_is_there():
    code = "from medialab.process.torch_settings import chosen_in_torch as c; import sys; "
    code += "assert c() == '' and 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
