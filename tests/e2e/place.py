"""A place where labs live during a test: a libvirt of its own and a state directory below
build/e2e, the real program, and a look from outside at what it did. Standard library only."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("VMLAB_E2E_DIR", ROOT / "build" / "e2e"))
VMLAB = pathlib.Path(os.environ.get("VMLAB_BINARY", ROOT / "build" / "release" / "bin" / "vmlab"))
SANDBOX = ROOT / "src" / "tools" / "sandbox"
CACHE = BUILD / "images"  # hard links to every image that a test has made
FIGURES = BUILD / "figures.json"
CONSOLE_LINES = 12
LOGINS = pathlib.Path("/tmp/vmlab-e2e-logins")  # short: it holds sockets


class Failed(Exception):
    """A check that did not hold."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def equal(found, expected, what):
    check(found == expected, f"{what}: expected {expected!r}, found {found!r}")


class Result:
    def __init__(self, argv, code, out, err, took):
        self.argv, self.code, self.out, self.err, self.took = argv, code, out, err, took

    def __str__(self):
        words = " ".join(map(str, self.argv))
        return f"$ {words}\n[exit {self.code} after {self.took:.1f} s]\n{self.out}{self.err}"

    def expect(self, code=0, *texts):
        """Exit code as given, and every text in standard output or error."""
        check(self.code == code, f"expected exit code {code}\n{self}")
        for text in texts:
            check(text in self.out + self.err, f"expected {text!r} in\n{self}")
        return self


