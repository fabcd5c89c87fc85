"""What vmlab refuses: wrong input, a host that is not fit, names that are somebody else's. Each time
the exit code, the cause, and that nothing was made. No guest is booted."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from place import ROOT, SANDBOX, VMLAB, Place, check, equal, main, run

place = Place("refusals")

PLAIN = """\
name: refused
image: debian-12
network: {cidr: 192.168.93.0/24, domain: refused.test}
nodes:
  node: {role: plain}
"""

# Wrong file -> what must be said of it. Every problem of a file is said at once.
WRONG = {
    "not-yaml": ("nodes: [1, 2\nname: {", ["error"]),
    "empty": ("", ["error"]),
    "deep": ("a: " + "[" * 20000 + "]" * 20000, ["error"]),
    "several": (
        "name: refused\nimage: debain-12\nnetwork: {cidr: 192.168.93.5/24}\n"
        "defaults: {memory: 2GiB, dsk: 20GiB}\n"
        "nodes:\n  bootstrap: {role: bootstrap}\n  master: {role: master, count: 2}\n"
        "  master: {role: master}\n",
        ["debian-12", "192.168.93", "memory", "did you mean", "disk", "master"]),
    "no-bootstrap": (
        PLAIN.replace("  node: {role: plain}\n", "  master: {role: master, count: 3}\n") +
        "install: {dcos: {release: practice}}\n", ["bootstrap"]),
    "four-masters": (
        PLAIN.replace("  node: {role: plain}\n",
                      "  bootstrap: {role: bootstrap}\n  master: {role: master, count: 4}\n") +
        "install: {dcos: {release: practice}}\n", ["4", "master"]),
    "metacharacters": (PLAIN.replace("name: refused", "name: \"x;<b>$(id)\""), ["name"]),
    "outside-network": (
        PLAIN.replace("{role: plain}", "{role: plain, address: 10.9.9.9}"), ["10.9.9.9"]),
    "gateway": (
        PLAIN.replace("{role: plain}", "{role: plain, address: 192.168.93.1}"), ["192.168.93.1"]),
    "unknown-fragment": (PLAIN + "cloud_init: [dokcer]\n", ["dokcer", "docker"]),
    "no-installer": (
        PLAIN.replace("  node: {role: plain}\n", "  bootstrap: {role: bootstrap}\n"
                      "  master: {role: master, count: 1}\n") +
        "install: {dcos: {release: {path: ./no-such-installer.sh}}}\n", ["no-such-installer.sh"]),
}


def untouched():
    equal(place.leftovers(), [], "made although it was refused")


def write(directory, name, text):
    path = pathlib.Path(directory) / f"{name}.yaml"
    path.write_text(text)
    return path


def bad_input():
    """Exit 2 with file:line:column of every problem, and nothing was made."""
    place.start()
    try:
        with tempfile.TemporaryDirectory() as directory:
            cases = {name: (write(directory, name, text), said)
                     for name, (text, said) in WRONG.items()}
            noise = pathlib.Path(directory) / "noise.yaml"
            noise.write_bytes(os.urandom(10 * 1024 * 1024))
            cases["noise"] = (noise, ["error"])
            for name, (path, said) in cases.items():
                for command in ("validate", "up"):
                    result = place.vmlab(command, path).expect(2, *said)
                    check(len(result.err) < 100_000, f"{name}: too many words")
                    if name == "several":
                        check(f"{path}:2:8:" in result.err, f"{name}: position of line 2 in\n{result}")
        untouched()
    finally:
        place.stop()


def no_libvirt():
    """Exit 1 and one hint where no libvirtd answers."""
    with tempfile.TemporaryDirectory() as directory:
        path = write(directory, "plain", PLAIN)
        result = run(["unshare", "-m", "sh", "-c",
                      "mkdir -p /run/libvirt && mount -t tmpfs none /run/libvirt && exec \"$@\"",
                      "sh", VMLAB, "up", path], env={"VMLAB_STATE_DIR": f"{directory}/state"})
        result.expect(1, "libvirt", "hint:")
        equal(result.err.count("hint:"), 1, "hints")
        check(not pathlib.Path(directory, "state", "labs").exists(), "a lab's directory was made")


def no_permission():
    """Exit 1 with cause and hint for somebody who may not speak to libvirt or write the state."""
    place.start()
    directory = tempfile.mkdtemp()
    try:
        os.chmod(directory, 0o755)
        path = write(directory, "plain", PLAIN)
        result = place.inside("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                              VMLAB, "up", path)
        result.expect(1, "ermission denied", "hint:")
        untouched()
    finally:
        shutil.rmtree(directory)
        place.stop()


def no_space():
    """Exit 1 with cause and hint before anything is made on a full disk."""
    place.start()
    directory = tempfile.mkdtemp()
    try:
        path = write(directory, "plain", PLAIN)
        # Mounted where the sandbox's libvirtd sees it too.
        place.state.mkdir(parents=True, exist_ok=True)
        place.inside("mount", "-t", "tmpfs", "-o", "size=64m", "none", place.state).expect()
        result = place.vmlab("up", path)
        made = place.inside("find", place.state, "-path", "*/labs/*").expect().out
        place.inside("umount", place.state).expect()
        equal(made, "", "made although it was refused")
        result.expect(1, "space", "hint:")
        untouched()
    finally:
        shutil.rmtree(directory)
        place.stop()


def foreign_names():
    """A domain or network of the lab's names that somebody else made is named and left alone."""
    place.start()
    directory = tempfile.mkdtemp()
    try:
        path = write(directory, "plain", PLAIN)
        domain = write(directory, "domain", """<domain type='qemu'><name>refused-node</name>
          <memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os></domain>""")
        place.virsh("define", domain)
        before = place.virsh("dumpxml", "refused-node")
        place.vmlab("up", path).expect(1, "refused-node", "hint:")
        equal(place.virsh("dumpxml", "refused-node"), before, "somebody else's domain")
        place.vmlab("down", "refused")
        equal(place.domains(), ["refused-node"], "domains after `down`")
        place.virsh("undefine", "refused-node")

        network = write(directory, "network", "<network><name>refused</name></network>")
        place.virsh("net-define", network)
        place.vmlab("up", path).expect(1, "refused", "hint:")
        equal(place.networks(), ["refused"], "networks")
        place.virsh("net-undefine", "refused")
        untouched()
    finally:
        shutil.rmtree(directory)
        place.stop()


