"""A server of this machine that keeps one packed text, and can be slow, broken or wrong."""

import gzip
import random
import re
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
    """What the handler answers, and what it was asked.

    Attributes:
        content: of `/raw/train.de.gz`.
        breaks: for each request to come, after how many bytes it is cut off; then none is.
        ranges: whether requests for a part are understood.
        states: for each request to come, the HTTP state instead of the content.
        headers: for each request to come, headers instead of Content-Range and Content-Length.
        partial: whether the first answer is called a part, whatever was asked for.
        pause: seconds between two blocks.
        asked: the Range header of each request, empty where there was none.
    """

    content: bytes = PACKED
    breaks: list[int] = field(default_factory=list)
    ranges: bool = True
    states: list[int] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    partial: bool = False
    pause: float = 0.0
    asked: list[str] = field(default_factory=list)
    address: str = ""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        state, asked = self.server.state, self.headers["Range"] or ""
        state.asked.append(asked)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and state.ranges else 0
        size = len(state.content)
        if self.path != f"/raw/{NAME}.gz":
            self.send_error(404)
        elif state.states:
            self.send_error(state.states.pop(0))
        elif start >= size:
            self.head(416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"})
        else:
            headers = {"Content-Length": str(size - start)}
            if start:
                headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
            status = 206 if start or state.partial else 200
            state.partial = False
            self.head(status, state.headers.pop(0) if state.headers else headers)
            end = start + state.breaks.pop(0) if state.breaks else size
            with suppress(ConnectionError):
                self.send(state.content[start:end], state.pause)

    def head(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, content, pause):
        block = BLOCK if pause else len(content)
        for place in range(0, len(content), block):
            self.wfile.write(content[place : place + block])
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