def run(argv, timeout=120, env=None, cwd=ROOT, input=None):
    begun = time.monotonic()
    # Nobody's terminal, and a process group of its own: a time limit ends all of it.
    process = subprocess.Popen(
        list(map(str, argv)), stdin=subprocess.PIPE if input else subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", cwd=cwd,
        env={**os.environ, **(env or {})}, start_new_session=True)
    try:
        out, err = process.communicate(input, timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise Failed(f"no end after {timeout} s: {' '.join(map(str, argv))}\n{out}{err}") from None
    return Result(argv, process.returncode, out, err, time.monotonic() - begun)


def link_images(source, target):
    """Hard links of whole images: they are immutable, so one inode serves cache and places."""
    if not source.is_dir():
        return
    target.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        if file.is_file() and not file.name.endswith((".part", ".new", ".tmp")):
            if not (target / file.name).exists():
                os.link(file, target / file.name)


class Place:
    """One sandbox with its state directory; `start` finds the one of an earlier process."""

    def __init__(self, name):
        self.name = name
        self.dir = BUILD / name
        self.sandbox_dir = self.dir / "sandbox"
        self.state = self.dir / "state"
        self.env = {"VMLAB_STATE_DIR": str(self.state)}
        self.keep_logins = False  # a login costs an emulated guest two seconds; not across a revert

    def start(self):
        link_images(CACHE, self.state / "images")
        run([SANDBOX, "start", self.sandbox_dir]).expect()
        return self

    def keep_images(self):
        link_images(self.state / "images", CACHE)

    def running(self):
        return run([SANDBOX, "status", self.sandbox_dir]).code == 0

    def stop(self):
        self.keep_images()
        if self.running():
            run([SANDBOX, "stop", self.sandbox_dir]).expect()
        shutil.rmtree(self.dir, ignore_errors=True)

    def inside(self, *argv, timeout=120, input=None):
        return run([SANDBOX, "run", self.sandbox_dir, "--", *argv], timeout, self.env, input=input)

    def vmlab(self, *words, timeout=120):
        return self.inside(VMLAB, *words, timeout=timeout)

    def outside(self, *words, timeout=120):
        """vmlab with this state directory where the network can be reached."""
        return run([VMLAB, *words], timeout, self.env)

    def begin(self, *words):
        """Starts vmlab and does not wait: see Background."""
        return Background([SANDBOX, "run", self.sandbox_dir, "--", VMLAB, *words], self.env)

    def virsh(self, *words):
        return self.inside("virsh", "-q", "-c", "qemu:///system", *words).expect().out

    def domains(self):
        return sorted(self.virsh("list", "--all", "--name").split())

    def networks(self):
        return sorted(self.virsh("net-list", "--all", "--name").split())

    def processes(self):
        """Command lines of guests and name servers in the sandbox."""
        out = self.inside("ps", "-eo", "args", "--no-headers").expect().out
        return [line for line in out.splitlines()
                if line.startswith(("qemu", "/usr/bin/qemu", "/usr/sbin/dnsmasq")) or
                str(VMLAB) in line.split(" ")[0]]

    def status(self, lab):
        """As the nodes themselves tell it."""
        return json.loads(self.vmlab("status", lab, "--probe", "--json").expect().out)

    def addresses(self, lab):
        """{node: address}; no node is asked."""
        nodes = json.loads(self.vmlab("status", lab, "--json").expect().out)["nodes"]
        return {node["name"]: node["address"] for node in nodes}

    def lab_dir(self, lab):
        return self.state / "labs" / lab

    def guest(self, lab, address, script, timeout=60):
        """Runs a script as root in a guest with the lab's own key, its host key checked."""
        directory = self.lab_dir(lab)
        kept = []
        if self.keep_logins:
            LOGINS.mkdir(mode=0o700, exist_ok=True)
            kept = ["-o", "ControlMaster=auto", "-o", "ControlPersist=120",
                    "-o", f"ControlPath={LOGINS}/%C"]
        return self.inside(
            "ssh", *kept, "-i", directory / "secrets" / "id_ed25519",
            "-o", f"UserKnownHostsFile={directory / 'known_hosts'}", "-o", "GlobalKnownHostsFile=none",
            "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
            "-o", "ConnectTimeout=30", f"root@{address}", "bash", "-s",
            timeout=timeout, input=script)

    def keep_evidence(self, lab):
        """Copies what tells why a lab failed to where no `down` removes it, and prints the ends of its
        consoles: a machine that ran the tests may not be there any more when they are read."""
        target = BUILD / f"evidence-{lab}"
        shutil.rmtree(target, ignore_errors=True)
        for part in ("evidence", "console", "history"):
            source = self.lab_dir(lab) / part
            if source.is_dir():
                shutil.copytree(source, target / part)
            elif source.exists():
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        print("evidence is in", target)
        for console in sorted((target / "console").glob("*.log")):
            end = console.read_text(errors="replace").splitlines()[-CONSOLE_LINES:]
            print(f"console of {console.stem} ends with", *end, sep="\n  ")

    def leftovers(self):
        """What is still there of any lab, one line each; images are no part of a lab."""
        found = [f"domain {name}" for name in self.domains()]
        found += [f"network {name}" for name in self.networks()]
        found += [f"process {line}" for line in self.processes()]
        links = self.inside("ip", "-br", "link").expect().out.splitlines()
        found += [f"interface {line.split()[0]}" for line in links if not line.startswith("lo ")]
        for part in ("labs", "locks", "releases"):
            for path in sorted((self.state / part).rglob("*")):
                found.append(f"file {path}")
        return found


    def end(self, lab, *last):
        """`vmlab down`, then `last` inside: nothing is left over. The place goes in any case."""
        if not self.running():
            return
        result = self.vmlab("down", lab, timeout=300)
        unmade = self.inside(*last) if last else None
        left = self.leftovers()
        self.stop()
        result.expect()
        if unmade:
            unmade.expect()
        equal(left, [], "left over after `vmlab down`")


class Background:
    """A run of vmlab whose output is read as it comes."""

    def __init__(self, argv, env):
        self.argv, self.begun = argv, time.monotonic()
        self.lines = []
        self.process = subprocess.Popen(
            list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", cwd=ROOT,
            env={**os.environ, **env}, start_new_session=True)
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line)
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def until(self, text, timeout):
        """Waits for a line that holds `text`."""
        end = time.monotonic() + timeout
        with self.news:
            while not any(text in line for line in self.lines):
                left = end - time.monotonic()
                check(left > 0, f"no {text!r} within {timeout} s in\n{''.join(self.lines)}")
                check(self.reader.is_alive(), f"ended without {text!r}:\n{''.join(self.lines)}")
                self.news.wait(min(left, 5))

    def interrupt(self):
        """Ctrl-C: the signal goes to the whole group, as a terminal sends it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self, seconds):
        """Pauses between two looks at something; fails when the program has ended meanwhile."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise Failed(f"ended with {self.process.returncode}:\n{''.join(self.lines)}")

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def end(self, timeout):
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise Failed(f"no end within {timeout} s:\n{''.join(self.lines)}") from None
        self.reader.join()
        took = time.monotonic() - self.begun
        return Result(self.argv, self.process.returncode, "".join(self.lines), "", took)


def say(text):
    """A line for whoever runs the tests, also of a test that passes."""
    print(text, flush=True)
    if "VMLAB_FIGURES" in os.environ:
        with open(os.environ["VMLAB_FIGURES"], "a", encoding="utf-8") as out:
            out.write(text + "\n")


def record(**figures):
    """Adds figures that the benchmarks compare with their limits."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    known.update(figures)
    BUILD.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(known, indent=1) + "\n")


def main(tests):
    """Runs the one named test of a module: `module.py NAME`."""
    name = sys.argv[1]
    try:
        tests[name]()
    except Failed as failure:
        print(f"FAILED {name}: {failure}")
        sys.exit(1)
