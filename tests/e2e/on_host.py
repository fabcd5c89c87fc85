"""`./quickstart` on a host with a libvirtd of its own, here a sandbox's that it does not know of; and a
second lab beside the first one, from whose network names outside the lab resolve."""

import os
import pathlib

from place import ROOT, Place, check, equal, main

LAB = "quickstart"
BESIDE = "beside"
STATE = pathlib.Path("/var/lib/vmlab")  # where the host's labs are
OURS = ROOT / "build" / "quickstart"
OUTSIDE = ("outside.test", "203.0.113.7")
NAME_SERVER = "127.0.0.54"
TOPOLOGY = """\
name: %s
image: debian-12
nodes:
  box: {role: plain, memory: 8GiB, disk: 20GiB}
"""
place = Place("on_host")
place.env = {}  # what `./quickstart` finds by itself


def quickstart(*words, timeout=900):
    return place.inside(ROOT / "quickstart", *words, timeout=timeout)


def topology(name):
    path = place.dir / f"{name}.yaml"
    path.write_text(TOPOLOGY % name)
    return path


def up():
    """It takes the libvirtd that answers, and the state directory that the host's labs have."""
    place.start()
    STATE.mkdir(exist_ok=True)
    place.inside("mount", "--bind", place.state, STATE).expect()
    if OURS.exists():  # a lab in a private libvirt, made by whoever runs this
        (place.dir / "none").mkdir(exist_ok=True)
        place.inside("mount", "--bind", place.dir / "none", OURS).expect()
    place.inside("sh", "-c", f"echo nameserver {NAME_SERVER} >/etc/resolv.conf").expect()
    place.inside("dnsmasq", f"--listen-address={NAME_SERVER}", "--bind-interfaces", "--no-resolv",
                 "--no-hosts", f"--address=/{OUTSIDE[0]}/{OUTSIDE[1]}",
                 f"--pid-file={place.dir / 'dnsmasq.pid'}").expect()
    result = quickstart("up", "--set", "no.such=key").expect(2, "libvirt (host)", "no.such")
    check("private" not in result.out, f"a private libvirt in\n{result}")
    quickstart("--", "vmlab", "up", topology(LAB)).expect(0, "is up")
    equal(place.domains(), [f"{LAB}-box"], "domains of the host's libvirt")
    check((place.state / "labs" / LAB).is_dir(), "the lab is not where the host's labs are")


def beside():
    """Another lab has its own network and names; neither sees the other's, both what is outside."""
    quickstart("--", "vmlab", "up", topology(BESIDE)).expect(0, "is up")
    equal(place.networks(), [BESIDE, LAB], "networks")
    equal(len({place.addresses(lab)["box"] for lab in (LAB, BESIDE)}), 2, "addresses")
    for lab, other in ((LAB, BESIDE), (BESIDE, LAB)):
        found = quickstart("--", "vmlab", "ssh", "box", "--lab", lab, "--",
                           f"hostname -f; getent hosts {OUTSIDE[0]}; "
                           f"getent hosts box.{other}.test || echo unknown").expect().out
        equal(found.split(), [f"box.{lab}.test", OUTSIDE[1], OUTSIDE[0], "unknown"],
              f"names in lab {lab}")
    quickstart("--", "vmlab", "status").expect(2, BESIDE, LAB)
    quickstart("--", "vmlab", "down", BESIDE).expect()
    equal(place.domains(), [f"{LAB}-box"], "domains after the other lab's `down`")
    quickstart("--", "vmlab", "up", topology(LAB)).expect(0, "nothing to do")


def down():
    """Its lab goes, and the host's libvirt stays."""
    if not place.running():
        return
    result = quickstart("down")
    domains, networks = place.domains(), place.networks()
    place.stop()
    if not os.listdir(STATE):
        STATE.rmdir()
    result.expect(0, "stays: it was there before")
    equal((domains, networks), ([], []), "left over after `./quickstart down`")


if __name__ == "__main__":
    main(globals())
