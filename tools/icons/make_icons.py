#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the tray's icons and writes them to tray/res/: fine.ico, attention.ico, alert.ico.

    tools/icons/make_icons.py           write the files
    tools/icons/make_icons.py --check   exit 1 when a file differs from what would be written

The states differ in shape as well as in colour: a shield with a tick, a triangle with an exclamation
mark, a shield with an exclamation mark. Standard library only; the same input gives the same bytes.
"""
import pathlib
import struct
import sys

SIZES = (16, 20, 24, 32, 48, 64)
SAMPLES = 4  # in each direction of a pixel

GREEN, AMBER, RED = (16, 124, 65), (255, 185, 0), (196, 43, 28)
WHITE, DARK = (255, 255, 255), (40, 30, 0)

# Shapes on a square of 24 units, each a list of points.
SHIELD = [(12, 0.6), (22.2, 4.4), (22.2, 12), (21.2, 15.4), (19, 18.6), (15.8, 21.4), (12, 23.4),
          (8.2, 21.4), (5, 18.6), (2.8, 15.4), (1.8, 12), (1.8, 4.4)]
TRIANGLE = [(12, 0.8), (13.4, 1.6), (23.6, 20.8), (22.6, 22.8), (1.4, 22.8), (0.4, 20.8), (10.6, 1.6)]
TICK = [(5.6, 12.2), (7.6, 10.0), (10.6, 13.0), (16.4, 6.6), (18.6, 8.6), (10.7, 17.3)]
SHIELD_BAR = [(10.5, 4.8), (13.5, 4.8), (13.1, 13.8), (10.9, 13.8)]
SHIELD_DOT = [(10.5, 15.8), (13.5, 15.8), (13.5, 18.6), (10.5, 18.6)]
TRIANGLE_BAR = [(10.6, 7.6), (13.4, 7.6), (13.0, 15.6), (11.0, 15.6)]
TRIANGLE_DOT = [(10.6, 17.2), (13.4, 17.2), (13.4, 20.0), (10.6, 20.0)]

ICONS = {
    "fine.ico": [(SHIELD, GREEN), (TICK, WHITE)],
    "attention.ico": [(TRIANGLE, AMBER), (TRIANGLE_BAR, DARK), (TRIANGLE_DOT, DARK)],
    "alert.ico": [(SHIELD, RED), (SHIELD_BAR, WHITE), (SHIELD_DOT, WHITE)],
}


def inside(points, x, y):
    """Whether the point is inside the polygon (even-odd rule)."""
    result = False
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1]):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            result = not result
    return result


def pixel(layers, size, column, row):
    """One pixel as (blue, green, red, alpha): the topmost layer at each of its sample points."""
    red = green = blue = hits = 0
    for i in range(SAMPLES * SAMPLES):
        x = (column + (i % SAMPLES + 0.5) / SAMPLES) * 24 / size
        y = (row + (i // SAMPLES + 0.5) / SAMPLES) * 24 / size
        for points, colour in reversed(layers):
            if inside(points, x, y):
                red, green, blue, hits = red + colour[0], green + colour[1], blue + colour[2], hits + 1
                break
    if hits == 0:
        return (0, 0, 0, 0)
    return (blue // hits, green // hits, red // hits, hits * 255 // (SAMPLES * SAMPLES))


def bitmap(layers, size):
    """The picture as an icon holds it: header, 32-bit rows from the bottom, an empty mask."""
    header = struct.pack("<IiiHHIIiiII", 40, size, size * 2, 1, 32, 0, 0, 0, 0, 0, 0)
    rows = bytearray()
    for row in reversed(range(size)):
        for column in range(size):
            rows += bytes(pixel(layers, size, column, row))
    mask_row = (size + 31) // 32 * 4
    return header + bytes(rows) + bytes(mask_row * size)


def icon(layers):
    """The bytes of an .ico file with every size."""
    pictures = [bitmap(layers, size) for size in SIZES]
    out = struct.pack("<HHH", 0, 1, len(SIZES))
    offset = 6 + 16 * len(SIZES)
    for size, picture in zip(SIZES, pictures):
        out += struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(picture), offset)
        offset += len(picture)
    return out + b"".join(pictures)


def main():
    folder = pathlib.Path(__file__).resolve().parents[2] / "tray" / "res"
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    different = 0
    for name, layers in ICONS.items():
        path, data = folder / name, icon(layers)
        if not check:
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            print(f"{path.name}: differs from what tools/icons/make_icons.py draws")
            different += 1
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
