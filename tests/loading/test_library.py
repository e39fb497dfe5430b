"""Models are listed, found and hashed, and nothing is loaded for it."""

import subprocess
import sys

from tests.tiny.headers import write_lora


def test_listing_finding_and_hashing_need_no_torch(tmp_path):
    root = tmp_path / "models"
    write_lora(root / "loras" / "ink.safetensors")
    code = (
        "import sys; from pathlib import Path; from medialab.loading.registry import ModelRegistry;"
        "registry = ModelRegistry(Path(sys.argv[1]));"
        "registry.sha256(registry.find('ink', 'lora'));"
        "print(*sys.modules.keys() & {'torch', 'diffusers', 'transformers'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, root], check=False, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr
