"""A small .pmtiles file of vector tiles, written by hand: land everywhere, one square of water around a place."""

from __future__ import annotations

import gzip
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path

EXTENT = 4096
ZOOMS = range(9, 13)
GZIP, VECTOR = 2, 1
# Enough that the directory and the tiles do not all come with the first piece a browser asks for.
FILLING = 40_000
METRES_PER_DEGREE = 111_320

Ring = list[tuple[int, int]]
WHOLE: Ring = [(-64, -64), (EXTENT + 64, -64), (EXTENT + 64, EXTENT + 64), (-64, EXTENT + 64)]


def mercator(lat: float, lng: float) -> tuple[float, float]:
    """Shares of the world, from west to east and from north to south."""
    sine = math.sin(math.radians(lat))
    return lng / 360 + 0.5, 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def write(file: Path, lat: float, lng: float, reach_m: int) -> None:
    """The ground around a place; the square of water reaches so far from it in each direction."""
    up = reach_m / METRES_PER_DEGREE
    aside = up / math.cos(math.radians(lat))
    corners = [
        mercator(lat + dy, lng + dx) for dx, dy in ((-aside, up), (aside, up), (aside, -up), (-aside, -up))
    ]
    tiles = sorted(_tiles(mercator(lat, lng), corners))
    data = b"".join(tile for _, tile in tiles)
    directory = gzip.compress(_directory(tiles))
    about = gzip.compress(json.dumps({"filling": "".join(map(chr, _noise(FILLING)))}).encode())
    places = [127, len(directory), 127 + len(directory), len(about), 0, 0, 127 + len(directory) + len(about)]
    header = b"PMTiles\x03" + struct.pack("<11Q", *places, len(data), len(tiles), len(tiles), len(tiles))
    header += struct.pack("<6B", 1, GZIP, GZIP, VECTOR, ZOOMS[0], ZOOMS[-1])
    header += struct.pack("<4i", *(_e7(v) for v in (lng - 0.5, lat - 0.5, lng + 0.5, lat + 0.5)))
    header += struct.pack("<B2i", ZOOMS[0], _e7(lng), _e7(lat))
    file.write_bytes(header + directory + about + data)


def _e7(degrees: float) -> int:
    return round(degrees * 10_000_000)


def _noise(length: int) -> Iterator[int]:
    """Letters that do not come smaller."""
    state = 1
    for _ in range(length):
        state = state * 48_271 % 2_147_483_647
        yield 97 + state % 26


def _tiles(middle: tuple[float, float], water: list[tuple[float, float]]) -> Iterator[tuple[int, bytes]]:
    for zoom in ZOOMS:
        side = 1 << zoom
        column, row = int(middle[0] * side), int(middle[1] * side)
        for x in range(column - 2, column + 3):
            for y in range(row - 2, row + 3):
                ring = [
                    (round((px * side - x) * EXTENT), round((py * side - y) * EXTENT)) for px, py in water
                ]
                layers = _layer("earth", WHOLE) + _layer("water", ring)
                yield _number(zoom, x, y), gzip.compress(layers)


def _number(zoom: int, x: int, y: int) -> int:
    """A tile's place on the Hilbert curve, after all tiles of the zooms below."""
    number = ((1 << zoom) ** 2 - 1) // 3
    side = 1 << zoom
    step = side >> 1
    while step:
        right, low = int(x & step > 0), int(y & step > 0)
        number += step * step * ((3 * right) ^ low)
        if not low:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        step >>= 1
    return number


def _directory(tiles: list[tuple[int, bytes]]) -> bytes:
    numbers = [number for number, _ in tiles]
    steps = [number - before for number, before in zip(numbers, [0, *numbers], strict=False)]
    lengths = [len(tile) for _, tile in tiles]
    # An offset of 0 means: right behind the tile before.
    offsets = [1] + [0] * (len(tiles) - 1)
    parts = [len(tiles), *steps, *[1] * len(tiles), *lengths, *offsets]
    return b"".join(map(_varint, parts))


def _layer(name: str, ring: Ring) -> bytes:
    feature = _field(3, 3) + _field(4, b"".join(map(_varint, _polygon(ring))))
    content = _field(1, name.encode()) + _field(2, feature) + _field(5, EXTENT) + _field(15, 2)
    return _field(3, content)


def _polygon(ring: Ring) -> Iterator[int]:
    """Move to the first corner, lines to the others, close; every step from the last corner, zigzag."""
    x, y = 0, 0
    for at, (to_x, to_y) in enumerate(ring):
        if at < 2:
            yield (1 << 3) | 1 if at == 0 else ((len(ring) - 1) << 3) | 2
        for step in (to_x - x, to_y - y):
            yield (step << 1) ^ (step >> 63)
        x, y = to_x, to_y
    yield (1 << 3) | 7


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint((number << 3) | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
