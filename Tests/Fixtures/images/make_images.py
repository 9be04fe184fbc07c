"""Writes small images of every kind that Apus reads, and what Pillow makes of them.

    python make_images.py        (needs pillow 13 and numpy)

`files/` holds the images. `pixels.json` has for each the size and the bytes of
`ImageOps.exif_transpose(Image.open(f)).convert("RGB")`; `resized.json` has one image and its `Image.resize` results.
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

here = pathlib.Path(__file__).parent
files = here / "files"
random = np.random.default_rng(20260101)


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_rows(samples, depth):
    """Rows of [height, width, channels] samples as PNG bytes, before filtering."""
    height = samples.shape[0]
    if depth == 16:
        return [samples[y].astype(">u2").tobytes() for y in range(height)]
    if depth == 8:
        return [samples[y].astype(np.uint8).tobytes() for y in range(height)]
    bits = (samples.reshape(height, -1, 1) >> np.arange(depth - 1, -1, -1)) & 1
    return [np.packbits(bits[y].ravel().astype(np.uint8)).tobytes() for y in range(height)]


def paeth(a, b, c):
    p = a + b - c
    distances = abs(p - a), abs(p - b), abs(p - c)
    return (a, b, c)[distances.index(min(distances))]


def filter_rows(rows, step):
    """Filters each row in another of the five ways."""
    out, above = bytearray(), bytes(len(rows[0]))
    for y, row in enumerate(rows):
        kind = y % 5
        out.append(kind)
        for i, value in enumerate(row):
            left = row[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            guess = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]
            out.append((value - guess) & 255)
        above = row
    return bytes(out)


def png(samples, color_type, depth, interlace=0, before=b"", after=b"", pieces=1):
    height, width, channels = samples.shape
    step = max(1, depth * channels // 8)
    raw = b""
    passes = [(0, 0, 1, 1)]
    if interlace:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    for x, y, dx, dy in passes:
        part = samples[y::dy, x::dx]
        if part.size:
            raw += filter_rows(pack_rows(part, depth), step)
    packed = zlib.compress(raw, 9)
    cuts = [len(packed) * i // pieces for i in range(pieces + 1)]
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, interlace)
    idat = b"".join(chunk(b"IDAT", packed[a:b]) for a, b in zip(cuts, cuts[1:]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + idat + after + chunk(b"IEND")


def exif(orientation, order="<"):
    make = b"Apus\0\0\0\0\0\0"
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    entries = struct.pack(order + "HHHII", 2, 271, 2, 10, 8 + 2 + 24 + 4) + struct.pack(
        order + "HHIHH", 274, 3, 1, orientation, 0)
    return head + entries + struct.pack(order + "I", 0) + make


def xmp(orientation):
    return f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()


def write(name, data):
    (files / name).write_bytes(data)


def write_pngs():
    palette = random.integers(0, 256, (256, 3), dtype=np.uint8)
    for color_type, channels, depths in [(0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (3, 1, (1, 2, 4, 8)), (4, 2, (8, 16)), (6, 4, (8, 16))]:
        for depth in depths:
            for interlace in (0, 1):
                samples = random.integers(0, 1 << depth, (7, 11, channels))
                if (color_type, depth) == (0, 16):
                    samples = samples % 400  # around 255, where Pillow saturates
                plte = chunk(b"PLTE", palette[: 1 << depth].tobytes()) if color_type == 3 else b""
                name = f"type{color_type}-depth{depth}-{'interlaced' if interlace else 'plain'}"
                write(name + ".png", png(samples, color_type, depth, interlace, plte))
                transparency = {
                    0: struct.pack(">H", int(samples[0, 0, 0])),
                    2: struct.pack(">HHH", *(int(v) for v in samples[0, 0, :3])) if color_type == 2 else b"",
                    3: bytes(random.integers(0, 256, 1 << depth, dtype=np.uint8)),
                }.get(color_type)
                if transparency:
                    write(name + "-transparent.png", png(samples, color_type, depth, interlace, plte + chunk(b"tRNS", transparency)))
    grey = random.integers(0, 256, (5, 6, 1))
    color = random.integers(0, 256, (5, 6, 3))
    write("one-pixel.png", png(color[:1, :1], 2, 8, 1))
    write("gamma.png", png(color, 2, 8, before=chunk(b"gAMA", struct.pack(">I", 30000)) + chunk(b"sRGB", b"\0")))
    write("many-pieces.png", png(color, 2, 8, pieces=9))
    write("short-palette.png", png(grey % 8, 3, 8, before=chunk(b"PLTE", palette[:4].tobytes())))
    write("suggested-palette.png", png(color, 2, 8, before=chunk(b"PLTE", palette[:4].tobytes())))
    write("junk-behind.png", png(color, 2, 8) + b"junk" * 9)
    write("no-end.png", png(color, 2, 8)[:-12])
    write("large-private-chunk.png", png(color, 2, 8, before=chunk(b"prVt", bytes(5000))))
    frame = struct.pack(">IIIIIHHBB", 0, 6, 5, 0, 0, 1, 10, 0, 0)
    second = struct.pack(">I", 2) + zlib.compress(filter_rows(pack_rows(255 - color, 8), 3))
    write("animated.png", png(color, 2, 8, before=chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", frame),
                              after=chunk(b"fcTL", struct.pack(">I", 1) + frame[4:]) + chunk(b"fdAT", second)))
    for orientation in range(1, 9):
        write(f"exif{orientation}.png", png(color, 2, 8, before=chunk(b"eXIf", exif(orientation, "><"[orientation % 2]))))
    write("exif-behind.png", png(color, 2, 8, after=chunk(b"eXIf", exif(6))))
    write("exif-twice-prefixed.png", png(color, 2, 8, before=chunk(b"eXIf", b"Exif\0\0" + exif(6))))
    hexadecimal = f"\nexif\n{len(exif(8)):8}\n".encode() + (b"Exif\0\0" + exif(8)).hex().encode() + b"\n"
    write("exif-as-text.png", png(color, 2, 8, before=chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(hexadecimal))))
    write("xmp.png", png(color, 2, 8, before=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(5))))
    write("xmp-compressed.png", png(color, 2, 8, before=chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp(7)))))
    write("xmp-and-exif.png", png(color, 2, 8, before=chunk(b"eXIf", exif(3)) + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(7))))


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def without_marker(data, marker):
    """The file without its first segment of this marker."""
    at = data.index(bytes([0xFF, marker]))
    return data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2: at + 4])[0]:]


def write_jpegs():
    y, x = np.mgrid[0:19, 0:27]
    wave = np.stack([128 + 100 * np.sin(x / 3 + c) * np.cos(y / (2 + c)) for c in range(4)], 2)
    pixels = np.clip(wave + random.normal(0, 12, wave.shape), 0, 255).astype(np.uint8)
    color, inks = Image.fromarray(pixels[:, :, :3]), Image.fromarray(pixels, "CMYK")
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        for kind in (False, True):
            write(f"{name}-{'progressive' if kind else 'baseline'}.jpg", jpeg(color, quality=80, subsampling=subsampling, progressive=kind))
    for kind in (False, True):
        write(f"grey-{'progressive' if kind else 'baseline'}.jpg", jpeg(color.convert("L"), progressive=kind))
        write(f"inks-{'progressive' if kind else 'baseline'}.jpg", jpeg(inks, progressive=kind))
    write("inks-unmarked.jpg", without_marker(jpeg(inks), 0xEE))
    marked = jpeg(inks)
    at = marked.index(b"Adobe") + 11
    write("inks-ycck.jpg", marked[:at] + b"\2" + marked[at + 1:])
    write("rgb.jpg", jpeg(color, keep_rgb=True, quality=90))
    write("ycc-unmarked.jpg", without_marker(jpeg(color), 0xE0))
    write("restarts.jpg", jpeg(color, restart_marker_blocks=1))
    write("quality5.jpg", jpeg(color, quality=5))
    write("junk-behind.jpg", jpeg(color) + b"junk" * 9)
    small = color.crop((0, 0, 13, 9))
    for orientation in range(1, 9):
        write(f"exif{orientation}.jpg", jpeg(small, exif=b"Exif\0\0" + exif(orientation, "<>"[orientation % 2])))
    write("xmp.jpg", jpeg(small, xmp=xmp(6)))
    write("exif-broken.jpg", jpeg(small, exif=b"Exif\0\0" + exif(6)[:20]))


def write_anymaps():
    bits = random.integers(0, 2, (5, 13))
    write("bits.pbm", b"P4\n# comment\n13 5\n" + np.packbits(bits.astype(np.uint8), axis=1).tobytes())
    write("bits-text.pbm", b"P1 13 5 # comment\n" + b"\n".join("".join(map(str, row)).encode() for row in bits))
    for letter, number, channels in (("g", 2, 1), ("p", 3, 3)):
        for largest in (1, 15, 100, 255, 256, 1000, 65535):
            samples = random.integers(0, largest + 1, (4, 5, channels))
            if letter == "g" and largest > 255:
                samples = samples % 300
            samples[0, 0] = largest
            head = f"P{number} 5 4 {largest}\n".encode()
            write(f"text{largest}.p{letter}m", head + "# all\n".encode() + " ".join(map(str, samples.ravel())).encode())
            head = f"P{number + 3}\n5 4\n{largest}\n".encode()
            write(f"binary{largest}.p{letter}m", head + samples.astype(">u2" if largest > 255 else np.uint8).tobytes())
    write("comment-in-number.pgm", b"P2 1#one\n2 1 255 " + b"7 " * 12)
    write("name.pnm", b"P6 1 1 255\nabcdef")


def encoded(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def expect_pixels():
    table = {}
    for path in sorted(files.iterdir()):
        image = np.array(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
        table[path.name] = {"width": image.shape[1], "height": image.shape[0], "pixels": encoded(image)}
    (here / "pixels.json").write_text(json.dumps(table, indent=0))


def expect_resized():
    source = random.integers(0, 256, (17, 23, 3), dtype=np.uint8)
    results = []
    for filter in range(6):
        for width, height in ((23, 17), (7, 5), (1, 1), (40, 31), (23, 6), (9, 17), (30, 5), (22, 2), (5, 33)):
            image = np.array(Image.fromarray(source).resize((width, height), filter))
            results.append({"filter": filter, "width": width, "height": height, "pixels": encoded(image)})
    table = {"width": 23, "height": 17, "pixels": encoded(source), "results": results}
    (here / "resized.json").write_text(json.dumps(table, indent=0))


files.mkdir(exist_ok=True)
for old in files.iterdir():
    old.unlink()
write_pngs()
write_jpegs()
write_anymaps()
expect_pixels()
expect_resized()
