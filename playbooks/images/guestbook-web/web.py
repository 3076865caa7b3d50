"""The guestbook's front: a page with the messages and a form. It stays up when the messages do not."""

import json
import os
from html import escape
from string import Template
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

from serving import BadBody, Handler, serve

MESSAGES_URL = os.environ.get("MESSAGES_URL", "http://messages")
ANSWER_LIMIT = 1024 * 1024
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"
PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Guestbook</title>
<style>
  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem;
         color: #223; background: #f6f4ef }
  form { display: flex; gap: .5rem; margin: 1.5rem 0 }
  input { flex: 1; font: inherit; padding: .5rem; border: 1px solid #bbb; border-radius: .4rem }
  button { font: inherit; padding: .5rem 1rem; border: 0; border-radius: .4rem;
           color: #fff; background: #356 }
  li { padding: .5rem 0; border-top: 1px solid #ddd; overflow-wrap: anywhere }
  ul { list-style: none; padding: 0 }
  time { display: block; font-size: .8rem; color: #667 }
  .notice { padding: .7rem 1rem; border-radius: .4rem; background: #fbe9c8 }
</style>
</head>
<body>
<h1>Guestbook</h1>
$notice
<form method="post">
  <input name="text" aria-label="Your message" placeholder="Say something nice" maxlength="1000" required>
  <button>Sign</button>
</form>
<ul>
$messages
</ul>
</body>
</html>
""")


class Away(Exception):
    """The messages cannot be reached or understood."""


def call(data: bytes | None = None) -> object:
    """What the messages' API answers: to GET, or to POST when there is something to send."""
    request = Request(f"{MESSAGES_URL.rstrip('/')}/", data, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=3) as answer:
            return json.loads(answer.read(ANSWER_LIMIT))
    except HTTPError as error:
        raise Away(f"the answer was {error.code}") from error
    except (URLError, OSError, ValueError) as error:
        raise Away(str(getattr(error, "reason", error))) from error


def item(message: dict[str, object]) -> str:
    return f"<li>{escape(str(message['text']))}<time>{escape(str(message['created']))}</time></li>"


def page(problem: str = "") -> bytes:
    items: list[str] = []
    try:
        items = [] if problem else [item(message) for message in call()]
    except (Away, TypeError, KeyError) as away:
        problem = f"The messages are away just now: {away}"
    notice = f'<p class="notice" role="status">{escape(problem)}</p>' if problem else ""
    return PAGE.substitute(notice=notice, messages="\n".join(items)).encode()


class Web(Handler):
    unlogged = frozenset({"/health"})  # asked every other second

    def do_GET(self) -> None:
        match urlsplit(self.path).path:
            case "/":
                self.show(200)
            case "/health":
                self.reply_json(200, {"status": "ok"})
            case _:
                self.reply_json(404, {"error": "there is nothing here"})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        if urlsplit(self.path).path != "/":
            return self.reply_json(404, {"error": "there is nothing here"})
        try:
            form = parse_qs(self.body().decode(errors="replace"))
            call(json.dumps({"text": form.get("text", [""])[0]}).encode())
        except BadBody as problem:
            return self.show(problem.status, str(problem))
        except Away as away:
            return self.show(502, f"Your message was not kept: {away}")
        return self.reply(303, b"", "text/plain", Location="./")

    def show(self, status: int, problem: str = "") -> None:
        headers = {"Content_Security_Policy": POLICY, "Cache_Control": "no-store"}
        self.reply(status, page(problem), "text/html; charset=utf-8", **headers)


if __name__ == "__main__":
    serve(Web)
