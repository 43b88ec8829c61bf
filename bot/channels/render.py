"""From the bot's payloads to what a messenger can show.

``render`` turns bodies (text, buttons, cards, picture, rating) into pieces: one
piece is one message on the platform. Every piece carries its complete plain
text, with numbers where a person has to choose, so that any piece can be sent as
text, merged with its neighbour, and answered by typing a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from bot.channels.texts import Body, Texts

STARS = 5


@dataclass(frozen=True)
class Form:
    """What a platform shows.

    ``text_limit`` counts bytes of UTF-8 in one text message. ``buttons``: up to so
    many native buttons on one message (0: numbers in the text). ``pictures``:
    whether a picture can be sent by its address.
    """

    text_limit: int = 2000
    buttons: int = 0
    pictures: bool = False


@dataclass(frozen=True)
class Option:
    """Something to choose; ``number`` is what a person may type for it."""

    number: str
    title: str
    means: Any  # what a person would type, or {"rate": …}


@dataclass(frozen=True)
class Piece:
    """One message on the platform.

    ``kind``: text, menu (text with options), cards or image. ``text`` is complete;
    ``lead`` is the text without the numbered options.
    """

    kind: str
    text: str
    lead: str = ""
    options: tuple[Option, ...] = ()
    cards: tuple[dict[str, Any], ...] = ()
    image: str = ""
    upload: str = ""  # id of a picture that a person sends
    agent: str = ""
    topic: str = ""  # of cards: products, orders, …


@dataclass
class Rendered:
    """Pieces in order, and what each number in them stands for."""

    pieces: list[Piece] = field(default_factory=list)
    choices: dict[str, Any] = field(default_factory=dict)


class Renderer:
    """Renders the bodies of one turn; numbers run on from one body to the next."""

    def __init__(self, form: Form, texts: Texts) -> None:
        self._form = form
        self._texts = texts

    def render(self, bodies: list[Body], first: int = 1) -> Rendered:
        """The pieces of these bodies, whose numbers begin with ``first``."""
        done = Rendered()
        for body in bodies:
            number = first + len(done.choices)
            for piece in self._body(body, number):
                done.choices.update({one.number: one.means for one in piece.options})
                done.pieces.extend(self._fitting(piece))
        return done

    def _body(self, body: Body, number: int) -> list[Piece]:
        custom = body.get("custom") if isinstance(body.get("custom"), dict) else {}
        agent = _name(body.get("agent") or (custom or {}).get("agent"))
        text, pieces = str(body.get("text") or ""), []
        buttons = [(one["title"], one["payload"]) for one in body.get("buttons") or []]
        if custom and custom.get("type") == "rating":
            pieces.append(self._rating(custom, text, number))
        elif text or buttons:
            pieces.append(self._menu(text, buttons, number))
            number += len(buttons)
        if custom and custom.get("items"):
            pieces.append(self._cards(custom, number))
        elif custom and custom.get("text") and not text and custom.get("type") != "rating":
            pieces.append(Piece("text", str(custom["text"])))
        for one in body.get("attachments") or []:
            pieces.append(Piece("image", self._texts.text("picture"), upload=str(one)))
        if body.get("image"):
            pieces.append(Piece("image", str(body["image"]), image=str(body["image"])))
        if agent:
            named = self._texts.text("agent_says", agent=agent)
            pieces = [replace(one, agent=agent, text=named + one.text, lead=named + one.lead) for one in pieces]
        return pieces

    def _menu(self, text: str, buttons: list[tuple[str, str]], number: int) -> Piece:
        if not buttons:
            return Piece("text", text, text)
        # Where the options are amounts ("3 pieces"), a typed 3 must stay an amount: letters then.
        amounts = any(title[:1].isdigit() and len(title) <= 4 for title, _ in buttons)
        marks = [chr(ord("A") + at) if amounts else str(number + at) for at in range(len(buttons))]
        options = tuple(Option(mark, title, means) for mark, (title, means) in zip(marks, buttons, strict=True))
        return Piece("menu", _joined(text, self._listed(options)), text, options)

    def _rating(self, custom: dict[str, Any], text: str, number: int) -> Piece:
        """Stars are typed as they are, so their numbers are always 1 to 5."""
        text = text or str(custom.get("text") or "") or self._texts.text("rating")
        options = tuple(
            Option(str(stars), self._texts.text(f"stars_{stars}"), {"rate": custom.get("handoff_id"), "stars": stars})
            for stars in range(1, STARS + 1)
        )
        return Piece("menu", _joined(text, self._listed(options)), text, options)

    def _cards(self, custom: dict[str, Any], number: int) -> Piece:
        cards = [one for one in custom["items"] if isinstance(one, dict)]
        several = len(cards) > 1
        options: list[Option] = []
        blocks: list[str] = []
        for card in cards:
            buttons = [one for one in card.get("buttons") or [] if one.get("title")]
            if several:
                mark = ""
                if buttons:  # in a list a number means the card: its first button
                    mark = str(number + len(options))
                    title = f"{buttons[0]['title']} {card.get('title', '')}".strip()
                    options.append(Option(mark, title, buttons[0].get("payload") or buttons[0]["title"]))
                blocks.append(_card_text(card, mark))
            else:
                for one in buttons:
                    means = one.get("payload") or one["title"]
                    options.append(Option(str(number + len(options)), one["title"], means))
                blocks.append(_joined(_card_text(card, ""), self._listed(tuple(options)) if options else ""))
        if several and options:
            blocks.append(self._texts.text("choose_card", number=options[0].number))
        lead = "\n".join(_card_text(card, "") for card in cards)
        topic = str(custom.get("type") or "")
        return Piece("cards", "\n".join(blocks), lead, tuple(options), tuple(cards), topic=topic)

    def _listed(self, options: tuple[Option, ...]) -> str:
        lines = [self._texts.text("choose_option", number=one.number, title=one.title) for one in options]
        by_letter = bool(options) and options[0].number.isalpha()
        return "\n".join([self._texts.text("choose_letter" if by_letter else "choose"), *lines])

    def _fitting(self, piece: Piece) -> list[Piece]:
        """The piece, in several when its text is longer than the platform takes."""
        parts = cut(piece.text, self._form.text_limit)
        if len(parts) == 1:
            return [piece]
        return [Piece("text", part, part, piece.options if at == 0 else ()) for at, part in enumerate(parts)]


def merged(pieces: list[Piece]) -> Piece:
    """Several pieces as one text."""
    if len(pieces) == 1:
        return pieces[0]
    text = "\n\n".join(one.text for one in pieces)
    return Piece("text", text, text, tuple(option for one in pieces for option in one.options))


def pack(pieces: list[Piece], room: int | None, limit: int) -> list[int]:
    """How many pieces each message takes, so that as few as possible are merged.

    Args:
        pieces: In order.
        room: Messages that may be sent; None: as many as there are pieces.
        limit: Bytes of a text.

    Returns:
        Sizes of groups of neighbours. Where even merging does not fit into the
        room there are more groups than room; the last ones have to wait.
    """
    sizes = [1] * len(pieces)
    alone = [bool(one.upload) for one in pieces]  # a picture is no text: it waits rather than be merged
    weights = [len(one.text.encode()) + 2 for one in pieces]
    while room is not None and len(sizes) > max(room, 1):
        best = None
        at = 0
        for index in range(len(sizes) - 1):
            weight = weights[index] + weights[index + 1]
            pair = slice(at, at + sizes[index] + sizes[index + 1])
            plain = sum(one.kind in ("text", "menu") for one in pieces[pair])
            rank = (plain < sizes[index] + sizes[index + 1], weight)  # texts first, then the shortest
            if not any(alone[pair]) and weight - 2 <= limit and (best is None or rank < best[0]):
                best = (rank, index)
            at += sizes[index]
        if best is None:
            break
        index = best[1]
        sizes[index : index + 2] = [sizes[index] + sizes[index + 1]]
        weights[index : index + 2] = [weights[index] + weights[index + 1]]
    return sizes


def cut(text: str, limit: int) -> list[str]:
    """A text in parts of at most ``limit`` bytes, at line ends where there are any."""
    if len(text.encode()) <= limit:
        return [text]
    parts, part = [], ""
    for line in text.splitlines(keepends=True):
        while len(line.encode()) > limit:
            head = line.encode()[: limit - len(part.encode())].decode(errors="ignore")
            parts.append(part + head)
            line, part = line[len(head) :], ""
        if len((part + line).encode()) > limit:
            parts.append(part)
            part = ""
        part += line
    return [one.strip("\n") for one in [*parts, part] if one.strip("\n")]


def _card_text(card: dict[str, Any], number: str) -> str:
    head = " ".join(str(card[part]) for part in ("title", "price", "badge") if card.get(part))
    rest = [str(part) for part in [card.get("subtitle"), *(card.get("lines") or [])] if part]
    return "\n   ".join([f"{number}. {head}" if number else head, *rest])


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _name(agent: Any) -> str:
    return str(agent.get("name") or "") if isinstance(agent, dict) else str(agent or "")
