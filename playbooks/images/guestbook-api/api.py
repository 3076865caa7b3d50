"""The guestbook's messages: `POST /` keeps one, `GET /` lists the latest, in PostgreSQL."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout
from serving import BadBody, Handler, serve

PASSWORD_FILE = Path(os.environ.get("DB_PASSWORD_FILE", "/run/secrets/db_password"))
TEXT_LIMIT = 1000
LATEST = "SELECT id, text, created FROM (SELECT * FROM messages ORDER BY id DESC LIMIT 100) m ORDER BY id"
KEEP = "INSERT INTO messages (text) VALUES (%s) RETURNING id, text, created"
TABLE = """
    CREATE TABLE IF NOT EXISTS messages (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        text text NOT NULL,
        created timestamptz NOT NULL DEFAULT now()
    )"""


def make_table(connection: psycopg.Connection) -> None:
    """Under a lock, because two replicas that create the same table at once get an error."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(1)")
        connection.execute(TABLE)


# Every connection makes sure of the table, so that the API also survives a database that was replaced.
database = ConnectionPool(
    kwargs={
        "host": os.environ.get("DB_HOST", "db"),
        "dbname": os.environ.get("DB_NAME", "postgres"),
        "user": os.environ.get("DB_USER", "postgres"),
        "password": PASSWORD_FILE.read_text().strip(),
        "connect_timeout": 2,
        "options": "-c client_min_messages=warning -c statement_timeout=5s",
        "row_factory": dict_row,
    },
    min_size=1,
    max_size=8,
    max_idle=60,
    reconnect_timeout=5,
    timeout=2,
    configure=make_table,
    check=ConnectionPool.check_connection,
    open=False,
)


def query(sql: str, *values: str) -> list[dict[str, object]]:
    with database.connection() as connection:
        rows = connection.execute(sql, values).fetchall()
    return [{**row, "created": row["created"].isoformat(timespec="seconds")} for row in rows]


def parse(body: bytes) -> str:
    """The text of a message."""
    try:
        text = json.loads(body)["text"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadBody(400, 'the body must be JSON like {"text": "Hello"}') from None
    if not isinstance(text, str) or not text.strip() or len(text) > TEXT_LIMIT:
        raise BadBody(422, f"text must be a string of 1 to {TEXT_LIMIT} characters")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadBody(422, "text holds a character that cannot be stored")
    return text


class Api(Handler):
    unlogged = frozenset({"/health"})  # asked every other second

    def do_GET(self) -> None:
        match urlsplit(self.path).path.rstrip("/"):
            case "":
                self.answer(200, lambda: query(LATEST))
            case "/health":
                self.answer(200, self.health)
            case _:
                self.reply_json(404, {"error": "there is nothing here"})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        if urlsplit(self.path).path.rstrip("/"):
            return self.reply_json(404, {"error": "there is nothing here"})
        return self.answer(201, lambda: query(KEEP, parse(self.body()))[0])

    def health(self) -> dict[str, str]:
        with database.connection() as connection:
            connection.execute("SELECT 1")
        return {"status": "ok"}

    def answer(self, status, work) -> None:
        try:
            self.reply_json(status, work())
        except BadBody as problem:
            self.reply_json(problem.status, {"error": str(problem)})
        except (psycopg.Error, PoolTimeout) as error:
            self.reply_json(503, {"error": f"the database is away: {' '.join(str(error).split())}"})


if __name__ == "__main__":
    database.open()
    serve(Api)
    database.close()
