"""Pictures that customers send."""

from __future__ import annotations

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from sqlalchemy import insert

from shop.errors import BadPicture, Erased, NotFound
from shop.front import Shop
from shop.models import AfterSaleCase, CaseProof, Upload
from shop.uploads import PURGED_AT_ONCE


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **options) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, options.pop("color", "red")).save(target, kind, **options)
    return target.getvalue()


def why(error) -> str:
    return error.value.facts["why"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_kept_as_jpeg_whatever_it_came_as(shop, kind):
    kept = shop.uploads.put("talk", picture(kind))
    with Image.open(shop.uploads.path(kept.id)) as stored:
        assert (stored.format, stored.size) == ("JPEG", (300, 200))


def test_a_large_picture_is_made_smaller(shop):
    kept = shop.uploads.put("talk", picture(size=(4000, 2000)))
    assert (kept.width, kept.height) == (1600, 800)


def test_transparent_ground_becomes_white(shop):
    kept = shop.uploads.put("talk", picture(mode="RGBA", color=(0, 0, 0, 0)))
    with Image.open(shop.uploads.path(kept.id)) as stored:
        assert stored.getpixel((5, 5)) == (255, 255, 255)


def test_a_rotated_photo_stands_upright_and_tells_no_place(shop):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010E] = "secret place"
    kept = shop.uploads.put("talk", picture("JPEG", exif=exif.tobytes(), comment=b"secret note"))
    assert (kept.width, kept.height) == (200, 300)
    stored = shop.uploads.path(kept.id).read_bytes()
    assert b"secret" not in stored
    assert not Image.open(io.BytesIO(stored)).getexif()


def test_the_first_frame_of_a_moving_picture_is_kept(shop):
    frames = [Image.new("RGB", (40, 40), color) for color in ("blue", "red")]
    target = io.BytesIO()
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])
    kept = shop.uploads.put("talk", target.getvalue())
    with Image.open(shop.uploads.path(kept.id)) as stored:
        assert stored.getpixel((5, 5))[2] > 200


@pytest.mark.parametrize(
    "raw",
    [b"<svg onload=alert(1)></svg>", b"%PDF-1.7", b"\x00" * 100, picture("BMP"), picture("TIFF")],
    ids=["svg", "pdf", "zeros", "bmp", "tiff"],
)
def test_what_is_no_allowed_picture_is_refused(shop, raw):
    with pytest.raises(BadPicture) as error:
        shop.uploads.put("talk", raw)
    assert why(error) == "format"


def test_an_empty_upload_is_refused(shop):
    with pytest.raises(BadPicture) as error:
        shop.uploads.put("talk", b"")
    assert why(error) == "empty"


