"""What comes from Debian packages into the payload's own: runtime, java, zookeeper, nginx.

Every program gets its loader and library path set to RUNTIME, so that it runs on any distribution.
"""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from packages import EPOCH

RUNTIME = "/opt/mesosphere/active/runtime"
LOADER = "ld-linux-x86-64.so.2"

LIBRARIES = [
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libnss_dns.so.2",
    "libnss_files.so.2",
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libz.so.1",
    "libexpat.so.1",
    "libcrypt.so.1",
    "libffi.so.8",
    "liblzma.so.5",
    "libssl.so.3",
    "libcrypto.so.3",
    "libpcre2-8.so.0",
]
EXTENSIONS = [
    "_contextvars",
    "_crypt",
    "_ctypes",
    "_hashlib",
    "_json",
    "_lzma",
    "_queue",
    "_ssl",
    "_typing",
    "mmap",
    "resource",
    "termios",
]
# Parts of the standard library that nothing here imports.
LEFT_OUT = [
    "asyncio",
    "concurrent",
    "curses",
    "dbm",
    "distutils",
    "lib-dynload",
    "multiprocessing",
    "pydoc_data",
    "sqlite3",
    "test",
    "unittest",
    "venv",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zoneinfo",
    "tomllib",
    "ctypes/test",
    "email",
    "html",
    "http",
    "_pydecimal.py",
    "_sysconfigdata__linux_x86_64-linux-gnu.py",
    "antigravity.py",
    "aifc.py",
    "cgi.py",
    "cgitb.py",
    "doctest.py",
    "ftplib.py",
    "imaplib.py",
    "mailbox.py",
    "nntplib.py",
    "pdb.py",
    "pickletools.py",
    "poplib.py",
    "pstats.py",
    "pydoc.py",
    "smtpd.py",
    "smtplib.py",
    "statistics.py",
    "telnetlib.py",
    "this.py",
    "tracemalloc.py",
    "turtle.py",
    "webbrowser.py",
    "imghdr.py",
    "sndhdr.py",
    "uu.py",
    "wave.py",
    "sunau.py",
    "zipapp.py",
    "sitecustomize.py",
    "nturl2path.py",
    "plistlib.py",
]
JAVA_MODULES = [
    "java.base",
    "java.logging",
    "java.management",
    "java.naming",
    "java.security.jgss",
    "java.security.sasl",
    "jdk.unsupported",
]
ZOOKEEPER_JARS = [
    "zookeeper",
    "zookeeper-jute",
    "slf4j-api",
    "slf4j-simple",
    "metrics-core",
    "snappy-java",
]


