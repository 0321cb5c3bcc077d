# SPDX-License-Identifier: GPL-2.0
"""The git repository build/linux: the kernel source as commit and tag "base", and a commit
for each patch, with the branch "series" at their end."""

import hashlib
import os
import re
import shlex
import shutil
from pathlib import Path

import debian
from common import BUILD, OVERLAY, ROOT, SERIES, TREE, Failure, git, git_line, read, run, write
from patches import place

PART = BUILD / "linux.part"
WORK = BUILD / "work"
NEED_MIB = int(os.environ.get("NEED_MIB") or 4096)
ASSEMBLED = "refs/assembled"
DIGEST = TREE / ".git" / "series.digest"


def exists():
    return (TREE / ".git").is_dir()


def recorded():
    """What the base in build/linux was made of."""
    return git_line(TREE, "show", "-s", "--format=%s", "base") if exists() else ""


def pinned():
    """Whether the base is exactly what the hooks were made against."""
    return recorded() == f"{debian.pin()['package']} {debian.pin()['version']}"


def check_version(top, name, todo):
    """A base must be at least the kernel that the hooks are for."""
    package = debian.pin()["package"]
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL) *= *(\d+) *$", read(top / "Makefile"), re.M)
                 ) if (top / "Makefile").is_file() and (top / "Kconfig").is_file() else {}
    if len(found) != 2:
        raise Failure(f"{name}: not a kernel: no Makefile with VERSION and PATCHLEVEL beside "
                      "a Kconfig", todo)
    version = int(found["VERSION"]), int(found["PATCHLEVEL"])
    if version < debian.number(package):
        raise Failure(f"{name}: Linux {version[0]}.{version[1]}: {package.split('-')[-1]} is "
                      f"needed ({debian.BASE})", todo)


def from_directory(name):
    """What KERNEL= names, and the command that writes a tar archive of it."""
    top = Path(name).expanduser().resolve()
    check_version(top, f"KERNEL={name}",
                  "Give the top directory of a kernel tree or git checkout, or none: make tree")
    if (top / ".git").exists():
        head = git(top, "rev-parse", "--verify", "HEAD").stdout.strip()
        if git_line(top, "status", "--porcelain", "-uno", env={"GIT_OPTIONAL_LOCKS": "0"}):
            print(f"KERNEL={name}: has uncommitted changes; using what is committed", flush=True)
        return f"{top} commit {head}", (f"git -c safe.directory=* -C {shlex.quote(str(top))} "
                                        f"archive --prefix=x/ {head}")
    if (top / "include/config").exists() or (top / ".config").exists():
        raise Failure(f"KERNEL={name}: a kernel was built in it",
                      f"Clean it: make -C {shlex.quote(name)} mrproper")
    # Names, sizes and times: enough to notice that it was edited.
    names = run("find", top, "-type", "f", "-printf", "%P %s %T@\\n").stdout
    return (f"{top} {hashlib.sha256(names.encode()).hexdigest()[:16]}",
            f"tar -C {shlex.quote(str(top.parent))} -c {shlex.quote(top.name)}")


def wanted():
    """The source to use now, KERNEL= or else Debian's, and the command that writes it."""
    if name := os.environ.get("KERNEL"):
        return from_directory(name)
    package, version = (debian.pin()[key] for key in ("package", "version"))
    pin, have = f"{package} {version}", recorded()
    if have == pin or (have.endswith(f" instead of {pin}")
                       and not debian.deb(package, version).exists()):
        return have, ""
    BUILD.mkdir(parents=True, exist_ok=True)
    debian.check_room(NEED_MIB)
    chosen = debian.kernel_source()
    deb = debian.deb(*chosen)
    return (" ".join(chosen) + ("" if chosen == (package, version) else f" instead of {pin}"),
            f"dpkg-deb --fsys-tarfile {shlex.quote(str(deb))} "
            f"| tar -xO ./usr/src/{chosen[0]}.tar.xz | xz -dc")