def told_ready(what):
    """Waits until the sandbox's first process has said that it is ready: then it writes to a log."""
    end = time.monotonic() + 30
    while True:
        status = run([SANDBOX, "status", place.sandbox_dir])
        check(status.code == 0 and time.monotonic() < end, f"{what} is gone, or never ready")
        if os.readlink(f"/proc/{status.out.strip()}/fd/1").endswith("sandbox.log"):
            return


def cut_start():
    """A sandbox whose start was killed is ready when the next start returns, and stays. It once was
    neither: the second start found it running before its libvirtd answered, and nobody was there to
    hear that it was ready, of which its first process died."""
    for moment in (0.05, 0.2, 0.5):
        first = subprocess.Popen([SANDBOX, "start", place.sandbox_dir], start_new_session=True,
                                 stderr=subprocess.DEVNULL)
        try:
            first.wait(moment)
        except subprocess.TimeoutExpired:
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
        place.start()
        try:
            place.virsh("version")
            told_ready(f"the sandbox whose start was killed after {moment} s")
        finally:
            place.stop()


def quickstart_down():
    """`./quickstart down` leaves what is not its own in the directory that it was given."""
    with tempfile.TemporaryDirectory() as directory:
        kept = pathlib.Path(directory, "kept")
        kept.touch()
        pathlib.Path(directory, "state", "labs").mkdir(parents=True)
        run([ROOT / "quickstart", "down"], env={"VMLAB_QUICKSTART_DIR": directory}).expect()
        equal(os.listdir(directory), ["kept"], "what is left")


if __name__ == "__main__":
    main(globals())
