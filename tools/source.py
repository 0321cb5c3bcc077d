# SPDX-License-Identifier: GPL-2.0
"""The git repository build/linux: the kernel source as commit and tag "base", a commit for
each patch, tags topic/NAME, and the branch "series" at their end."""

import hashlib
import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import debian
from common import BUILD, OVERLAY, TREE, Failure, encode, git, git_line, read, run, write
from patches import index, put

PART = BUILD / "linux.part"
UNPACKED = BUILD / "unpacked.part"
WORK = BUILD / "work"
# What Debian's packaging appends to .gitignore: with it git is blind to new files.
PACKAGING = "#\n# Debian packaging: ignore everything at the top level, since it isn't\n" \
            "# included in our repository\n#\n/*\n!/debian/\n"
NEED_MIB = int(os.environ.get("NEED_MIB") or 4096)
ASSEMBLED = "refs/assembled"
DIGEST = TREE / ".git" / "series.digest"
KEEP = "Keep them with 'make refresh', or drop them with 'make tree FORCE=1'."


@dataclass(frozen=True)
class Source:
    """Where a kernel comes from; .ident changes when its contents may have."""

    ident: str
    directory: Path = None
    commit: str = ""
    deb: Path = None


def exists():
    return (TREE / ".git").is_dir()


def recorded():
    """The ident of the base in build/linux."""
    return git_line(TREE, "show", "-s", "--format=%s", "base") if exists() else ""


def pinned():
    """Whether the base is exactly what the hooks were made against."""
    return recorded() == f"{debian.pin()['package']} {debian.pin()['version']}"


def version_of(top):
    """(VERSION, PATCHLEVEL), or None where there is no kernel."""
    if not (top / "Makefile").is_file() or not (top / "Kconfig").is_file():
        return None
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL) *= *(\d+) *$", read(top / "Makefile"),
                            re.M))
    return (int(found["VERSION"]), int(found["PATCHLEVEL"])) if len(found) == 2 else None


def check_version(top, name, todo):
    """A base must be at least the kernel that the hooks are for."""
    needed = debian.pin()["package"].removeprefix("linux-source-")
    version = version_of(top)
    if not version:
        raise Failure(f"{name}: not a kernel: no Makefile with VERSION and PATCHLEVEL beside "
                      "a Kconfig", todo)
    if version < tuple(int(word) for word in needed.split(".")):
        raise Failure(f"{name}: Linux {version[0]}.{version[1]}: {needed} is needed "
                      f"({debian.BASE})", todo)


def kernel_git(top, *args):
    """Read someone's checkout without writing to it."""
    return git_line(top, *args, env={"GIT_OPTIONAL_LOCKS": "0"})


def digest(top):
    """Names, sizes and times: enough to notice that a tree was edited."""
    return hashlib.sha256(run("find", top, "-type", "f", "-printf",
                              "%P %s %T@\\n").stdout.encode()).hexdigest()[:16]


def from_directory(name):
    """The source that KERNEL= names."""
    top = Path(name).expanduser().resolve()
    todo = ("Give the top directory of a kernel tree or git checkout outside build/, or none: "
            "make tree")
    check_version(top, f"KERNEL={name}", todo)
    if BUILD in (top, *top.parents):
        raise Failure(f"KERNEL={name}: lies in build/", todo)
    if kernel_git(top, "rev-parse", "--show-toplevel") != str(top):
        if (top / "include/config").exists() or (top / ".config").exists():
            raise Failure(f"KERNEL={name}: a kernel was built in it",
                          f"Clean it: make -C {shlex.quote(name)} mrproper")
        return Source(f"{top} {digest(top)}", directory=top)
    head = kernel_git(top, "rev-parse", "--verify", "HEAD")
    if not head:
        raise Failure(f"KERNEL={name}: a git checkout without a commit", todo)
    if kernel_git(top, "status", "--porcelain", "-uno"):
        print(f"KERNEL={name}: has uncommitted changes; using what is committed", flush=True)
    return Source(f"{top} commit {head}", directory=top, commit=head)


def wanted():
    """The source to use now: KERNEL=, else the pinned package."""
    name = os.environ.get("KERNEL")
    if name:
        return from_directory(name)
    package, version = (debian.pin()[key] for key in ("package", "version"))
    pin, have = f"{package} {version}", recorded()
    if have == pin or (have.endswith(f" instead of {pin}")
                       and not debian.deb(package, version).exists()):
        return Source(have)
    BUILD.mkdir(parents=True, exist_ok=True)
    debian.check_room(NEED_MIB)
    chosen = debian.kernel_source()
    ident = " ".join(chosen) + ("" if chosen == (package, version) else f" instead of {pin}")
    return Source(ident, deb=debian.deb(*chosen))


def unpack(source, where):
    """Unpack a source package, without its outermost directory."""
    where.mkdir(exist_ok=True)
    name = source.deb.name.split("_")[0]
    run("bash", "-c", f"set -o pipefail; dpkg-deb --fsys-tarfile {shlex.quote(str(source.deb))} "
        f"| tar -xO ./usr/src/{name}.tar.xz "
        f"| tar -xJ --strip-components=1 -C {shlex.quote(str(where))}")
    check_version(where, source.deb, f"Fetch it again: rm {source.deb}; make tree")