def import_base(ident, command):
    """Make a source the commit and tag "base", completely or not at all."""
    shutil.rmtree(PART, ignore_errors=True)
    PART.mkdir(parents=True)
    debian.check_room(NEED_MIB)
    print(f"importing {ident} into git ...", flush=True)
    new = not exists()
    repo = PART if new else TREE
    try:
        run("bash", "-c", f"set -o pipefail; {command} | tar -x --strip-components=1 "
            f"--exclude=.git -C {shlex.quote(str(PART))}")
        check_version(PART, ident, f"Fetch it again: rm -r {debian.DOWNLOADS}; make tree")
        ignored = PART / ".gitignore"   # Debian's packaging makes git blind to new files
        write(ignored, read(ignored).split("#\n# Debian packaging")[0].rstrip("\n") + "\n")
        if new:
            git(BUILD, "init", "--quiet", "--template=", "--initial-branch=series", repo)
            git(repo, "config", "core.compression", "1")
        env = place(repo, PART, repo / ".git" / ("index" if new else "import.index"))
        # All files, whatever .gitignore has; into one pack, as 96,000 files are slow.
        git(PART, "-c", "core.bigFileThreshold=1", "add", "--all", "--force", ".", env=env)
        tree = git_line(PART, "write-tree", env=env)
        commit = git(repo, "commit-tree", tree, stdin=ident + "\n").stdout.strip()
        git(repo, "tag", "--force", "base", commit)
        if new:
            git(repo, "update-ref", "refs/heads/series", commit)
            git(repo, "update-ref", ASSEMBLED, commit)
            PART.rename(TREE)
    finally:
        shutil.rmtree(PART, ignore_errors=True)
        (TREE / ".git" / "import.index").unlink(missing_ok=True)


def edits():
    """What is in build/linux and not in the repository: commits and files."""
    commits = git(TREE, "log", "--format=build/linux: commit %h: %s",
                  f"{ASSEMBLED}...HEAD").stdout
    status = git(TREE, "status", "--porcelain").stdout
    return commits.splitlines() + [f"build/linux: {line}" for line in status.splitlines()]


def guard():
    """Stop before an edit would be lost."""
    if TREE.exists() and not exists():
        raise Failure(f"{TREE}: not made by this tool", "Move it away, then run it again.")
    if exists() and (found := edits()):
        raise Failure(found,
                      "Keep them with 'make refresh', or drop them with 'make tree FORCE=1'.")


def publish(commit, force=False):
    """Make build/linux this commit.  Files that stay the same keep their times."""
    if force:
        git(TREE, "reset", "--quiet", "--hard")
        git(TREE, "clean", "--quiet", "-fd")
    git(TREE, "checkout", "--quiet", "-B", "series", commit)
    remember(commit)


def remember(commit):
    """Note that build/linux is what series/ and linux/ have now."""
    git(TREE, "update-ref", ASSEMBLED, commit)
    write(DIGEST, series_digest())


def series_digest():
    """Changes when the base or the series does."""
    total = hashlib.sha256(git_line(TREE, "rev-parse", "base").encode())
    for file in sorted([*SERIES.rglob("*.patch"), *OVERLAY.rglob("*")]):
        if file.is_file():
            total.update(f"{file.relative_to(ROOT)} {file.stat().st_mode & 0o100}\n".encode())
            total.update(file.read_bytes())
    return total.hexdigest()


def unchanged():
    """Whether build/linux was made of exactly this."""
    return DIGEST.exists() and read(DIGEST) == series_digest()


def require():
    """Stop unless build/linux is what the repository has."""
    if not unchanged():
        raise Failure(f"{TREE} is not what series/ and linux/ give", "Run 'make tree' first.")


def worktree(commit):
    """The work tree build/work at a commit; files that stay the same keep their times."""
    if not (WORK / ".git").exists():
        shutil.rmtree(WORK, ignore_errors=True)
        git(TREE, "worktree", "prune")
        git(TREE, "worktree", "add", "--quiet", "--detach", WORK, commit)
    git(WORK, "checkout", "--quiet", "--force", "--detach", commit)
    return WORK
