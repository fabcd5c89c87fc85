"""Every command that a document shows is run by some test: here, by the real program, when it needs no
guest; else the table below says by which other test, and that one is looked at, too. A command that
is in neither is an error."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VMLAB = pathlib.Path(sys.argv.pop(1))
FOLDERS = ("src", "images", "cloud-init", "topologies", "tests")

# Run here, in a lab's directory without guests: pattern of the command -> exit code.
RUN = {
    r"vmlab validate .*": 0,
    r"vmlab plan .*": 0,
    r"vmlab status .*": 0,
    r"vmlab image (list|prune|verify)( .*)?": 0,
    r"vmlab gc .*": 0,
    r"vmlab protect .*": 0,
    r"vmlab graph( .*)?": 0,
    r"vmlab completion .*": 0,
}
# Run by another test: pattern -> file of it, and a text there that shows it.
ELSEWHERE = {
    r"\./quickstart": ("e2e/quickstart.py", 'quickstart(timeout='),
    r"\./quickstart -- vmlab status": ("e2e/quickstart.py", 'quickstart("--", "vmlab", "status"'),
    r"\./quickstart -- vmlab (ssh|exec) .*": ("e2e/quickstart.py", '"exec", '),
    r"\./quickstart down": ("e2e/quickstart.py", 'quickstart("down"'),
    r"\./tests/run": ("run", "ctest"),
    r"cmake --(preset|build) .*": ("run", "cmake --build"),
    r"cmake --install .*": ("package/package_test.py", '"--install"'),
    r"cpack .*": ("package/package_test.py", '"cpack"'),
    r"vmlab up .*(--agents|--set|--prune).*": ("unit/changing_test.cc", '"--prune"'),
    r"vmlab up .*--replace": ("unit/recovery_test.cc", "replace = true"),
    r"vmlab up .*--log-file .*": ("unit/log_file_test.cc", '"up"'),
    r"vmlab doctor.*": ("unit/doctor_test.cc", 'run({"doctor"'),
    r"vmlab report.*": ("e2e/quickstart.py", '"report", LAB, "-o"'),
    r"vmlab up .*": ("e2e/hostile.py", '"up"'),
    r"vmlab image (build|pull) .*": ("e2e/hostile.py", '"image", "build"'),
    r"vmlab endpoints .*": ("e2e/quickstart.py", '"endpoints"'),
    r"vmlab (nodes|services) .*": ("e2e/quickstart.py", '"services"'),
    r"vmlab export .*": ("e2e/quickstart.py", '"export"'),
    r"vmlab logs .*": ("e2e/quickstart.py", '"logs"'),
    r"vmlab console .*": ("unit/console_talk_test.cc", "talk"),
    r"vmlab reset .*": ("e2e/quickstart.py", '"reset"'),
    r"vmlab checkpoint .*": ("e2e/quickstart.py", '"checkpoint"'),
}


def shown():
    """(document, line of shell) of every block of commands."""
    documents = [ROOT / "README.md"]
    for folder in FOLDERS:
        documents += (ROOT / folder).rglob("*.md")
    for document in documents:
        for block in re.findall(r"^```sh\n(.*?)^```", document.read_text(), re.M | re.S):
            for line in block.splitlines():
                text = re.sub(r"(^|\s+)#.*", "", line).strip()
                for command in filter(None, text.split(" && ")):
                    yield document.relative_to(ROOT), command


def entry(table, command):
    return next((table[pattern] for pattern in table if re.fullmatch(pattern, command)), None)


class Documents(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.addCleanup(temporary.cleanup)
        self.dir = pathlib.Path(temporary.name)
        # As installed, with something in the place of the practice release: nothing is installed here.
        data = self.dir / "data"
        (data / "practice").mkdir(parents=True)
        (data / "practice/dcos_generate_config.sh").write_text("#!/bin/sh\n")
        for name in ("images", "cloud-init", "topologies"):
            (data / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "topologies", self.dir / "topologies")
        # Where the examples of `completion` write.
        for place in (".zfunc", ".config/fish/completions"):
            (self.dir / place).mkdir(parents=True)
        lab = self.dir / "state/labs/dcos"
        lab.mkdir(parents=True)
        (lab / "topology").write_text(f"{self.dir}/topologies/dcos.yaml\n")
        self.environment = {
            "PATH": f"{VMLAB.parent}:/usr/bin:/bin", "HOME": str(self.dir), "LC_ALL": "C.UTF-8",
            "VMLAB_DATA": str(data), "VMLAB_STATE_DIR": str(self.dir / "state"),
            "VMLAB_CONNECT": "test:///default"}

    def test_every_command_is_run_by_some_test(self):
        run = 0
        for pattern in ELSEWHERE:
            self.assertTrue(any(re.fullmatch(pattern, command) for _, command in shown()),
                            f"no document shows {pattern}")
        for document, command in shown():
            with self.subTest(document=str(document), command=command):
                elsewhere = entry(ELSEWHERE, command)
                wanted = entry(RUN, command)
                self.assertTrue(wanted is not None or elsewhere, "no test runs it")
                if wanted is not None:
                    ended = subprocess.run(
                        ["bash", "-o", "pipefail", "-c", command], cwd=self.dir, env=self.environment, text=True,
                        timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                    self.assertEqual(ended.returncode, wanted, ended.stdout)
                    run += 1
                else:
                    file, text = elsewhere
                    self.assertIn(text, (ROOT / "tests" / file).read_text(), file)
        self.assertGreater(run, 5)

    def test_every_example_of_the_help_that_needs_no_guest_runs(self):
        names = subprocess.run([VMLAB, "__complete", "--", ""], env=self.environment, text=True, check=True,
                               stdout=subprocess.PIPE).stdout.splitlines()
        for name in (line.split("\t")[0] for line in names):
            text = subprocess.run([VMLAB, name, "--help"], env=self.environment, text=True, check=True,
                                  stdout=subprocess.PIPE).stdout
            for line in text.partition("Examples:\n")[2].partition("\n\n")[0].splitlines():
                command = re.split(r"\s{2,}", line.strip())[0]
                wanted = entry(RUN, command)
                if wanted is None or "--watch" in command:  # which ends with Ctrl-C
                    continue
                with self.subTest(command=command):
                    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=self.dir, env=self.environment,
                                           text=True, timeout=60, stdout=subprocess.PIPE,
                                           stderr=subprocess.STDOUT)
                    self.assertEqual(ended.returncode, wanted, ended.stdout)


if __name__ == "__main__":
    unittest.main()
