"""Writes small QOI images with every kind of chunk, and the pixels that are in them.

    python make_images.py OUT        # no libraries

The encoder follows https://qoiformat.org/qoi-specification.pdf; OUT/NAME.qoi has its pixels beside it as OUT/NAME.ppm.
"""
import random, struct, sys

OUT = sys.argv[1]


def encode(width, height, pixels, channels):
    out = bytearray(b"qoif" + struct.pack(">IIBB", width, height, channels, 0))
    seen, last, run = [(0, 0, 0, 0)] * 64, (0, 0, 0, 255), 0
    for index, pixel in enumerate(pixels):
        if pixel == last:
            run += 1
            if run == 62 or index == len(pixels) - 1:
                out.append(0xC0 | run - 1)
                run = 0
            continue
        if run:
            out.append(0xC0 | run - 1)
            run = 0
        r, g, b, a = pixel
        place = (r * 3 + g * 5 + b * 7 + a * 11) % 64
        dr, dg, db = (((x - y + 128) & 255) - 128 for x, y in zip(pixel[:3], last[:3]))
        if seen[place] == pixel:
            out.append(place)
        elif a != last[3]:
            out += bytes([0xFF, r, g, b, a])
        elif all(-2 <= d <= 1 for d in (dr, dg, db)):
            out.append(0x40 | dr + 2 << 4 | dg + 2 << 2 | db + 2)
        elif -32 <= dg <= 31 and -8 <= dr - dg <= 7 and -8 <= db - dg <= 7:
            out += bytes([0x80 | dg + 32, dr - dg + 8 << 4 | db - dg + 8])
        else:
            out += bytes([0xFE, r, g, b])
        seen[place] = pixel
        last = pixel
    return bytes(out + b"\0" * 7 + b"\1")


def write(name, width, height, pixels, channels):
    with open(f"{OUT}/{name}.qoi", "wb") as file:
        file.write(encode(width, height, pixels, channels))
    with open(f"{OUT}/{name}.ppm", "wb") as file:
        file.write(b"P6\n%d %d\n255\n" % (width, height) + bytes(value for pixel in pixels for value in pixel[:3]))


generator = random.Random(1)
smooth, pixel = [], [10, 200, 90, 255]
for _ in range(31 * 17):
    step = generator.choice([0, 0, 1, 6, 40])
    change = generator.randint(-step, step)
    pixel = [(value + change + generator.randint(-min(step, 5), min(step, 5))) % 256 for value in pixel[:3]] + [255]
    smooth.append(tuple(pixel))
write("smooth", 31, 17, smooth, 3)
palette = [tuple(generator.randrange(256) for _ in range(4)) for _ in range(6)]
write("palette", 20, 20, [generator.choice(palette) for _ in range(400)], 4)
write("plain", 40, 10, [(0, 0, 0, 255)] * 200 + [(250, 3, 7, 255)] * 200, 3)
