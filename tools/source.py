# SPDX-License-Identifier: GPL-2.0
"""The kernel source that everything stands on, unpacked in build/base."""

import hashlib
import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import debian
from common import BASE, BUILD, GIT_ENV, Failure, read, run, write

RECORD = BUILD / "base.source"
PART = BUILD / "base.part"
NEED_MIB = int(os.environ.get("NEED_MIB") or 4096)
PRODUCTS = re.compile(
    r"(.*/)?(\.git|\.config(\.old)?|\.version|\.tmp_[^/]*|\.[^/]*\.(cmd|d)|"
    r"include/(config|generated)|arch/[^/]+/include/generated|"
    r"vmlinux[^/]*(?<!\.S)(?<!\.h)|System\.map|Module\.symvers|"
    r"[^/]+\.(o|ko|a|mod|mod\.c|order|pyc))")


@dataclass(frozen=True)
class Source:
    """Where a kernel comes from; .ident changes when its contents may have."""

    ident: str
    pinned: bool = False
    directory: Path = None
    commit: str = ""

    def label(self):
        return self.ident.split("\t")[0]


def recorded():
    return read(RECORD).strip() if RECORD.exists() and BASE.is_dir() else ""


def kernel_git(directory, *args):
    """Look into someone's checkout without writing to it."""
    env = GIT_ENV | {"GIT_OPTIONAL_LOCKS": "0"}
    return run("git", "-c", f"safe.directory={directory}", "-C", directory,
               *args, env=env, check=False)


def product(directory, name, siblings):
    """Whether a file is something that a build left behind."""
    path = directory / name
    if f".{name}.cmd" in siblings:
        return True
    if path.is_symlink() or not path.stat().st_mode & 0o111:
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def source_files(top):
    """The files of a plain tree, without build products, sorted."""
    for here, names, files in os.walk(top):
        prefix = os.path.relpath(here, top) + "/"
        prefix = "" if prefix == "./" else prefix
        links = [name for name in names if os.path.islink(f"{here}/{name}")]
        names[:] = sorted(name for name in names if name not in links
                          and not PRODUCTS.fullmatch(prefix + name))
        siblings = set(files)
        for name in sorted(files + links):
            if not (PRODUCTS.fullmatch(prefix + name)
                    or product(Path(here), name, siblings)):
                yield prefix + name


def digest(top):
    """Names, sizes and times: enough to see that a tree was edited."""
    total = hashlib.sha256()
    for name in source_files(top):
        info = os.lstat(f"{top}/{name}")
        total.update(f"{name}\0{info.st_size}\0{info.st_mtime_ns}\n".encode(
            "utf-8", "surrogateescape"))
    return total.hexdigest()[:16]


def version_of(top):
    """VERSION.PATCHLEVEL.SUBLEVEL, or None where there is no kernel."""
    makefile = top / "Makefile"
    if not makefile.is_file() or not (top / "Kconfig").is_file():
        return None
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) *= *(\d+) *$",
                            read(makefile), re.M))
    if not {"VERSION", "PATCHLEVEL"} <= set(found):
        return None
    return ".".join(found.values())


def from_directory(name):
    """The source that KERNEL= names."""
    top = Path(name).expanduser().resolve()
    version = version_of(top)
    if not version:
        raise Failure(f"KERNEL={name}: not a kernel: no Makefile with VERSION "
                      "and PATCHLEVEL beside a Kconfig",
                      "Give the top directory of a kernel tree or git checkout.")
    if top == BUILD or BUILD in top.parents:
        raise Failure(f"KERNEL={name}: lies in build/", "Give a tree outside it.")
    if kernel_git(top, "rev-parse", "--show-toplevel").stdout.strip() != str(top):
        return Source(f"{top} ({version})\t{digest(top)}", directory=top)
    head = kernel_git(top, "rev-parse", "--verify", "HEAD").stdout.strip()
    if not head:
        raise Failure(f"KERNEL={name}: a git checkout without a commit",
                      "Commit there, or give another tree.")
    if kernel_git(top, "status", "--porcelain", "-uno").stdout.strip():
        print(f"KERNEL={name}: has uncommitted changes; using what is committed",
              flush=True)
    return Source(f"{top} ({version}, commit {head[:12]})\t{head}",
                  directory=top, commit=head)


def from_package():
    package, version = debian.pin()
    wanted = f"{package} {version}"
    instead = re.compile(re.escape(package) + r" \S+\tinstead of " + re.escape(wanted))
    have = recorded()
    if have == wanted:
        return Source(have, pinned=True)
    if instead.fullmatch(have) and not debian.local(package, version):
        return Source(have)
    chosen = debian.choose(package, version)
    if chosen == version:
        return Source(wanted, pinned=True)
    return Source(f"{package} {chosen}\tinstead of {wanted}")


def wanted():
    """The source to use now: KERNEL=, else the pinned package."""
    name = os.environ.get("KERNEL")
    return from_directory(name) if name else from_package()


def pinned():
    """Whether build/base is exactly what the hooks were made against."""
    return recorded() == " ".join(debian.pin())


def check_room():
    free = shutil.disk_usage(BUILD).free >> 20
    if free < NEED_MIB:
        raise Failure(f"{BUILD}: {free} MiB free, {NEED_MIB} MiB needed",
                      "Make room on the disk, or set NEED_MIB= if you know "
                      "better; then run it again.")


def fill(source, target):
    """Write the source's files into an empty directory."""
    if source.commit:
        top = shlex.quote(str(source.directory))
        run("bash", "-c", f"set -o pipefail; git -c safe.directory={top} -C {top} "
            f"archive {source.commit} | tar -x -C {shlex.quote(str(target))}",
            env=GIT_ENV | {"GIT_OPTIONAL_LOCKS": "0"})
    elif source.directory:
        run("rsync", "-a", "--from0", "--files-from=-", f"{source.directory}/",
            target, stdin="\0".join(source_files(source.directory)))
    else:
        debian.unpack(*source.label().split(), target)


def unpack(source):
    """Unpack the source beside build/base, complete or not at all."""
    BUILD.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(PART, ignore_errors=True)
    check_room()
    print(f"unpacking {source.label()} ...", flush=True)
    PART.mkdir()
    try:
        fill(source, PART)
        if not version_of(PART):
            raise Failure(f"{source.label()}: unpacked, it is not a kernel",
                          "Give another tree with KERNEL=DIR.")
    except BaseException:
        shutil.rmtree(PART, ignore_errors=True)
        raise


def put_in_place(source):
    """Make what was unpacked build/base."""
    RECORD.unlink(missing_ok=True)
    shutil.rmtree(BASE, ignore_errors=True)
    PART.rename(BASE)
    write(RECORD, source.ident + "\n")
