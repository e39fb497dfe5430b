"""Models are listed, found and hashed, and nothing is loaded for it."""

import os
import subprocess
import sys

import pytest

from medialab.errors import ModelRefusedError
from medialab.loading.library import ModelLibrary
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


IN_PLACE_OF_IT = {
    "nothing": lambda _path: None,
    "a pipe": os.mkfifo,
    "a loop": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("make", IN_PLACE_OF_IT.values(), ids=IN_PLACE_OF_IT)
def test_a_file_that_became_something_else_since_it_was_listed_is_named(tmp_path, make):
    path = write_lora(tmp_path / "loras" / "ink.safetensors")
    library = ModelLibrary(tmp_path)
    info = library.find("ink", "lora")
    path.unlink()
    make(path)
    with pytest.raises(ModelRefusedError, match=r"ink\.safetensors"):
        library.sha256(info)
