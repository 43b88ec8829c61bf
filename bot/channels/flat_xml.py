"""The flat XML of WeChat and WeCom, read without entities and written with CDATA."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from bot.channels.crypt import BadCallback


def read_xml(raw: bytes) -> dict[str, Any]:
    """Elements of the root by name; nested ones as dictionaries.

    Raises:
        BadCallback: it is no XML, or defines entities (which can explode).
    """
    if b"<!" in raw.replace(b"<![CDATA[", b""):
        raise BadCallback("XML with a document type")
    try:
        root = ET.fromstring(raw)  # noqa: S314 - no document type, so no entities
    except (ET.ParseError, ValueError):
        raise BadCallback("no XML") from None
    return _children(root)


def _children(node: ET.Element) -> dict[str, Any]:
    return {child.tag: _children(child) if len(child) else (child.text or "").strip() for child in node}


def write_xml(values: dict[str, Any]) -> str:
    """A flat document; numbers plain, texts as CDATA, lists of dictionaries as repeated ``item``."""
    return f"<xml>{''.join(_element(name, value) for name, value in values.items())}</xml>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"<{name}>{''.join(_element(key, one) for key, one in value.items())}</{name}>"
    if isinstance(value, list):
        return f"<{name}>{''.join(_element('item', one) for one in value)}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    safe = str(value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{safe}]]></{name}>"