class Payload:
    """`root` holds the unpacked Debian packages; `work` is for intermediate trees."""

    def __init__(self, debs: Path, work: Path):
        self.debs, self.work, self.root = debs, work, work / "root"

    def made(self, part: str) -> Path:
        return self.work / "made" / part

    def make(self):
        """Unpacks and makes every part, unless an earlier build did so from the same."""
        packages = sorted(self.debs.glob("*.deb"))
        if not packages:
            raise SystemExit(
                f"cannot build the practice release: no packages in '{self.debs}'; "
                f"hint: run src/practice/fetch '{self.debs}'"
            )
        inputs = hashlib.sha1(Path(__file__).read_bytes())
        for package in packages:
            inputs.update(f"{package.name} {package.stat().st_size}\n".encode())
        stamp = self.made("stamp")
        if stamp.exists() and stamp.read_text() == inputs.hexdigest():
            return
        shutil.rmtree(stamp.parent, ignore_errors=True)
        stamp.parent.mkdir(parents=True)
        self._unpack(packages)
        for part in (self.runtime, self.java, self.zookeeper, self.nginx):
            part(self.made(part.__name__))
        shutil.rmtree(self.root / "usr/lib/jvm")  # 260 MB that nobody needs any more
        stamp.write_text(inputs.hexdigest())

    def _unpack(self, packages: list):
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        for package in packages:
            subprocess.run(["dpkg-deb", "-x", package, self.root], check=True)
        self._make_links_relative()

    def _make_links_relative(self):
        for folder, folders, files in os.walk(self.root):
            for name in folders + files:
                path = os.path.join(folder, name)
                if os.path.islink(path) and os.readlink(path).startswith("/"):
                    target = f"{self.root}{os.readlink(path)}"
                    os.unlink(path)
                    os.symlink(os.path.relpath(target, folder), path)

    def _find(self, name: str) -> Path:
        for folder in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"):
            path = self.root / folder / name
            if path.exists():
                return path.resolve()
        raise SystemExit(f"cannot find library '{name}' in the unpacked packages")

    def _own(self, program: str, *args) -> list:
        """Command line for a program of the unpacked packages, with their own loader."""
        libraries = ":".join(
            f"{self.root}/{f}" for f in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
        )
        return [self._find(LOADER), "--library-path", libraries, self.root / program, *args]

    def adopt(self, program: Path, *more_library_paths: str):
        """Makes `program` use the payload's loader and libraries. RPATH (not RUNPATH): it serves
        the libraries' own needs too."""
        path = ":".join([*more_library_paths, f"{RUNTIME}/lib"])
        patchelf = self._own("usr/bin/patchelf")
        subprocess.run(
            [*patchelf, "--set-interpreter", f"{RUNTIME}/lib/{LOADER}", program], check=True
        )
        subprocess.run([*patchelf, "--force-rpath", "--set-rpath", path, program], check=True)

    def python(self, *args, **kwargs):
        env = {"PYTHONHOME": f"{self.root}/usr", "PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"}
        return subprocess.run(
            [*self._own("usr/bin/python3.11"), "-S", *args], check=True, env=env, **kwargs
        )

    def compile(self, tree: Path, installed_as: str, keep_source: bool):
        """Byte code made at build time; never checked against the source at run time."""
        args = [
            "-m",
            "compileall",
            "-q",
            "--invalidation-mode",
            "unchecked-hash",
            "-s",
            str(tree),
            "-p",
            installed_as,
            str(tree),
        ]
        if not keep_source:
            args.insert(3, "-b")
        self.python(*args)
        if not keep_source:
            for source in tree.rglob("*.py"):
                source.unlink()

    def runtime(self, into: Path):
        lib = into / "lib"
        standard = lib / "python3.11"
        lib.mkdir(parents=True)
        for name in [*LIBRARIES, LOADER]:
            shutil.copy(self._find(name), lib / name)
        (lib / LOADER).chmod(0o755)
        source = self.root / "usr/lib/python3.11"
        left_out = {str(source / name) for name in LEFT_OUT}
        shutil.copytree(
            source,
            standard,
            symlinks=False,
            ignore=lambda folder, names: [
                n
                for n in names
                if os.path.join(folder, n) in left_out
                or n == "__pycache__"
                or not (n.endswith(".py") or os.path.isdir(os.path.join(folder, n)))
            ],
        )
        for name in ("kazoo", "six.py", "yaml"):
            found = self.root / "usr/lib/python3/dist-packages" / name
            if found.is_dir():
                shutil.copytree(
                    found,
                    standard / name,
                    ignore=shutil.ignore_patterns(
                        "tests", "testing", "gevent.py", "eventlet.py", "__pycache__", "*.so"
                    ),
                )
            else:
                shutil.copy(found, standard / name)
        self.compile(standard, f"{RUNTIME}/lib/python3.11", keep_source=False)
        extensions = standard / "lib-dynload"
        extensions.mkdir()
        for name in EXTENSIONS:
            for found in (source / "lib-dynload").glob(f"{name}.cpython*"):
                shutil.copy(found, extensions / found.name)
        (into / "bin").mkdir()
        shutil.copy(self.root / "usr/bin/python3.11", into / "bin/python3")
        self.adopt(into / "bin/python3")

    def java(self, into: Path):
        jdk = self.root / "usr/lib/jvm/java-17-openjdk-amd64"
        self._run_java(
            jdk,
            "jlink",
            "--module-path",
            str(jdk / "jmods"),
            "--add-modules",
            ",".join(JAVA_MODULES),
            "--strip-debug",
            "--no-header-files",
            "--no-man-pages",
            "--output",
            str(into),
        )
        for name in (
            "legal",
            "bin/keytool",
            "bin/rmiregistry",
            "bin/kinit",
            "bin/klist",
            "bin/ktab",
            "lib/jrt-fs.jar",
            "lib/jexec",
            "lib/jspawnhelper",
            "conf/sdp",
        ):
            path = into / name
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
        # The archive of loaded classes: halves the start, which counts on emulated processors.
        # It is only believed while the size and time of what it was made from stay the same.
        os.utime(into / "lib/modules", (EPOCH, EPOCH))
        self._run_java(into, "java", "-Xshare:dump")
        (into / "lib/classlist").unlink()
        self.adopt(into / "bin/java", "$ORIGIN", "$ORIGIN/../lib")

    def _run_java(self, home: Path, tool: str, *args: str):
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC", "JAVA_HOME": str(home)}
        # Addresses that differ from run to run would end up in the archive of classes.
        steady = ["setarch", "-R"]
        if subprocess.run([*steady, "true"], stderr=subprocess.DEVNULL).returncode != 0:
            steady = []  # a container that does not let one choose
        command = [*steady, home / "bin" / tool, *args]
        subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)

    def zookeeper(self, into: Path):
        into.mkdir(parents=True)
        for name in ZOOKEEPER_JARS:
            shutil.copy((self.root / f"usr/share/java/{name}.jar").resolve(), into / f"{name}.jar")

    def nginx(self, into: Path):
        into.mkdir(parents=True)
        shutil.copy(self.root / "usr/sbin/nginx", into / "nginx")
        self.adopt(into / "nginx")