def import_tree(source, repo, new):
    """Put the source's files into a repository; the id of their tree."""
    if source.commit:   # the objects of the one commit, without its history
        top, to = shlex.quote(str(source.directory)), shlex.quote(str(repo))
        run("bash", "-c", f"set -o pipefail; echo {source.commit}^{{tree}} | git -c "
            f"safe.directory={top} -C {top} pack-objects -q --revs --stdout | "
            f"git -C {to} index-pack --stdin", env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"})
        return kernel_git(source.directory, "rev-parse", f"{source.commit}^{{tree}}")
    work = source.directory or (repo if new else UNPACKED)
    if source.deb:
        unpack(source, work)
    env = {"GIT_DIR": str(repo / ".git"), "GIT_WORK_TREE": str(work)}
    if work != repo:
        env["GIT_INDEX_FILE"] = str(repo / ".git" / "import.index")
    # All files, whatever .gitignore has; into one pack, as 96,000 files are slow.
    git(work, "-c", "core.bigFileThreshold=1", "add", "--all", "--force", ".", env=env)
    tree = git_line(repo, "write-tree", env=env)
    (repo / ".git" / "import.index").unlink(missing_ok=True)
    return tree


def without_packaging(repo, tree):
    """A tree with the .gitignore that mainline has."""
    ignored = git(repo, "show", f"{tree}:.gitignore", check=False).stdout
    if not ignored.endswith(PACKAGING):
        return tree
    blob = git_line(repo, "hash-object", "-w", "--stdin",
                    stdin=ignored.removesuffix(PACKAGING).rstrip("\n") + "\n")
    with index(repo, tree) as env:
        put(repo, env, {".gitignore": ("100644", blob)})
        return git_line(repo, "write-tree", env=env)


def import_base(source):
    """Make a source the commit and tag "base", completely or not at all."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for left in (PART, UNPACKED):
        shutil.rmtree(left, ignore_errors=True)
    debian.check_room(NEED_MIB)
    print(f"importing {source.ident} into git ...", flush=True)
    new = not exists()
    repo = PART if new else TREE
    try:
        if new:
            git(BUILD, "init", "--quiet", "--template=", "--initial-branch=series", repo)
            for setting in ("core.compression=1", "advice.detachedHead=false"):
                git(repo, "config", *setting.split("="))
        tree = without_packaging(repo, import_tree(source, repo, new))
        commit = git(repo, "commit-tree", tree, stdin=source.ident + "\n").stdout.strip()
        git(repo, "tag", "--force", "base", commit)
        if new:
            git(repo, "reset", "--quiet", "--hard", commit)
            git(repo, "update-ref", ASSEMBLED, commit)
            PART.rename(TREE)
    finally:
        for left in (PART, UNPACKED):
            shutil.rmtree(left, ignore_errors=True)


def edits():
    """What is in build/linux and not in the repository: commits and files."""
    head, assembled = (git_line(TREE, "rev-parse", "--verify", "--quiet", ref)
                       for ref in ("HEAD", ASSEMBLED))
    commits = [] if head == assembled else git(
        TREE, "log", "--format=build/linux: commit %h: %s", f"{assembled}..HEAD"
    ).stdout.splitlines() or [f"build/linux: HEAD is not where 'make tree' left it: {head}"]
    status = git(TREE, "status", "--porcelain", "--untracked-files=all").stdout
    return commits + [f"build/linux: {line}" for line in status.splitlines()]


def guard(force):
    """Stop before an edit would be lost."""
    if not TREE.exists() or force:
        return
    if not exists():
        raise Failure(f"{TREE}: not made by this tool", "Move it away, then run it again.")
    found = edits()
    if found:
        raise Failure([*found[:20], *[f"and {len(found) - 20} more"][:len(found) > 20]], KEEP)


def publish(commits, force=None):
    """Make build/linux the end of these commits; force=None leaves its files alone, which
    are so already.  Files that stay the same keep their times."""
    base = git_line(TREE, "rev-parse", "base^{commit}")
    last = commits[-1][1] if commits else base
    topics = {patch.topic: commit for patch, commit in commits}
    if force is None:
        git(TREE, "update-ref", "refs/heads/series", last)
        git(TREE, "symbolic-ref", "HEAD", "refs/heads/series")
        git(TREE, "reset", "--quiet")
    else:
        git(TREE, "checkout", "--quiet", *["--force"][:force], "-B", "series", last)
        if force:
            git(TREE, "clean", "--quiet", "-fd")
    old = git(TREE, "tag", "--list", "topic/*").stdout.split()
    git(TREE, "update-ref", "--stdin", stdin="".join(
        [f"delete refs/tags/{tag}\n" for tag in old if tag[6:] not in topics]
        + [f"update refs/tags/topic/{topic} {commit}\n" for topic, commit in topics.items()]
        + [f"update {ASSEMBLED} {last}\n"]))


def series_digest(patches):
    """Changes when the base or the series does."""
    total = hashlib.sha256(git_line(TREE, "rev-parse", "base").encode())
    for patch in patches:
        total.update(encode(f"{patch.name}\n{patch.text()}"))
        for path in sorted(patch.adds):
            file = OVERLAY / path
            total.update(f"{path}\n{file.stat().st_mode & 0o100}\n".encode())
            total.update(file.read_bytes())
    return total.hexdigest()


def unchanged(patches):
    """Whether build/linux was made of exactly this."""
    return DIGEST.exists() and read(DIGEST) == series_digest(patches)


def remember(patches):
    write(DIGEST, series_digest(patches))


def worktree(commit):
    """The work tree build/work at a commit; files that stay the same keep their times."""
    if not (WORK / ".git").exists():
        shutil.rmtree(WORK, ignore_errors=True)
        git(TREE, "worktree", "prune")
        git(TREE, "worktree", "add", "--quiet", "--detach", WORK, commit)
    git(WORK, "checkout", "--quiet", "--force", "--detach", commit)
    return WORK


def require(patches):
    """Stop unless build/linux is what the repository has."""
    if not exists() or not unchanged(patches):
        raise Failure(f"{TREE} is not what series/ and linux/ give", "Run 'make tree' first.")
