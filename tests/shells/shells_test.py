"""Real shells complete vmlab's command line, `man` formats its pages without a warning, and colours are
for terminals: with a lab that `up` seems to have made."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VMLAB = pathlib.Path(sys.argv.pop(1))
MADE = pathlib.Path(sys.argv.pop(1))  # what the build has made: pages and scripts
LIMIT_S = 20


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, argv, environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, environment)
        self.seen = ""
        self.all = ""

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, pattern):
        """What the pattern's group is, in what comes from now on."""
        end = time.monotonic() + LIMIT_S
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found.group(1)
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f"no {pattern!r} within {LIMIT_S} s in {self.seen!r}")
            said = os.read(self.fd, 65536).decode(errors="replace")
            self.seen += said
            self.all += said

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


class Shells(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(dir="/var/tmp")
        cls.dir = pathlib.Path(cls.place.name)
        lab = cls.dir / "state/labs/dcos"
        lab.mkdir(parents=True)
        (lab / "topology").write_text(f"{ROOT}/topologies/dcos.yaml\n")
        functions = cls.dir / "functions"
        functions.mkdir()
        shutil.copy(MADE / "_vmlab", functions)
        (cls.dir / "notes.txt").touch()
        (cls.dir / "notes two.txt").touch()
        cls.environment = {
            "PATH": f"{VMLAB.parent}:/usr/bin:/bin", "HOME": str(cls.dir), "TERM": "dumb",
            "LC_ALL": "C.UTF-8", "VMLAB_STATE_DIR": str(cls.dir / "state")}

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def completed(self, terminal, typed):
        """The line as it is after TAB: it becomes the words of a printf."""
        terminal.type(f"{typed}\t\x01printf '[%s]' \x05; echo '<''end>'\r")
        shown = terminal.wait_for(r"\n((?:\[[^\n]*)?)<end>")
        return re.findall(r"\[([^\]]*)\]", shown)

    def check_lines(self, terminal):
        for typed, words in (
                ("vmlab stat", ["vmlab", "status"]),
                ("vmlab image pru", ["vmlab", "image", "prune"]),
                ("vmlab down dc", ["vmlab", "down", "dcos"]),
                ("vmlab ssh boot", ["vmlab", "ssh", "bootstrap"]),
                ("vmlab ssh --lab dcos mas", ["vmlab", "ssh", "--lab", "dcos", "master-"]),
                ("vmlab up --accelerator=t", ["vmlab", "up", "--accelerator=tcg"]),
                ("vmlab cp boot", ["vmlab", "cp", "bootstrap:"]),
                ("vmlab cp notes.", ["vmlab", "cp", "notes.txt"]),
                ("vmlab exec master-1,boot", ["vmlab", "exec", "master-1,bootstrap"]),
                ("vmlab frob", ["vmlab", "frob"])):
            with self.subTest(typed):
                self.assertEqual(self.completed(terminal, typed), words)

    def test_bash(self):
        terminal = Terminal(["bash", "--norc", "--noprofile", "-i"],
                            {**self.environment, "PS1": "$ "})
        self.addCleanup(terminal.close)
        terminal.type(f"cd {self.dir}; bind 'set enable-bracketed-paste off'; "
                      f". {MADE}/vmlab.bash; echo '<''ready>'\r")
        terminal.wait_for("(<ready>)")
        self.check_lines(terminal)

    def test_zsh(self):
        terminal = Terminal(["zsh", "-f", "-i"], {**self.environment, "PS1": "$ "})
        self.addCleanup(terminal.close)
        terminal.type(f"cd {self.dir}; fpath=({self.dir}/functions $fpath); unsetopt zle_bracketed_paste; "
                      "bindkey -e; autoload compinit; compinit -u -D; echo '<''ready>'\r")
        terminal.wait_for("(<ready>)")
        self.check_lines(terminal)

    def test_fish(self):
        for typed, words in (
                ("vmlab stat", ["status"]),
                ("vmlab image pr", ["prune"]),
                ("vmlab down dc", ["dcos"]),
                ("vmlab ssh mas", ["master-1", "master-2", "master-3"]),
                ("vmlab up --accelerator=t", ["--accelerator=tcg"]),
                ("vmlab cp notes", ["notes two.txt", "notes.txt"]),
                ("vmlab frob", [])):
            with self.subTest(typed):
                ended = subprocess.run(
                    ["fish", "--no-config", "-c", f"source {MADE}/vmlab.fish; complete -C '{typed}'"],
                    env=self.environment, cwd=self.dir, text=True, timeout=LIMIT_S, check=True,
                    stdout=subprocess.PIPE)
                found = [line.split("\t")[0].replace("\\ ", " ") for line in ended.stdout.splitlines()]
                self.assertEqual(sorted(found), words)


class Colour(unittest.TestCase):
    def coloured(self, **environment):
        """Whether what vmlab says at a terminal, or to a pipe, has escape sequences."""
        for argv in ([VMLAB, "validate", "/nowhere.yaml"], ["sh", "-c", f"{VMLAB} validate /nowhere.yaml 2>&1 | cat"]):
            terminal = Terminal(list(map(str, argv)), {
                "PATH": "/usr/bin:/bin", "TERM": "xterm", "VMLAB_CONNECT": "test:///default",
                "VMLAB_DATA": str(ROOT), **environment})
            terminal.wait_for(r"(such file)")
            yield "\x1b[" in terminal.all
            terminal.close()

    def test_only_at_a_terminal_that_wants_it(self):
        self.assertEqual(list(self.coloured()), [True, False])
        self.assertEqual(list(self.coloured(NO_COLOR="")), [True, False])
        self.assertEqual(list(self.coloured(NO_COLOR="1")), [False, False])
        self.assertEqual(list(self.coloured(TERM="dumb")), [False, False])


class Manual(unittest.TestCase):
    def test_man_has_no_warning_and_shows_all(self):
        for page, holds in (("vmlab.1.gz", ("vmlab up [FILE]", "--accelerator auto|kvm|tcg", "NO_COLOR")),
                            ("vmlab-topology.5.gz", ("allow_small_memory", "master:\n", "release: practice"))):
            with self.subTest(page):
                ended = subprocess.run(
                    ["man", "--warnings", "-E", "UTF-8", "-l", str(MADE / page)], text=True, timeout=LIMIT_S,
                    env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80",
                         "MAN_KEEP_FORMATTING": ""}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.assertEqual((ended.returncode, ended.stderr), (0, ""))
                for text in holds:
                    self.assertIn(text, ended.stdout)
                self.assertNotIn("\\", ended.stdout.replace("$EDITOR", ""))


class Scripts(unittest.TestCase):
    """The shell that is ours, before a linter."""

    def test_shellcheck_has_no_word_to_say(self):
        files = [ROOT / "quickstart", ROOT / ".ci/run"]
        for folder in ("src", "tests"):
            for path in (ROOT / folder).rglob("*"):
                if path.is_file() and "golden" not in path.parts:
                    with path.open("rb") as file:
                        if re.match(rb"#!/bin/(ba)?sh", file.readline()):
                            files.append(path)
        self.assertGreater(len(files), 7)
        said = subprocess.run(["shellcheck", "--severity=warning", *files], text=True, stdout=subprocess.PIPE)
        self.assertEqual((said.returncode, said.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
