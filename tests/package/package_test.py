"""What `cmake --install` and `cpack` make runs where neither sources nor build tree are: needs root
for a mount namespace that hides both."""

import gzip
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv.pop(1))
DATA = ["images/debian-12.yaml", "cloud-init/docker.yaml", "topologies/quickstart.yaml",
        "topologies/schema.json", "practice/dcos_generate_config.sh"]

TOLD = ["man/man1/vmlab.1.gz", "man/man5/vmlab-topology.5.gz", "bash-completion/completions/vmlab",
        "fish/vendor_completions.d/vmlab.fish"]


def run(*argv, cwd="/"):
    return subprocess.run(list(map(str, argv)), cwd=cwd, text=True, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300).stdout


def run_alone(*argv):
    """Runs a command that sees neither the project nor its build tree."""
    hide = 'mount -t tmpfs none "$0" && mount -t tmpfs none "$1" && shift && exec "$@"'
    return run("unshare", "-m", "sh", "-c", hide, BUILD, ROOT, *argv)


class Installed(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)

    def check_tree(self, prefix, zsh):
        for name in [*(f"vmlab/{name}" for name in DATA), *TOLD, f"zsh/{zsh}/_vmlab"]:
            self.assertTrue((prefix / "share" / name).is_file(), name)
        page = gzip.decompress((prefix / "share" / TOLD[0]).read_bytes()).decode()
        self.assertIn(".SS vmlab up [FILE]", page)
        vmlab = prefix / "bin/vmlab"
        self.assertIn("vmlab ", run_alone(vmlab, "--version"))
        self.assertIn("debian-12", run_alone("env", f"VMLAB_STATE_DIR={self.place}/state", vmlab,
                                             "image", "list"))
        for topology in (prefix / "share/vmlab/topologies").glob("*.yaml"):
            run_alone(vmlab, "validate", topology)

    def test_install(self):
        run("cmake", "--install", BUILD, "--prefix", self.place / "usr")
        self.check_tree(self.place / "usr", "site-functions")

    def test_debian_package(self):
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", self.place, cwd=self.place)
        package, = self.place.glob("*.deb")
        self.assertRegex(package.name, r"^vmlab_[0-9.]+_amd64\.deb$")
        depends = run("dpkg-deb", "-f", package, "Depends")
        wanted = run(ROOT / "src/tools/packages", "list", "run").split()
        for name in [*wanted, "libvirt0", "libguestfs0", "libssh-4"]:
            self.assertRegex(depends, rf"(^|, ){name}( |,|$)")
        run("dpkg-deb", "-x", package, self.place / "root")
        found = {path.relative_to(self.place / "root").parts[:2]
                 for path in (self.place / "root").rglob("*") if path.is_file()}
        self.assertEqual(found, {("usr", "bin"), ("usr", "share")})
        self.check_tree(self.place / "root/usr", "vendor-completions")


if __name__ == "__main__":
    unittest.main()
