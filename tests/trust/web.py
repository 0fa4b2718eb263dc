"""A web server for tests that answers exactly what it is told, well-formed or not."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; header names with _ for -."""
    lines = {"Content_Length": str(len(body))} | headers
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def redirect(target: str, status: str = "302 Found") -> bytes:
    """An answer that leads elsewhere."""
    return answer(b"", status, Location=target)


def _announced(request: bytes) -> int:
    """How long a request with its content is."""
    head, _, _ = request.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return len(head) + 4 + sum(lengths)


class Web:
    """Serves pages by path; what has no page is answered with 404 and an HTML page.

    Args:
        host: the address to listen on.
        tls: makes it a server with TLS.
    """

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, bytes | Callable[[socket.socket], None]] = {}
        self.requests: list[str] = []
        self.stop = threading.Event()
        self._tls = tls
        self._listener = socket.create_server((host, 0))
        self.root = f"http{'s' if tls else ''}://{host}:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, name="web")]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def url(self, path: str) -> str:
        """The address of a page."""
        return self.root + path

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.split()[1] for request in self.requests]

    def drip(self, content: bytes) -> Callable[[socket.socket], None]:
        """A page that comes byte by byte, for ever: it repeats its end."""

        def send(line: socket.socket) -> None:
            for byte in content:
                line.sendall(bytes([byte]))
            while not self.stop.wait(0.02):
                line.sendall(b" ")

        return send

    def _accept(self) -> None:
        while not self.stop.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(line,), name="web line")
            self._threads.append(thread)
            thread.start()

    def _serve(self, line: socket.socket) -> None:
        with line, suppress(OSError):
            line.settimeout(10)
            plain = self._tls.wrap_socket(line, server_side=True) if self._tls else line
            with plain:
                head = b""
                while b"\r\n\r\n" not in head and (piece := plain.recv(1 << 16)):
                    head += piece
                if not head:
                    return
                while len(head) < _announced(head) and (piece := plain.recv(1 << 16)):
                    head += piece
                self.requests.append(head.decode("latin-1"))
                path = self.requests[-1].split()[1]
                page = self.pages.get(path, answer(b"<html>gone</html>", "404 Not Found", Content_Type="text/html"))
                if callable(page):
                    page(plain)
                else:
                    plain.sendall(page)