def test_half_a_picture_is_refused_as_damaged(shop):
    raw = picture("JPEG", (500, 500), quality=95)
    with pytest.raises(BadPicture) as error:
        shop.uploads.put("talk", raw[: len(raw) // 2])
    assert why(error) == "damaged"


def test_too_many_bytes_are_refused(shop):
    small = Shop(replace(shop.settings, upload_limit_mb=1), shop.database, shop.cipher, shop.clock)
    with pytest.raises(BadPicture) as error:
        small.uploads.put("talk", b"\xff" * (1024 * 1024 + 1))
    assert why(error) == "size"


@pytest.mark.parametrize("side", [8000, 60000])
def test_a_decompression_bomb_is_refused_by_its_header(shop, side):
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(BadPicture) as error:
        shop.uploads.put("talk", bomb)
    assert why(error) == "pixels"


def test_an_upload_belongs_to_its_conversation(shop):
    kept = shop.uploads.put("talk", picture())
    assert shop.uploads.get(kept.id, "talk") == kept
    for wrong in (lambda: shop.uploads.get(kept.id, "another"), lambda: shop.uploads.path("0" * 32)):
        with pytest.raises(NotFound):
            wrong()


def test_an_upload_is_gone_after_its_days(shop, clock):
    kept = shop.uploads.put("talk", picture())
    file = shop.uploads.path(kept.id)
    clock.on(days=shop.settings.upload_days, seconds=1)
    with pytest.raises(NotFound):
        shop.uploads.path(kept.id)
    assert shop.uploads.purge() == 1
    assert not file.exists()


def test_more_uploads_than_a_statement_can_name_are_purged(shop, clock):
    rows = [
        {"id": f"{one:032x}", "sha256": f"{one:064x}", "sender_id": "talk", "width": 1, "height": 1, "bytes": 1,
         "created_at": clock.now, "expires_at": clock.now}
        for one in range(2 * PURGED_AT_ONCE + 1)
    ]  # fmt: skip
    with shop.database.change() as session:
        session.execute(insert(Upload.__table__), rows)
    assert shop.uploads.purge() == len(rows)
    assert shop.uploads.purge() == 0


def test_a_picture_that_cannot_be_deleted_keeps_its_row_and_holds_up_no_other(shop, clock):
    stuck, free = (shop.uploads.put("talk", picture(color=color)) for color in ("red", "blue"))
    place = shop.uploads.path(stuck.id)
    place.unlink()
    place.mkdir()
    clock.on(days=shop.settings.upload_days + 1)
    assert shop.uploads.purge() == 1
    place.rmdir()
    assert shop.uploads.purge() == 1
    with pytest.raises(NotFound):
        shop.uploads.get(free.id)


def test_purging_spares_pictures_that_others_use_and_proofs_of_cases(shop, build, clock):
    old = shop.uploads.put("talk", picture())
    proof = shop.uploads.put("talk", picture(color="green"))
    order = build.order(customer=build.customer())
    case = build.add(
        AfterSaleCase(
            number="A1",
            customer_id=order.customer_id,
            order_id=order.id,
            kind="return",
            reason="damaged",
            state="submitted",
        )
    )
    build.add(CaseProof(case_id=case.id, upload_id=proof.id))
    clock.on(days=shop.settings.upload_days, seconds=1)
    young = shop.uploads.put("another", picture())
    assert shop.uploads.purge() == 1
    assert young.sha256 == old.sha256
    assert shop.uploads.path(young.id).is_file()


def test_a_file_that_another_upload_keeps_at_this_moment_stays(shop, monkeypatch):
    """An upload is refused (its talk was erased), and while its file goes, another talk shows the same picture."""
    unlink, others = shop.uploads._unlink, []

    def slowly(digest):
        others.append(threads.submit(shop.uploads.put, "another", picture()))
        wait(others, timeout=0.3)  # without the lock it is kept by now, and believes that its file is there
        return unlink(digest)

    def refuse(_session):
        raise Erased("gone")

    monkeypatch.setattr(shop.uploads, "_unlink", slowly)
    with ThreadPoolExecutor(1) as threads:
        with shop.database.only_while(refuse), pytest.raises(Erased):
            shop.uploads.put("talk", picture())
        (other,) = others
        assert shop.uploads.path(other.result(60).id).is_file()


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_what_newer_phones_write_is_taken(shop, kind):
    pillow_heif.register_heif_opener(thumbnails=False)
    kept = shop.uploads.put("talk", picture(kind, color=(200, 30, 30)))
    with Image.open(shop.uploads.path(kept.id)) as stored:
        assert (stored.format, stored.size) == ("JPEG", (300, 200))
        assert stored.getpixel((150, 100))[0] > 150


@pytest.mark.parametrize(("kind", "mode", "color"), [
    ("JPEG", "CMYK", (0, 255, 255, 0)), ("JPEG", "L", 140), ("PNG", "I;16", 36_000), ("PNG", "1", 1),
    ("PNG", "LA", (140, 255)), ("PNG", "P", 3),
])  # fmt: skip
def test_odd_kinds_of_pixels_become_plain_colours(shop, kind, mode, color):
    made = Image.new(mode, (300, 200), color)
    target = io.BytesIO()
    made.save(target, kind)
    kept = shop.uploads.put("talk", target.getvalue())
    wanted = (140, 140, 140) if mode in ("L", "I;16", "LA") else made.convert("RGB").getpixel((5, 5))
    with Image.open(shop.uploads.path(kept.id)) as stored:
        assert stored.mode == "RGB"
        assert np.abs(np.array(stored.getpixel((150, 100))) - wanted).max() <= 8


def test_one_pixel_is_a_picture(shop):
    kept = shop.uploads.put("talk", picture(size=(1, 1)))
    assert (kept.width, kept.height) == (1, 1)


@pytest.mark.parametrize("tail", [b"PK\x03\x04 an archive", b"<script>alert(1)</script>", b"#!/bin/sh\necho"])
def test_what_hides_behind_a_picture_is_not_kept(shop, tail):
    exif = Image.Exif()
    exif[0x010E] = tail.decode("latin-1")
    kept = shop.uploads.put("talk", picture("JPEG", exif=exif.tobytes(), comment=tail) + tail)
    stored = shop.uploads.path(kept.id).read_bytes()
    assert tail not in stored
    assert stored.endswith(b"\xff\xd9"), "nothing follows the end of the picture"
