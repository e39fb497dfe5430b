"""Pictures that carry settings."""

from io import BytesIO

from PIL import Image, PngImagePlugin

LINE = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 3, Size: 64x96"


def sha_of(bench, name, kind="checkpoint"):
    return bench.registry.sha256(bench.registry.find(name, kind))


def picture(text, path=None, key="parameters"):
    info = PngImagePlugin.PngInfo()
    for name, value in ({key: text} if isinstance(text, str) else text).items():
        info.add_text(name, value)
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG", pnginfo=info)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())
    return buffer.getvalue()
