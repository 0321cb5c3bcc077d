# SPDX-License-Identifier: GPL-2.0
"""A toy project on a toy kernel, to test the tools on."""

import difflib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE, VERSION = "linux-source-6.12", "6.12.5-1"

# What stands in for Debian's commands: the state is files beside them.
STUBS = {
    "dpkg-query": """case "$1" in
-W) cat "$here/installed" ;;
-L) echo "$here/src/linux-source-6.12.tar.xz" ;;
esac""",
    "apt-cache": """while read -r v; do echo "$2 | $v | somewhere"; done <"$here/offered" """,
    "apt-get": """[ "$2" = download ] || exit 0
v=${3#*=}
grep -qx "$v" "$here/offered" || exit 100
cp "$here/deb" "linux-source-6.12_${v}_all.deb" """,
    "dpkg-deb": """cat "$2" """,
    "dpkg": """[ "$2" != "$4" ] && [ "$(printf '%s\\n' "$2" "$4" | sort -V | head -1)" = "$2" ]""",
}


def lines(count, word="line"):
    return "".join(f"{word} {number}\n" for number in range(1, count + 1))


KERNEL = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 5\n",
    "Kconfig": "# nothing\n",
    "a/one.c": lines(60),
    "b/two.c": lines(20),
    "c/three.c": lines(20),
    "c/four.c": lines(20),
}


def fill(top, files):
    for name, text in files.items():
        path = Path(top) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def hook(path, old, new):
    """A hook diff, made without the tools under test."""
    diff = difflib.unified_diff(old.splitlines(True), new.splitlines(True),
                                f"a/{path}", f"b/{path}")
    return f"diff --git a/{path} b/{path}\n" + "".join(diff)


def patch(subject, adds=(), hooks=""):
    names = "".join(f"Adds: {add}\n" for add in adds)
    return f"Subject: {subject}\n\nThe reason.\n\n{names}---\n{hooks}"


ONE = KERNEL["a/one.c"]
ONE_1 = ONE.replace("line 10\n", "line 10\nfirst hook\n")
ONE_2 = ONE_1.replace("line 40\n", "line 40\nsecond hook\n")
TWO = KERNEL["b/two.c"].replace("line 5\n", "line five\n")
THREE = KERNEL["c/three.c"].replace("line 9\n", "line nine\n")
NEW = "/* new */\n"

PROJECT = {
    "base": f"package={PACKAGE}\nversion={VERSION}\n",
    "linux/new/file.c": NEW,
    "series/cover": "Subject: toy: the cover\n\nWhat it is all about.\n",
    "series/base-fixes/0001-fix.patch":
        patch("three: fix", (), hook("c/three.c", KERNEL["c/three.c"], THREE)),
    "series/0001-first.patch":
        patch("one: first", ("new/file.c",), hook("a/one.c", ONE, ONE_1)),
    "series/0002-second.patch":
        patch("one: second", (), hook("a/one.c", ONE_1, ONE_2)
              + hook("b/two.c", KERNEL["b/two.c"], TWO)),
}


def shell(command, cwd):
    subprocess.run(["bash", "-c", f"set -euo pipefail; {command}"], cwd=cwd, check=True)


def make_debian(top):
    """The stubs, the tarball of the toy kernel, and a package with it."""
    for name, body in STUBS.items():
        path = top / name
        fill(top, {name: f'#!/usr/bin/env bash\nhere=$(dirname "$0")\n{body}\n'})
        path.chmod(0o755)
    fill(top / "linux-source-6.12", KERNEL)
    fill(top, {"installed": VERSION, "offered": f"{VERSION}\n6.12.9-1\n6.12.10-1\n"})
    shell("mkdir -p src usr && tar -cJf src/linux-source-6.12.tar.xz linux-source-6.12"
          " && cp -r src usr && tar -cf deb ./usr", top)


def make_toy(top):
    """The project and its Debian; every test gets a copy."""
    fill(top / "project", PROJECT)
    make_debian(top / "debian")
    shell("git init -q && git config user.name Toy && git config user.email"
          " toy@example.org && git add -A && git commit -qm toy", top / "project")


class Toy:
    """One copy of the project, and what a test does with it."""

    def __init__(self, top):
        self.root, self.debian = top / "project", top / "debian"
        self.tree, self.base = self.root / "build/linux", self.root / "build/base"

    def run(self, name, *args, path=None, **env):
        """Run a tool; its exit status and all it said."""
        clean = {key: value for key, value in os.environ.items() if key not in (
            "KERNEL", "FORCE", "PATCH", "PREFIX", "NEED_MIB", "SOURCE_DATE_EPOCH",
            "MACHINES")}
        clean |= {"ROOT": str(self.root), "NEED_MIB": "1",
                  "PATH": path or f"{self.debian}:{os.environ['PATH']}"} | env
        tool = HERE / name
        first = tool.read_text().split("\n", 1)[0]
        interpreter = [sys.executable] if "python3" in first else []
        done = subprocess.run([*interpreter, tool, *args], env=clean, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        return done.returncode, done.stdout

    def ok(self, name, *args, **env):
        status, said = self.run(name, *args, **env)
        assert status == 0, f"{name} failed:\n{said}"
        return said

    def fails(self, name, *words, args=(), **env):
        """The tool must fail, name each of `words`, and leave no traceback."""
        status, said = self.run(name, *args, **env)
        assert status != 0, f"{name} did not fail:\n{said}"
        assert "Traceback" not in said, said
        for word in words:
            assert word in said, f"{name} does not say '{word}':\n{said}"
        return said

    def put(self, name, text):
        fill(self.root, {name: text})

    def get(self, name):
        return (self.root / name).read_text()

    def change(self, name, old, new):
        text = self.get(name)
        assert old in text, f"{old} not in {name}"
        self.put(name, text.replace(old, new))

    def snapshot(self, top):
        """Every file below: time, mode and contents."""
        return {str(file.relative_to(top)):
                (file.stat().st_mtime_ns, file.stat().st_mode, file.read_bytes())
                for file in sorted(Path(top).rglob("*")) if file.is_file()}

    def kernel(self, name, **files):
        """Another toy kernel, for KERNEL=."""
        top = self.root.parent / name
        shutil.rmtree(top, ignore_errors=True)
        fill(top, KERNEL | files)
        return top


def same(one, two, what):
    assert one == two, f"{what}: {one!r} is not {two!r}"
