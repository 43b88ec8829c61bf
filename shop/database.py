"""The one place that knows which database it is.

SQLite (a file, WAL) by default; PostgreSQL by ``XIAOER_DATABASE_URL``.
``Database.read()`` and ``Database.change()`` are the only doors to a session;
both turn the driver's errors into ours.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Callable, Iterator

from sqlalchemy import create_engine, event, exc, func, literal_column, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import QueuePool

from shop.errors import BadSetting, ConcurrentChange, DatabaseDown
from shop.write_line import WriteLine

BUSY_TIMEOUT_S = 5
_BEGIN = text("BEGIN IMMEDIATE")
_ALONE = text("SELECT pg_advisory_xact_lock(20221)")  # any number that nobody else uses
# Without these a server that has gone without a word holds a customer for minutes.
_PATIENCE = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "tcp_user_timeout": 10_000}
_LOST_RACES = {"40001", "40P01"}  # PostgreSQL: serialisation failure, deadlock
_CHECK: ContextVar[Callable[[Session], None] | None] = ContextVar("check", default=None)


class Database:
    """Sessions on one engine; safe to share between threads."""

    def __init__(self, address: str) -> None:
        try:
            self.engine = _make_engine(address)
        except (exc.ArgumentError, ImportError) as error:  # its message may show a password
            mend = f"no address of a database ({type(error).__name__}): give postgresql+psycopg2://… or leave it empty"
            raise BadSetting("XIAOER_DATABASE_URL", "…", mend) from None
        self._session = sessionmaker(self.engine, expire_on_commit=False, future=True)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._line, self.busy_s = WriteLine(), float(BUSY_TIMEOUT_S)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session to read with; nothing is committed.

        Raises:
            DatabaseDown: the database does not answer.
        """
        with _translated():
            session = self._session()
            try:
                yield session
            finally:
                session.close()

    @contextmanager
    def change(self, first: bool = False) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error.

        SQLite takes its write lock at the beginning, so that what was read is
        still true when it is written; this process's threads stand in line for it.

        Args:
            first: Go ahead of that line: somebody outside waits for this one, and not for long.

        Raises:
            ConcurrentChange: another transaction changed the same rows.
            DatabaseDown: the database does not answer.
            ShopError: by the check of ``only_while``.
        """
        with _translated(), self._turn(first):
            session = self._session()
            try:
                if self.is_sqlite:
                    session.execute(_BEGIN)
                check = _CHECK.get()
                if check is not None:
                    check(session)
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                session.close()

    @staticmethod
    @contextmanager
    def only_while(check: Callable[[Session], None]) -> Iterator[None]:
        """Begin every change that is made within by a check in its own transaction, which raises to refuse it.

        It holds for this thread or task and what is started from it, by ``contextvars``.
        """
        token = _CHECK.set(check)
        try:
            yield
        finally:
            _CHECK.reset(token)

    @staticmethod
    @contextmanager
    def whatever_is_erased() -> Iterator[None]:
        """Make changes that have nothing to do with ``only_while``'s check although they come within it."""
        token = _CHECK.set(None)
        try:
            yield
        finally:
            _CHECK.reset(token)

    @contextmanager
    def _turn(self, first: bool) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        if not self._line.enter(self.busy_s, first):
            raise DatabaseDown("the database does not answer: others write for too long")
        try:
            yield
        finally:
            self._line.leave()

    def day_of(self, column: Any) -> Any:
        """The day of a moment in Asia/Shanghai as YYYY-MM-DD, as an expression of this database."""
        if self.is_sqlite:
            return func.date(column, literal_column("'+8 hours'"))
        return func.to_char(func.timezone(literal_column("'Asia/Shanghai'"), column), literal_column("'YYYY-MM-DD'"))

    def days_between(self, first: Any, last: Any) -> Any:
        """The days from one moment to another, with their fraction, as an expression of this database."""
        if self.is_sqlite:
            return func.julianday(last) - func.julianday(first)
        return func.extract("epoch", last - first) / 86400.0

    def create_all(self) -> None:
        """Bring the schema to the newest migration, one process at a time; harmless when it is there."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.engine.begin() as connection:
            connection.execute(_BEGIN if self.is_sqlite else _ALONE)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _make_engine(address: str) -> Engine:
    if not address.startswith("sqlite"):
        return create_engine(
            address, connect_args=_PATIENCE, pool_pre_ping=True, pool_size=5, max_overflow=10, future=True
        )
    # SQLAlchemy 1.4 would open a file anew for each session, and the last one to close pays for a checkpoint: 20 ms.
    engine = create_engine(
        address,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=24,
        future=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
            "cache_size=-32000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except StaleDataError as error:
        raise ConcurrentChange("another request changed the same row; ask again") from error
    except exc.OperationalError as error:
        if getattr(error.orig, "pgcode", None) in _LOST_RACES:
            raise ConcurrentChange("two requests locked the same rows; ask again") from error
        raise DatabaseDown(f"the database does not answer: {type(error.__cause__ or error).__name__}") from error
    except (exc.InterfaceError, exc.TimeoutError) as error:
        raise DatabaseDown(f"the database does not answer: {type(error.__cause__ or error).__name__}") from error


_opened: dict[str, Database] = {}
_lock = threading.Lock()


def open_database(address: str) -> Database:
    """The process's Database for an address, made at the first call."""
    with _lock:
        if address not in _opened:
            _opened[address] = Database(address)
        return _opened[address]
