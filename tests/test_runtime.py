"""How the process uses the machine."""

import os
import subprocess
import sys

from medialab import runtime


def test_a_device_that_was_asked_for_is_taken_and_loads_no_torch():
    code = (
        "import sys\n"
        "from medialab import runtime\n"
        "print(runtime.pick_device('cuda:1'), 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cuda:1", "False"]


def test_there_is_at_least_one_core():
    assert runtime.physical_cores() >= 1


def test_torch_uses_the_physical_cores_unless_told_otherwise():
    code = (
        "import os\n"
        "from medialab import runtime\n"
        "runtime.preload()\n"
        "import torch\n"
        "print(torch.get_num_threads())\n"
        "del os.environ['OMP_NUM_THREADS']\n"
        "runtime.preload()\n"
        "print(torch.get_num_threads())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["1", str(runtime.physical_cores())]
