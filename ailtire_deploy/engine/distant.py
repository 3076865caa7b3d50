"""An engine over TCP, TLS or ssh, by docker-py: the longer way, which takes long to load.

docker-py's own methods drop fields they do not know and lack some calls (labels of a config, logs of a task);
its client is a ``requests`` session that knows the ways, and that is what is used here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import docker
from docker.errors import DockerException
from docker.tls import TLSConfig
from docker.types import CancellableStream

from ailtire_deploy.engine.connect import Address
from ailtire_deploy.engine.transport import CONNECT_TIMEOUT, POOL, TIMEOUT, Answer, Request

ANY_VERSION = "1.41"  # docker-py wants one; the paths that are asked for name their own


class Distant:
    """A transport to whatever docker-py reaches. Raises OSError, or ValueError for what it cannot reach."""

    def __init__(self, address: Address) -> None:
        if address.url.startswith("ssh://") and importlib.util.find_spec("paramiko") is None:
            raise ValueError("ssh needs one more package: pip install 'ailtire-deploy[ssh]'")
        try:
            self._client = docker.APIClient(
                base_url=address.url,
                version=ANY_VERSION,
                timeout=int(TIMEOUT),
                tls=_tls(address),
                use_ssh_client=True,
                max_pool_size=POOL,
            )
        except DockerException as error:
            raise OSError(str(error)) from error
        if address.url.startswith("ssh://"):  # no proxy stands there; to look for one costs a millisecond
            self._client.trust_env = False

    def send(self, request: Request) -> Answer:
        return _Answer(
            self._client.request(
                request.method,
                f"{self._client.base_url}{request.target}",
                data=request.body,
                headers=request.headers,
                timeout=(CONNECT_TIMEOUT, request.silence),
                stream=True,
            )
        )

    def close(self) -> None:
        self._client.close()


class _Answer:
    def __init__(self, response: Any) -> None:
        self._response = response
        self._pieces = response.iter_content(chunk_size=None)
        self.status = int(response.status_code)

    def read(self) -> bytes:
        return bytes(self._response.content)

    def pieces(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def cut(self) -> None:
        with suppress(OSError, AttributeError, DockerException):  # it has ended already
            CancellableStream(self._pieces, self._response).close()

    def close(self) -> None:
        self._response.close()


def _tls(address: Address) -> TLSConfig | bool:
    folder = address.certificates
    if folder is None:
        return False
    pair = (str(folder / "cert.pem"), str(folder / "key.pem")) if (folder / "key.pem").is_file() else None
    authority = str(folder / "ca.pem") if (folder / "ca.pem").is_file() else None
    return TLSConfig(client_cert=pair, ca_cert=authority, verify=address.verify)
