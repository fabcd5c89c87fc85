"""Metronome's end points (port 9000). There are no jobs and none can be made."""
from practice import node
from practice.httpd import Answer, Request, listen, serve

PORT = 9000


def handle(request: Request):
    path = request.path.rstrip("/")
    if path == "/ping":
        return Answer(text="pong")
    if path == "/info":
        return Answer({"version": node.version()["version"]})
    if path == "/v1/jobs":
        if request.method in ("GET", "HEAD"):
            return Answer([])
        return Answer(status=501, text="the practice release schedules nothing\n")
    return None


def main() -> int:
    serve(listen(PORT), handle)
    return 0
