"""Codes drawn for tests: as pictures, and as the film that a browser takes for its camera."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_name("draw.mjs")
_WHITE, _BLACK = 0xEB, 0x10


@dataclass(frozen=True)
class Grey:
    """A picture in greys, a byte a pixel, rows from the top."""

    width: int
    height: int
    pixels: bytes

    def row(self, y: int) -> bytes:
        """One row of it."""
        return self.pixels[y * self.width : (y + 1) * self.width]

    def larger(self, across: int, down: int) -> Grey:
        """Each pixel that many times."""
        rows = (b"".join(bytes([value]) * across for value in self.row(y)) * down for y in range(self.height))
        return Grey(self.width * across, self.height * down, b"".join(rows))

    def png(self) -> bytes:
        """With white all around, as labels have it."""
        edge = 20
        width = self.width + 2 * edge
        blank = b"\0" + b"\xff" * width
        rows = [b"\0" + b"\xff" * edge + self.row(y) + b"\xff" * edge for y in range(self.height)]
        body = b"".join([blank] * edge + rows + [blank] * edge)

        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", width, self.height + 2 * edge, 8, 0, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(body))
            + chunk(b"IEND", b"")
        )


def draw(*codes: tuple[str, str]) -> list[Grey]:
    """(symbology, text) each, as large as a label shows them. One process for all: starting it is what takes time."""
    done = subprocess.run(
        ["node", str(_SCRIPT), json.dumps(codes)], capture_output=True, text=True, check=True
    )
    drawn = [Grey(width, height, base64.b64decode(data)) for width, height, data in json.loads(done.stdout)]
    return [one.larger(2, 2) if one.width > 2 * one.height else one.larger(4, 4) for one in drawn]


Placed = Sequence[tuple[Grey, int, int]]
"""Pictures and where on the film their upper left corners are."""


def film(file: Path, scenes: Iterable[tuple[int, Placed]], *, width: int = 640, height: int = 480) -> None:
    """A film of still scenes, (frames, what is in it) each, ten frames a second; a browser shows it over and over."""
    colour = b"\x80" * (width * height // 2)
    with file.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode())
        for frames, placed in scenes:
            light = bytearray([_WHITE]) * (width * height)
            for picture, left, top in placed:
                for y in range(picture.height):
                    at = (top + y) * width + left
                    light[at : at + picture.width] = picture.row(y).replace(b"\0", bytes([_BLACK]))
            out.write((b"FRAME\n" + bytes(light) + colour) * frames)
