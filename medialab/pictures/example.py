"""A photo to try things on: the astronaut Eileen Collins.

Source: NASA, Great Images; in the public domain. Made smaller, to 384 × 384 pixels.
"""

from pathlib import Path
from typing import Final

PHOTO: Final = Path(__file__).with_name("astronaut.jpg")
