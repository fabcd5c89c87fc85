#!/usr/bin/python3
"""The built installer, from its outer script to genconf/serve. A stand-in for `docker` runs the
container's program in a chroot. Needs root. installer_test.py INSTALLER"""
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

INSTALLER = Path(sys.argv.pop(1)).resolve()
GOOD = """
bootstrap_url: http://192.168.90.10:8080
cluster_name: Lab
master_discovery: static
exhibitor_storage_backend: static
master_list: [192.168.90.11]
"""
DOCKER = """#!/bin/bash
# version, image inspect, load -i TAR, run … -v DIR:/genconf IMAGE ARGS…
set -e
echo "$*" >>"$DOCKER_STATE/log"
case $1 in
  version) test -e "$DOCKER_STATE/running" ;;
  image) test -e "$DOCKER_STATE/image" ;;
  load)
    test "$2" = -i
    cd "$DOCKER_STATE"
    tar xf "$OLDPWD/$3"
    mkdir image
    layer=$(/usr/bin/python3 -c 'import json
print(json.load(open("manifest.json"))[0]["Layers"][0])')
    tar xf "$layer" -C image
    echo "Loaded image"
    ;;
  run)
    while [ "$1" != -v ]; do shift; done
    genconf=${2%:/genconf}
    shift 3
    exec unshare -m bash -c 'mount --bind "$1" "$0/genconf"; exec chroot "$0" "${@:2}"' \
      "$DOCKER_STATE/image" "$genconf" \\
      /opt/mesosphere/active/runtime/bin/python3 -EsS /installer/genconf "$@"
    ;;
esac
"""


class InstallerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.state = Path(cls.scratch.name) / "docker"
        (cls.state / "bin").mkdir(parents=True)
        (cls.state / "bin/docker").write_text(DOCKER)
        (cls.state / "bin/docker").chmod(0o755)
        cls.place = Path(cls.scratch.name) / "a place with blanks"
        (cls.place / "genconf").mkdir(parents=True)
        cls.env = {
            **os.environ,
            "DOCKER_STATE": str(cls.state),
            "PATH": f"{cls.state}/bin:{os.environ['PATH']}",
        }

    def setUp(self):
        (self.state / "running").touch()
        (self.place / "genconf/ip-detect").write_text("#!/bin/sh\necho 192.168.90.11\n")

    def installer(self, *args, config: str = None):
        if config is not None:
            (self.place / "genconf/config.yaml").write_text(config)
        done = subprocess.run(
            [INSTALLER, *args],
            cwd=self.place,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_00_docker_must_run(self):
        (self.state / "running").unlink()
        self.assertEqual(
            self.installer("--version"),
            (1, "", "docker should be installed and running. Aborting.\n"),
        )

    def test_01_first_run_prints_the_tar_second_only_the_version(self):
        code, first, errors = self.installer("--version")
        self.assertEqual(code, 0, errors)
        tar = first.splitlines()[0]
        self.assertRegex(tar, r"^dcos-genconf\.[0-9a-f]{18}-[0-9a-f]{18}\.tar$")
        self.assertTrue((self.place / tar).exists())
        code, second, _ = self.installer("--version")
        self.assertEqual(
            (code, second), (0, '{\n  "variant": "practice",\n  "version": "2.0.7-practice"\n}\n')
        )
        self.assertEqual((self.state / "log").read_text().count("load -i"), 1)
        self.assertIn(
            f"run --rm -i --name={tar} --network none -v {self.place}/genconf/:/genconf "
            "mesosphere/dcos-genconf:",
            (self.state / "log").read_text(),
        )
        self.assertTrue((self.place / "genconf/state").is_dir())

    def test_02_usage(self):
        for args in (["--validate-config"], ["--genconf", "--web"], ["--nonsense"]):
            code, out, errors = self.installer(*args)
            self.assertEqual((code, out), (2, ""), args)
            self.assertIn("usage:", errors)
        self.assertEqual(self.installer("--web")[0], 1)

    def test_03_hash_password(self):
        code, out, _ = self.installer("--hash-password", "secret")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^\$6\$rounds=656000\$.{16}\$.{86}\n$")

    def test_04_bad_files(self):
        (self.place / "genconf/config.yaml").unlink(missing_ok=True)
        code, out, _ = self.installer("--genconf")
        self.assertEqual(code, 1)
        self.assertTrue(out.startswith("No config file found at genconf/config.yaml. "), out)
        code, out, _ = self.installer(config="a: [1\nb: 2\n")
        self.assertEqual(code, 1)
        self.assertTrue(
            out.startswith(
                "Unable to load configuration file. Invalid YAML in genconf/config.yaml: "
            ),
            out,
        )
        self.assertRegex(out, r"line \d+, column \d+")
        for text, last in (
            ("", "NotImplementedError"),
            ("- a\n", "NotImplementedError"),
            ("resolvers:\n", "Exception"),
            ("gc_delay: 2.5\n", "Exception"),
        ):
            code, _, errors = self.installer(config=text)
            self.assertEqual(code, 1)
            self.assertTrue(errors.splitlines()[-1].startswith(last), errors)

    def test_05_invalid(self):
        code, out, errors = self.installer(config=GOOD.replace(".11]", ".11, 192.168.90.12]"))
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(
            errors,
            "\033[33m====> EXECUTING CONFIGURATION GENERATION\033[0m\n"
            "Generating configuration files...\n"
            "\033[1;31mnum_masters: Must have 1, 3, 5, 7, or 9 masters. Found 2\033[0m\n",
        )
        self.assertFalse((self.place / "genconf/serve").exists())

    def test_06_serve(self):
        code, out, errors = self.installer("--genconf", config=GOOD)
        self.assertEqual(code, 0, errors)
        self.assertIn("Generating Bash configuration files for DC/OS\n", out)
        serve = self.place / "genconf/serve"
        bootstrap = (serve / "bootstrap.latest").read_text()
        listing = (serve / "cluster-package-list.latest").read_text()
        for text in (bootstrap, listing):
            self.assertRegex(text, r"^[0-9a-f]{40}$")
        ids = json.loads((serve / f"package_lists/{listing}.package_list.json").read_text())
        active = json.loads((serve / f"bootstrap/{bootstrap}.active.json").read_text())
        with tarfile.open(serve / f"bootstrap/{bootstrap}.bootstrap.tar.xz") as tar:
            names = tar.getnames()
        self.assertTrue(all(f"packages/{package}" in names for package in active))
        for package in set(ids) - set(active):
            name = package.split("--")[0]
            with tarfile.open(serve / f"packages/{name}/{package}.tar.xz") as tar:
                self.assertIn("pkginfo.json", tar.getnames())
        info = json.loads((serve / "cluster-package-info.json").read_text())
        self.assertEqual(
            info, json.loads((self.place / "genconf/cluster_packages.json").read_text())
        )
        self.assertRegex(info["dcos-config"]["id"], r"^dcos-config--setup_[0-9a-f]{40}$")
        self.assertEqual((serve / "dcos_install.sh").stat().st_mode & 0o777, 0o644)
        script = (serve / "dcos_install.sh").read_text()
        self.assertNotRegex(script, r"@[A-Z_]+@")
        self.assertIn(f"http://192.168.90.10:8080/bootstrap/{bootstrap}.bootstrap.tar.xz", script)

    def snapshot(self):
        """{name: (hash, time)} of genconf/serve."""
        serve = self.place / "genconf/serve"
        return {
            p.relative_to(serve): hashlib.sha1(p.read_bytes()).hexdigest()
            for p in serve.rglob("*")
            if p.is_file()
        }

    def test_07_ids_follow_content(self):
        serve = self.place / "genconf/serve"
        self.installer(config=GOOD)
        before = self.snapshot()
        self.installer(config=GOOD)
        self.assertEqual(self.snapshot(), before)
        first = json.loads((serve / "cluster-package-info.json").read_text())
        self.installer(config=GOOD.replace("Lab", "Other"))
        second = json.loads((serve / "cluster-package-info.json").read_text())
        self.assertNotEqual(first["dcos-config"]["id"], second["dcos-config"]["id"])
        (self.place / "genconf/ip-detect").write_text("#!/bin/sh\necho 192.168.90.11 # changed\n")
        self.installer()
        third = json.loads((serve / "cluster-package-info.json").read_text())
        self.assertNotEqual(second["dcos-config"]["id"], third["dcos-config"]["id"])
        for found in (first, second, third):
            self.assertTrue((serve / found["dcos-config"]["filename"]).exists())

    def test_08_upgrade_script(self):
        self.assertEqual(
            self.installer("--generate-node-upgrade-script")[0:2],
            (1, "Must provide the version of the cluster upgrading from\n"),
        )
        code, out, errors = self.installer("--generate-node-upgrade-script", "1.13.9", config=GOOD)
        self.assertEqual(code, 0, errors)
        found = re.match(
            r"Node upgrade script URL: http://192.168.90.10:8080/(upgrade/[0-9a-f]{32}/"
            r"dcos_node_upgrade.sh)$",
            out.splitlines()[-1],
        )
        script = self.place / "genconf/serve" / found.group(1)
        subprocess.run(["bash", "-n", script], check=True)

    def config_package(self, config: str) -> dict:
        """{name: content} of the dcos-config package for this configuration."""
        self.installer(config=config)
        info = json.loads((self.place / "genconf/serve/cluster-package-info.json").read_text())
        with tarfile.open(self.place / "genconf/serve" / info["dcos-config"]["filename"]) as tar:
            return {m.name: tar.extractfile(m).read().decode() for m in tar if m.isfile()}

    def test_09_secrets_stay_behind(self):
        for name, content in self.config_package(
            GOOD + "exhibitor_admin_password: hunter2\n"
        ).items():
            self.assertNotIn("hunter2", content, name)

    def test_10_login(self):
        """With oauth_enabled, which is the default, Admin Router wants one."""
        self.assertEqual(self.config_package(GOOD)["etc/adminrouter-access.conf"], "return 401;\n")
        self.assertEqual(
            self.config_package(GOOD + "oauth_enabled: false\n")["etc/adminrouter-access.conf"], ""
        )

    def test_11_node_files(self):
        files = self.config_package(GOOD + "check_time: false\n")
        self.assertEqual(files["bin/detect_ip"], (self.place / "genconf/ip-detect").read_text())
        self.assertEqual(files["etc/check_time.env"], "ENABLE_CHECK_TIME=false\n")
        self.assertEqual(files["etc/exhibitor"], "EXHIBITOR_STATICENSEMBLE=1:192.168.90.11\n")
        self.assertEqual(json.loads(files["etc/expanded.config.json"])["num_masters"], "1")


class InstallScriptTest(unittest.TestCase):
    """dcos_install.sh's arguments, on this machine, which has no DC/OS and gets none."""

    SCRIPT = (
        Path(__file__).resolve().parent.parent.parent / "src/practice/genconf/dcos_install.sh.in"
    )

    def script(self, *args):
        """In a mount namespace where /opt/mesosphere can be made to exist."""
        done = subprocess.run(
            [
                "unshare",
                "-m",
                "bash",
                "-c",
                'mount -t tmpfs t /opt; eval "$PREPARE"; ' 'exec bash "$0" "$@"',
                self.SCRIPT,
                *args,
            ],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PREPARE": getattr(self, "prepare", ":")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        return done.returncode, done.stdout.decode()

    def test_usage(self):
        self.assertEqual(
            self.script(),
            (
                1,
                "Atleast one role name must be specified\nUsage: "
                f"{self.SCRIPT} [--disable-preflight|--preflight-only] <roles>\n",
            ),
        )
        self.assertEqual(self.script("-h")[0], 1)
        self.assertEqual(self.script("--disable-selinux", "master")[0], 1)

    def verdicts(self, out: str):
        return len(re.findall(r"^(?:.*: )?PASS\b", out, re.M)), len(
            re.findall(r"^(?:.*: )?FAIL\b", out, re.M)
        )

    def test_exit_code_counts_failures(self):
        # The version of a systemd that is there is one line more.
        self.prepare = (
            "mkdir /opt/tools; printf '#!/bin/sh\\necho systemd 252\\n' >/opt/tools/systemctl; "
            "chmod +x /opt/tools/systemctl; PATH=/opt/tools:$PATH"
        )
        for role, lines in (("master", 40), ("slave", 24), ("slave_public", 24)):
            code, out = self.script("--preflight-only", role)
            passed, failed = self.verdicts(out)
            self.assertEqual(code, failed, out)
            self.assertEqual(passed + failed, lines, out)

    def test_bad_role_is_one_more_failure(self):
        good = self.script("-p", "master")
        bad = self.script("-p", "master", "slave")
        self.assertIn(
            "FAIL Invalid role master slave. Role must be one of {master,slave,slave_public}",
            bad[1],
        )
        self.assertEqual(self.script("-p", "boss")[0], good[0] + 1)

    def test_installed_already(self):
        self.prepare = "mkdir -p /opt/mesosphere/active"
        code, out = self.script("master")
        self.assertEqual(code, 1)
        self.assertTrue(
            out.startswith(
                "Starting DC/OS Install Process\nRunning preflight checks\n"
                "Checking if DC/OS is already installed: FAIL (Currently installed)\n"
            )
        )
        self.prepare = "mkdir -p /opt/mesosphere"
        self.assertIn("PASS (Not installed)", self.script("-p", "master")[1])

    def test_a_listener_is_seen(self):
        import socket

        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", 5051))
            listener.listen()
            self.assertIn(
                "Checking if port 5051 (required by mesos-agent) is in use: FAIL",
                self.script("-p", "slave")[1],
            )


if __name__ == "__main__":
    unittest.main()
