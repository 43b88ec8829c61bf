"""Makes a safe JPEG of any picture: checked by content, re-encoded, without metadata."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageOps

from shop.errors import BadPicture
from shop.settings import Settings

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
LONGEST_SIDE = 1600
QUALITY = 88


def clean_picture(raw: bytes, settings: Settings) -> tuple[bytes, int, int]:
    """A picture's pixels as a new JPEG; the same input gives the same bytes.

    Args:
        raw: The file's bytes: JPEG, PNG, WebP, or GIF (its first frame).
        settings: Say how large it may be.

    Returns:
        The JPEG, its width and its height.

    Raises:
        BadPicture: it is too large, no picture, or damaged; ``facts["why"]`` says which:
            ``empty``, ``size``, ``pixels``, ``format`` or ``damaged``.
    """
    if not raw:
        raise BadPicture("the picture is empty", why="empty")
    limit = settings.upload_limit_mb * 1024 * 1024
    if len(raw) > limit:
        raise BadPicture(f"{len(raw)} bytes; at most {limit}", why="size", limit_mb=settings.upload_limit_mb)
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
            _check_pixels(picture.size, settings.upload_megapixels * 1_000_000)
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEG: decode no larger than needed
            picture.load()
            return _encode(picture)
    except BadPicture:
        raise
    except Image.DecompressionBombError as error:
        raise BadPicture("more pixels than any photograph", why="pixels") from error
    except Image.UnidentifiedImageError as error:
        raise BadPicture("not a JPEG, PNG, WebP or GIF", why="format") from error
    except Exception as error:  # Pillow's decoders raise whatever they meet in a damaged file
        raise BadPicture(f"damaged: {type(error).__name__}", why="damaged") from error


def _check_pixels(size: tuple[int, int], limit: int) -> None:
    if size[0] * size[1] > limit:
        raise BadPicture(f"{size[0]}x{size[1]} pixels; at most {limit}", why="pixels")


def _encode(picture: Any) -> tuple[bytes, int, int]:
    """A JPEG without metadata, transparency laid on white, no side over LONGEST_SIDE.

    It is made small before anything else: each copy of a picture of 40 megapixels takes 160 MB.
    """
    if picture.mode in ("P", "1"):  # such pixels are names of colours, which can't be mixed
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        picture = Image.new("RGB", layer.size, "white")
        picture.paste(layer, mask=layer.getchannel("A"))
    else:
        picture = picture.convert("RGB")
    picture.info.clear()
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=QUALITY, optimize=True)
    return target.getvalue(), picture.width, picture.height
