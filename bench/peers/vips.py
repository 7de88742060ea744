"""The jobs as a program around libvips does them: `thumbnail`, or `shrink` as far as the box allows, tuned by hand."""

import sys
from functools import cache

import pyvips

from server import MARK, corner, font_size, serve, unit_of

FONT, TUNED = sys.argv[1], "--shrink" in sys.argv


def work(request):
    if request["plain"]:
        return converted(request["source"])
    # The colour of the mark needs the pixels beneath it before the file is written.
    small = (shrunk if TUNED and request["source"].endswith(".jpg") else thumbnail)(request).copy_memory()
    picture = marked(small)
    match request["format"]:
        case "jpeg":
            data = picture.jpegsave_buffer(Q=request["quality"], subsample_mode="on", keep="none")
        case "webp":
            data = picture.webpsave_buffer(Q=request["quality"], effort=request["effort"], keep="none")
        case "avif":
            data = picture.heifsave_buffer(
                Q=request["quality"], effort=request["effort"], compression="av1", subsample_mode="on", keep="none"
            )
        case "png":
            data = picture.pngsave_buffer(keep="none")
    return data, (picture.width, picture.height)


def converted(source):
    """For those who cannot read the format."""
    picture = pyvips.Image.new_from_file(source)
    return picture.pngsave_buffer(), (picture.width, picture.height)


def thumbnail(request):
    box = {"height": request["height"], "size": "down"}
    return pyvips.Image.thumbnail(request["source"], request["width"], **box)


def shrunk(request):
    """At half, a quarter or an eighth from the decoder; it is turned when it is small."""
    box = request["width"], request["height"]
    header = pyvips.Image.new_from_file(request["source"], access="sequential")
    if "orientation" in header.get_fields() and header.get("orientation") > 4:
        box = box[1], box[0]
    scale = min(box[0] / header.width, box[1] / header.height, 1)
    if scale == 1:
        return header.autorot()
    shrink = max(s for s in (1, 2, 4, 8) if s * scale <= 1)
    picture = pyvips.Image.new_from_file(request["source"], access="sequential", shrink=shrink)
    size = round(header.width * scale), round(header.height * scale)
    small = picture.resize(size[0] / picture.width, vscale=size[1] / picture.height)
    return small.copy_memory().autorot()


def marked(picture):
    size = picture.width, picture.height
    points = font_size(unit_of(size))
    shape = mark_of(points, True)
    left, top = corner(size, (shape.width, shape.height))
    beneath = picture.crop(left, top, shape.width, shape.height)
    mark = mark_of(points, beneath.colourspace("b-w").avg() > 128)
    return picture.insert(beneath.composite2(mark, "over").extract_band(0, n=3), left, top)


@cache
def mark_of(points, dark):
    """Drawn once, which a picture is not charged for."""
    text = f'<span foreground="{"black" if dark else "white"}">{MARK}</span>'
    font = {"font": f"Inter Semi Bold, {points}", "fontfile": FONT, "dpi": 72, "rgba": True}
    return pyvips.Image.text(text, **font).copy_memory()


pyvips.cache_set_max(0)
numbers = ".".join(str(pyvips.version(part)) for part in range(3))
serve(f"libvips {numbers}{', hand-tuned shrink' if TUNED else ', thumbnail'}", work)
