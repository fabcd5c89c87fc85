"""Headless Chromium, spoken to over a pipe: the DevTools protocol with nothing but Python."""

import json
import os
import select
import subprocess
import tempfile
import time
from pathlib import Path


class Browser:
    """A context: Chromium without a way to the outside, its profile thrown away at the end."""

    def __enter__(self):
        self._home = tempfile.TemporaryDirectory(prefix="vmlab-chromium-")
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        words = [
            "chromium",
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--remote-debugging-pipe",
            "--user-data-dir=" + self._home.name,
            "about:blank",
        ]
        # The protocol wants exactly these two descriptors.
        script = f'exec 3<&{to_browser} 4>&{from_browser}; exec "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", *words],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self._home.name},
        )
        os.close(to_browser)
        os.close(from_browser)
        self._last = 0
        self._pending = b""
        self.events = []
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
            self._process.wait(timeout=20)
        except (RuntimeError, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)
        self._home.cleanup()

    def call(self, method, session=None, **parameters):
        """The result of a command; events that come before it are kept."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._take(time.monotonic() + 60)
            if answer.get("id") != self._last:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            else:
                return answer["result"]

    def wait_for(self, method):
        """The first event of this name, from those that are kept or that come."""
        limit = time.monotonic() + 60
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._take(limit))
        return next(event for event in self.events if event.get("method") == method)

    def _take(self, limit):
        while b"\0" not in self._pending:
            ready, _, _ = select.select([self._read], [], [], max(0, limit - time.monotonic()))
            if not ready:
                raise RuntimeError("Chromium does not answer")
            read = os.read(self._read, 1 << 20)
            if not read:
                raise RuntimeError("Chromium has ended")
            self._pending += read
        message, self._pending = self._pending.split(b"\0", 1)
        return json.loads(message)


class View:
    """A file shown by the browser in one colour scheme and size, and what went wrong meanwhile."""

    def __init__(self, browser, path, scheme="light", width=1200, height=900):
        self._browser = browser
        browser.events.clear()
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=target, flatten=True)
        self._target, self._session = target, attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        browser.events.clear()
        self.url = Path(path).resolve().as_uri()
        self.call("Page.navigate", url=self.url)
        browser.wait_for("Page.loadEventFired")

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def value(self, expression):
        """What a JavaScript expression is in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def screenshot(self):
        """The whole page as PNG, in Base64."""
        return self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]

    def complaints(self):
        """Whatever the page said to the console, and whatever it asked for but itself."""
        self.value("0")  # events come before answers
        found = []
        for event in self._browser.events:
            method, said = event.get("method"), event.get("params", {})
            if method == "Network.requestWillBeSent" and said["request"]["url"] != self.url:
                found.append("request: " + said["request"]["url"])
            elif method == "Log.entryAdded":
                found.append("log: " + said["entry"]["text"])
            elif method == "Runtime.consoleAPICalled":
                found.append("console: " + str(said["args"]))
            elif method == "Runtime.exceptionThrown":
                found.append("exception: " + said["exceptionDetails"]["text"])
        return found

    def close(self):
        self._browser.call("Target.closeTarget", targetId=self._target)
