"""Answers every request with what arrived: what a test needs to see which way a request took."""

import socket
from collections.abc import Callable

from serving import BadBody, Handler, serve


class Echo(Handler):
    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.echo
        raise AttributeError(name)

    def echo(self) -> None:
        try:
            body = self.body()
        except BadBody as problem:
            return self.reply_json(problem.status, {"error": str(problem)})
        return self.reply_json(
            200,
            {
                "method": self.command,
                "path": self.path,
                "headers": dict(self.headers.items()),
                "body": body.decode(errors="replace"),
                "hostname": socket.gethostname(),
            },
        )


if __name__ == "__main__":
    serve(Echo)
