"""A small HTTP/1.1 server and client: one thread per connection, every answer closes it.

Not the standard library's, whose import costs a good part of a second on an emulated processor.
"""
import json
import socket
import sys
import threading

LIMIT = 1 << 20  # bytes of a request's head or body
PATIENCE_S = 15
REASONS = {
    200: "OK",
    202: "Accepted",
    307: "Temporary Redirect",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class Request:
    def __init__(self, method: str, path: str, query: str, body: bytes):
        self.method, self.path, self.query, self.body = method, path, query, body


class Answer:
    def __init__(self, value=None, status: int = 200, text: str = None, headers: dict = None):
        """JSON of `value`, or plain `text`."""
        self.status, self.headers = status, dict(headers or {})
        if text is None:
            self.body = json.dumps(value).encode()
            self.headers["Content-Type"] = "application/json"
        else:
            self.body = text.encode()
            self.headers["Content-Type"] = "text/plain; charset=utf-8"


def _read_head(connection) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more or len(data) > LIMIT:
            return b""
        data += more
    return data


def _header(head: str, name: str) -> str:
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return ""


def _read_body(connection, start: bytes, length: int) -> bytes:
    while len(start) < length:
        more = connection.recv(min(65536, length - len(start)))
        if not more:
            break
        start += more
    return start


def _serve_one(connection, handle):
    with connection:
        connection.settimeout(PATIENCE_S)
        head, _, rest = _read_head(connection).partition(b"\r\n\r\n")
        words = head.split(b"\r\n")[0].decode("latin-1").split()
        if len(words) != 3:
            return
        head = head.decode("latin-1")
        length = _header(head, "content-length") or "0"
        if not length.isdigit() or int(length) > LIMIT:
            answer, request = Answer(status=400, text="bad length\n"), None
        else:
            path, _, query = words[1].partition("?")
            request = Request(words[0], path, query, _read_body(connection, rest, int(length)))
            try:
                answer = handle(request) or Answer(status=404, text="not found\n")
            except Exception as error:  # an answer for the client; the cause for the journal
                print(f"while answering {words[0]} {path}: {error!r}", file=sys.stderr, flush=True)
                answer = Answer(status=500, text=f"{error!r}\n")
        lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Unknown')}"]
        lines += [f"{key}: {value}" for key, value in answer.headers.items()]
        lines += [f"Content-Length: {len(answer.body)}", "Connection: close", "", ""]
        body = b"" if request and request.method == "HEAD" else answer.body
        connection.sendall("\r\n".join(lines).encode() + body)


def _serve_quietly(connection, handle):
    try:
        _serve_one(connection, handle)
    except OSError:
        pass  # the client went away


def listen(port: int, address: str = "0.0.0.0"):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen(64)
    return server


def serve(server, handle):
    """Answers requests for ever. `handle(Request)` gives an Answer, or None for 404."""
    while True:
        connection, _ = server.accept()
        threading.Thread(target=_serve_quietly, args=(connection, handle), daemon=True).start()


def get(address: str, port: int, path: str, timeout_s: float = 5, method: str = "GET"):
    """(status, headers' text, body). Raises OSError when nothing answers."""
    with socket.create_connection((address, port), timeout_s) as connection:
        connection.sendall(f"{method} {path} HTTP/1.0\r\nHost: {address}\r\n\r\n".encode())
        data = b""
        while more := connection.recv(65536):
            data += more
    head, _, body = data.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        raise OSError(f"no HTTP answer from {address}:{port}")
    return int(words[1]), head.decode("latin-1"), body


def get_json(address: str, port: int, path: str, timeout_s: float = 5):
    status, _, body = get(address, port, path, timeout_s)
    if status != 200:
        raise OSError(f"{address}:{port}{path} answers {status}")
    return json.loads(body)


def header(head: str, name: str) -> str:
    return _header(head, name)
