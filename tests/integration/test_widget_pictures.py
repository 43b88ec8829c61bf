"""Pictures on their way up: dropped, pasted, by camera, made smaller, with progress, in every kind. SHOTS keeps pictures."""

from __future__ import annotations

import base64
import io

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.integration.browser import PHONE, shot
from tests.integration.wire_pages import EVIL, part, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]
GIVE = """([kind, bytes, name, type]) => {
  const data = new DataTransfer();
  const raw = Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0));
  data.items.add(new File([raw], name, { type }));
  const root = document.querySelector("xiaoer-chat").shadowRoot;
  const [target, event] = kind === "paste"
    ? [root.querySelector("textarea"), new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })]
    : [root.querySelector(".panel"), new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true })];
  return target.dispatchEvent(event);
}"""


def photo(side: int = 300, kind: str = "JPEG") -> bytes:
    target = io.BytesIO()
    picture = Image.effect_noise((side, side * 3 // 4), 90).convert("RGB")
    picture.save(target, kind, **({"quality": 95} if kind == "JPEG" else {}))
    return target.getvalue()


def heic() -> bytes:
    target = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (320, 240), "#c96")).save(target, quality=60)
    return target.getvalue()


def give(page: Page, how: str, raw: bytes, name: str = "a.jpg", kind: str = "image/jpeg") -> bool:
    """Drop or paste a file as a hand would; false when the widget took it."""
    return page.evaluate(GIVE, [how, base64.b64encode(raw).decode(), name, kind])


def test_a_picture_is_dropped_into_the_window(wire, visit):
    page = visit()
    give(page, "dragover", photo())
    expect(part(page, ".drop")).to_be_visible()
    shot(page, "drop")
    assert give(page, "drop", photo()) is False
    expect(part(page, ".drop")).to_be_hidden()
    expect(part(page, ".preview")).to_have_count(1)
    part(page, ".send").click()
    expect(part(page, ".from-me .rising.up")).to_have_count(1)
    assert len(wire.uploads) == 1


def test_a_screenshot_is_pasted_and_other_files_are_refused_with_a_sentence(wire, visit):
    page = visit()
    assert give(page, "paste", photo(kind="PNG"), "screenshot.png", "image/png") is False
    expect(part(page, ".preview img")).to_have_count(1)
    give(page, "paste", b"%PDF", "a.pdf", "application/pdf")
    expect(part(page, ".notice")).to_contain_text("不是图片")
    part(page, ".remove").click()
    expect(part(page, ".preview")).to_have_count(0)
    assert wire.uploads == []


def test_the_camera_of_a_phone_takes_the_picture(wire, visit):
    page = visit(PHONE)
    with page.expect_file_chooser() as opened:
        part(page, "[aria-label='拍照']").tap()
    assert opened.value.element.get_attribute("capture") == "environment"
    opened.value.set_files({"name": "camera.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    part(page, ".send").tap()
    expect(part(page, ".from-me .rising.up")).to_have_count(1)


def test_a_large_photo_is_made_smaller_in_the_browser_and_its_progress_is_shown(wire, visit):
    page = visit()
    raw = photo(2400)
    wire.may_answer.clear()
    part(page, "input[type=file][multiple]").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": raw})
    part(page, ".send").click()
    expect(part(page, ".rising progress")).to_be_visible()
    expect(part(page, ".rising .percent")).to_contain_text("正在上传")
    assert wait_for(page, lambda: wire.uploads)
    expect(part(page, ".rising .percent")).to_contain_text("95%")  # it is up; the shop has not answered yet
    shot(page, "upload-progress")
    wire.may_answer.set()
    expect(part(page, ".rising.up")).to_have_count(1)
    kind, sent = wire.uploads[0]
    with Image.open(io.BytesIO(sent)) as smaller:
        assert (smaller.format, smaller.size) == ("JPEG", (1600, 1200))
    assert (kind, len(sent) < len(raw)) == ("image/jpeg", True)


@pytest.mark.parametrize("kind", ["image/heic", ""])
def test_a_heic_photo_goes_up_as_it_is_though_the_browser_cannot_draw_it(wire, visit, kind):
    page = visit()
    raw = heic()
    give(page, "drop", raw, "IMG_0012.HEIC", kind)
    expect(part(page, ".preview .unseeable")).to_have_text("IMG_0012.HEIC")
    part(page, ".send").click()
    expect(part(page, ".from-me .rising.up .unseeable")).to_have_text("IMG_0012.HEIC")
    assert wire.uploads[0][1] == raw


def test_an_avif_photo_is_drawn_and_goes_up(wire, visit):
    page = visit()
    give(page, "drop", photo(kind="AVIF"), "a.avif", "image/avif")
    page.wait_for_function(
        "document.querySelector('xiaoer-chat').shadowRoot.querySelector('.preview img')?.naturalWidth === 300"
    )
    part(page, ".send").click()
    expect(part(page, ".from-me .rising.up img")).to_have_count(1)


def test_a_file_name_full_of_markup_is_shown_as_text(wire, visit):
    page = visit()
    wire.may_answer.clear()
    give(page, "drop", heic(), f"{EVIL}.heic", "image/heic")
    expect(part(page, ".preview .unseeable")).to_have_text(f"{EVIL}.heic")
    part(page, ".send").click()
    expect(part(page, ".rising .unseeable")).to_have_text(f"{EVIL}.heic")
    assert part(page, ".rising progress").get_attribute("aria-label") == f"{EVIL}.heic"
    wire.may_answer.set()
    expect(part(page, ".rising.up")).to_have_count(1)
    assert page.evaluate("window.broken") is None
    assert part(page, ":is(img[src='x'], script)").count() == 0


def test_not_more_than_six_pictures_go_with_one_message(wire, visit):
    page = visit()
    files = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": photo(40, "PNG")} for n in range(8)]
    part(page, "input[type=file][multiple]").set_input_files(files)
    expect(part(page, ".preview")).to_have_count(6)
    expect(part(page, ".notice")).to_contain_text("6")
