# SPDX-License-Identifier: GPL-2.0
"""The assembled tree, build/linux, and what somebody has edited in it.

A record beside it holds, for every file that the series touches, what was
written there.  A file that is neither that nor the base's was edited by hand.
"""

import fnmatch
import hashlib
import json
import os
import shutil
import stat

from common import BASE, BUILD, TREE, Failure, read, run, write

RECORD = BUILD / "linux.json"
# Not edits: what tools leave beside the files they read.
LITTER = ("__pycache__", "*.pyc", "*~", ".*.sw?", ".#*", "#*#", "*.orig", "*.rej",
          ".*.part", "tags", "TAGS", "cscope.*", "GPATH", "GRTAGS", "GTAGS",
          "compile_commands.json", ".cache", ".clangd", ".vscode", ".idea")


def fingerprint(path):
    """What a file is: contents and the executable bit; None if it is not there."""
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(info.st_mode):
        return "link " + os.readlink(path)
    if stat.S_ISDIR(info.st_mode):
        return "directory"
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ("x " if info.st_mode & stat.S_IXUSR else "- ") + digest


def load_record():
    return json.loads(read(RECORD)) if RECORD.exists() else None


def file_time():
    """Now, as the file system would stamp it."""
    now = BUILD / ".now"
    now.touch()
    return now.stat().st_mtime_ns


def save_record(base, files, time, state="assembled"):
    """Note what the tree held at `time`; what changes later is an edit."""
    write(RECORD, json.dumps({"base": base, "state": state, "time": time,
                              "files": files}, indent=1) + "\n")


def mark_replaced():
    """The tree holds no edits and is about to become a copy of another base."""
    if TREE.exists():
        save_record("", {}, 0, "replacing")


def litter(path):
    return any(fnmatch.fnmatch(part, pattern)
               for part in path.split("/") for pattern in LITTER)


def missing_below(directory):
    """Files of the base that were removed from a directory of the tree."""
    base = BASE / directory
    for name in os.listdir(base) if base.is_dir() else []:
        path = f"{directory}/{name}" if directory else name
        if os.path.lexists(TREE / path):
            continue
        if (BASE / path).is_dir() and not (BASE / path).is_symlink():
            yield from missing_below(path)
        else:
            yield path


def candidates(record):
    """Files that may differ from what was written: the kernel's ctime tells."""
    since = record["time"] - 20_000_000
    found = run("find", TREE, "-newerct", f"@{since // 10**9}.{since % 10**9:09}",
                "-printf", "%y %P\\0").stdout
    names = set(record["files"])
    for entry in filter(None, found.split("\0")):
        kind, path = entry.split(" ", 1)
        if kind == "d":
            names.update(missing_below(path))
        else:
            names.add(path)
    return sorted(names)


def edits(record):
    """What was edited since: {path: "changed", "new" or "deleted"}."""
    found = {}
    for path in candidates(record):
        known = record["files"].get(path) or [fingerprint(BASE / path)]
        now = fingerprint(TREE / path)
        if now in known or (known == [None] and litter(path)):
            continue
        found[path] = ("deleted" if now is None else
                       "new" if known == [None] else "changed")
    return found


def refuse(edited):
    """Stop before an edit would be overwritten."""
    raise Failure([f"build/linux/{path}: {kind} since it was assembled"
                   for path, kind in sorted(edited.items())],
                  "Keep these edits with 'make refresh', or drop them with "
                  "'make tree FORCE=1'.")


def guard(force):
    """Before the whole tree is replaced: is there an edit in it?"""
    record = load_record()
    if force or not TREE.exists() or (record and record["state"] == "replacing"):
        return
    if not record:
        raise Failure(f"{TREE}: not assembled by this tool, or its record is gone",
                      "Move it away, or drop it with 'make tree FORCE=1'.")
    edited = {path: kind for path, kind in edits(record).items()
              if kind != "deleted"}
    if edited:
        refuse(edited)


def replace(base):
    """Make the tree a copy of the base; files that stay the same keep their times."""
    print("copying the base to build/linux ...", flush=True)
    TREE.mkdir(exist_ok=True)
    mark_replaced()
    run("rsync", "-rlp", "--checksum", "--delete", f"{BASE}/", f"{TREE}/")
    save_record(base, {}, file_time())


def place(source, path):
    """Put one file in place with a new time, or take it away."""
    target = TREE / path
    if source is None:
        target.unlink()
        for parent in target.relative_to(TREE).parents:
            if (BASE / parent).exists() or os.listdir(TREE / parent):
                break
            (TREE / parent).rmdir()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    if source.is_symlink():
        part.symlink_to(os.readlink(source))
    else:
        shutil.copyfile(source, part)
        shutil.copymode(source, part)
    part.replace(target)


def plan(record, wanted, edited):
    """What each file should come from, of those that are not so yet."""
    changes = {}
    for path in sorted({*record["files"], *wanted, *edited}):
        source = wanted.get(path)
        if source is None and os.path.lexists(BASE / path):
            source = BASE / path
        now = fingerprint(TREE / path)
        if now != (fingerprint(source) if source else None):
            changes[path] = source
    return changes


def sync(wanted, force):
    """Bring the tree to `wanted` {path: file}; returns how many files changed."""
    record, time = load_record(), file_time()
    edited = edits(record)
    changes = plan(record, wanted, edited)
    lost = {path: kind for path, kind in edited.items()
            if path in changes and kind != "deleted"}
    if lost and not force:
        refuse(lost)
    new = {path: [fingerprint(file)] for path, file in wanted.items()}
    both = {path: [*record["files"].get(path, [fingerprint(BASE / path)]),
                   *new.get(path, [fingerprint(BASE / path)])]
            for path in {*record["files"], *new}}
    save_record(record["base"], both, time)
    for path, source in changes.items():
        place(source, path)
    save_record(record["base"], new, time)
    return len(changes)
