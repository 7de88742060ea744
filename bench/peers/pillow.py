"""The jobs as a program around Pillow does them, with `draft`: JPEG's own scaling, as far down as the box allows."""

import io
import sys
from functools import cache

import PIL
from PIL import Image, ImageDraw, ImageFont, ImageOps, ImageStat, features

from server import MARK, corner, font_size, serve, unit_of

TURNED = (5, 6, 7, 8)
ORIENTATION = 0x0112


def work(request):
    picture = marked(fitted(request))
    file = io.BytesIO()
    match request["format"]:
        case "jpeg":
            picture.save(file, "JPEG", quality=request["quality"], subsampling="4:2:0")
        case "webp":
            picture.save(file, "WEBP", quality=request["quality"], method=request["effort"])
        case "png":
            picture.save(file, "PNG")
    return file.getvalue(), picture.size


def fitted(request):
    picture = Image.open(request["source"])
    box = request["width"], request["height"]
    if picture.getexif().get(ORIENTATION) in TURNED:
        box = box[1], box[0]
    scale = min(box[0] / picture.width, box[1] / picture.height, 1)
    size = round(picture.width * scale), round(picture.height * scale)
    if scale < 1:
        picture.draft("RGB", size)
        picture = keeping_exif(picture, picture.resize(size, Image.Resampling.LANCZOS))
    return ImageOps.exif_transpose(picture).convert("RGB")


def keeping_exif(source, picture):
    if "exif" in source.info:
        picture.info["exif"] = source.info["exif"]
    return picture


def marked(picture):
    mask = mark_of(font_size(unit_of(picture.size)))
    left, top = corner(picture.size, mask.size)
    beneath = picture.crop((left, top, left + mask.width, top + mask.height)).convert("L")
    color = "black" if ImageStat.Stat(beneath).mean[0] > 128 else "white"
    picture.paste(color, (left, top), mask)
    return picture


@cache
def mark_of(size):
    """Drawn once, which a picture is not charged for."""
    font = ImageFont.truetype(sys.argv[1], size)
    left, top, right, bottom = font.getbbox(MARK)
    mask = Image.new("L", (int(right - left), int(bottom - top)))
    ImageDraw.Draw(mask).text((-left, -top), MARK, fill=255, font=font)
    return mask


serve(f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}", work)
