"""A local HTTP server that keeps one packed text, and can be slow, broken or wrong."""

import gzip
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = "".join(
    f"Zeile {number}: ein Hund läuft.\n" for number in random.Random(1).sample(range(10**9), 20_000)
).encode()
PACKED = gzip.compress(TEXT)
NAME = "train.de"
BLOCK = 4096


@dataclass
class Server:
    """What the handler answers, and how many requests it received.

    Attributes:
        content: of `/raw/train.de.gz`.
        breaks: for each of the next requests, the number of bytes after which it is cut off.
        states: for each of the next requests, the HTTP status sent instead of the content.
        headers: for each of the next requests, headers sent instead of Content-Length.
        redirects: for each of the next requests, the address that it is redirected to.
        pause: seconds between two blocks.
        requests: received so far.
        address: of the folder with the text, once the server runs.
    """

    content: bytes = PACKED
    breaks: list[int] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    redirects: list[str] = field(default_factory=list)
    pause: float = 0.0
    requests: int = 0
    address: str = ""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        state = self.server.state
        state.requests += 1
        if self.path != f"/raw/{NAME}.gz":
            self.send_error(404)
        elif state.redirects:
            self.send_response(302)
            self.send_header("Location", state.redirects.pop(0))
            self.end_headers()
        elif state.states:
            self.send_error(state.states.pop(0))
        else:
            headers = {"Content-Length": str(len(state.content))}
            self.send_response(200)
            for name, value in (state.headers.pop(0) if state.headers else headers).items():
                self.send_header(name, value)
            self.end_headers()
            end = state.breaks.pop(0) if state.breaks else len(state.content)
            with suppress(ConnectionError):
                self.send(state.content[:end], state.pause)

    def send(self, content, pause):
        block = BLOCK if pause else len(content)
        for start in range(0, len(content), block):
            self.wfile.write(content[start : start + block])
            time.sleep(pause)

    def log_message(self, *_):
        pass


@contextmanager
def running(state: Server) -> Iterator[Server]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.state = state
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        state.address = f"http://127.0.0.1:{http.server_port}/raw"
        yield state
        http.shutdown()
        thread.join()
