# SPDX-License-Identifier: GPL-2.0
"""The patches of series/TOPIC/ and the new files of linux/, and the commits made of them.

A patch file holds a message ("Subject: ...", a blank line, the body, trailers), "Adds:
PATH" lines, a line "---", and hook diffs in git's format, if any.  As a commit it has a
last line "Patch: TOPIC/NNNN-name" instead.
"""

import contextlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common import OVERLAY, SERIES, Failure, git, git_line, read

# In the order in which they apply.
TOPICS = ("sparc-fixes", "powerpc-fixes", "core", "users", "guard", "powerpc", "sparc",
          "bench")
NAME = re.compile(rf"({'|'.join(TOPICS)})/\d{{4}}-[\w.+-]+")
TRAILER = re.compile(r"\n+Patch: *(\S*)\s*\Z")
DIFF = re.compile(r"^diff --git ", re.M)
HUNK = re.compile(r"^@@ -(\d+).*", re.M)
PATH = re.compile(r"(?!/)(?!.*(?:^|/)\.{0,2}(?:/|$))[^\s\"]+")


@dataclass
class Patch:
    """One commit of the series."""

    name: str       # TOPIC/NNNN-name
    message: str    # subject, blank line, body
    adds: dict      # path of a new file: (mode, blob)
    hooks: dict     # path: its diff

    @property
    def topic(self):
        return self.name.split("/")[0]

    @property
    def path(self):
        return SERIES / f"{self.name}.patch"

    def text(self):
        adds = "".join(f"Adds: {path}\n" for path in sorted(self.adds))
        return (f"Subject: {self.message}\n{adds and chr(10)}{adds}---\n"
                f"{''.join(self.hooks.values())}")

    def commit_message(self):
        return f"{self.message}\n\nPatch: {self.name}\n"


def order(name):
    topic, _, number = name.partition("/")
    return TOPICS.index(topic), number


def split_diff(text):
    """A diff without index lines, by file."""
    starts = [match.start() for match in DIFF.finditer(text)]
    hooks = {}
    for start, end in zip(starts, starts[1:] + [len(text)]):
        part = text[start:end]
        match = re.match(r"diff --git a/(.+) b/\1\n", part)
        hooks[match[1] if match else part.split("\n", 1)[0]] = re.sub(
            r"^index .*\n", "", part, count=1, flags=re.M)
    return hooks


def check_hooks(name, text, hooks):
    """A hook edits a file in place; anything else is an error."""
    if (text if not hooks else DIFF.split(text)[0]).strip():
        yield f"{name}: text between '---' and the first 'diff --git'"
    if len(hooks) != len(DIFF.findall(text)):
        yield f"{name}: two diffs of one file"
    for path, diff in hooks.items():
        lines = diff.partition("\n@@ ")[0].splitlines()[1:]
        if lines != [f"--- a/{path}", f"+++ b/{path}"] or not HUNK.search(diff):
            yield f"{name}: {path}: a hook only edits a file that the kernel has, in place"


def parse(path, errors):
    name = str(path.relative_to(SERIES).with_suffix(""))
    head, found, diff = read(path).partition("\n---\n")
    message, *adds = re.split(r"^Adds:", head, flags=re.M)
    if not found or not re.match(r"Subject: \S.*\n\n\S", message):
        errors.append(f"{name}: must have 'Subject: ...', a blank line, a body and a line "
                      "'---'")
    adds = [add.strip() for add in adds]
    errors += [f"{name}: 'Adds: {add}': not a path inside the kernel"
               for add in adds if not PATH.fullmatch(add)]
    hooks = split_diff(diff)
    errors += check_hooks(name, diff, hooks)
    if not adds and not hooks:
        errors.append(f"{name}: changes nothing")
    return Patch(name, message.removeprefix("Subject: ").strip(), dict.fromkeys(adds), hooks)


def check_overlay(patches):
    """Every overlay file is added by exactly one patch."""
    owner = {}
    for patch in patches:
        for add in patch.adds:
            if add in owner:
                yield f"linux/{add}: added by two patches: {owner[add]}, {patch.name}"
            owner[add] = patch.name
            if (OVERLAY / add).is_symlink() or not (OVERLAY / add).is_file():
                yield f"{patch.name}: 'Adds: {add}': no file linux/{add}"
    for file in sorted(OVERLAY.rglob("*")):
        path = str(file.relative_to(OVERLAY))
        if (file.is_symlink() or not file.is_dir()) and path not in owner:
            yield f"linux/{path}: no patch adds it ('Adds: {path}')"


def load():
    """The patches, in order, or every error at once."""
    errors, patches = [], []
    for path in sorted(SERIES.rglob("*")):
        name = str(path.relative_to(SERIES))
        if NAME.fullmatch(name.removesuffix(".patch")) and name.endswith(".patch"):
            patches.append(parse(path, errors))
        elif path.is_file() and not (path.name == "cover" and path.parent.name in TOPICS):
            errors.append(f"series/{name}: neither TOPIC/NNNN-name.patch nor TOPIC/cover, "
                          f"with TOPIC one of {' '.join(TOPICS)}")
    patches.sort(key=lambda patch: order(patch.name))
    for one, two in zip(patches, patches[1:]):
        if one.path.name[:4] == two.path.name[:4] and one.topic == two.topic:
            errors.append(f"{one.name} and {two.name} have the same number")
    errors += check_overlay(patches)
    if errors:
        raise Failure(errors, "Correct the files named above, then run it again.")
    return patches


def store(repo, patches):
    """Put the overlay files into a repository."""
    paths = sorted(path for patch in patches for path in patch.adds)
    blobs = git(repo, "hash-object", "-w", "--no-filters", "--stdin-paths",
                stdin="".join(f"{OVERLAY / path}\n" for path in paths)).stdout.split()
    blob = dict(zip(paths, blobs))
    for patch in patches:
        for path in patch.adds:
            executable = (OVERLAY / path).stat().st_mode & 0o100
            patch.adds[path] = ("100755" if executable else "100644", blob[path])


@contextlib.contextmanager
def index(repo, tree):
    """A temporary index with a tree in it; yields git's environment."""
    with tempfile.TemporaryDirectory(prefix="index-") as name:
        env = {"GIT_INDEX_FILE": str(Path(name) / "index")}
        git(repo, "read-tree", tree, env=env)
        yield env


def put(repo, env, files):
    """Put files {path: (mode, blob)} into an index."""
    git(repo, "update-index", "--add", "--index-info", env=env, stdin="".join(
        f"{mode} {blob}\t{path}\n" for path, (mode, blob) in files.items()))


def apply_errors(patch, output):
    """Turn the output of git apply into errors that name file and hunk."""
    for line in output.splitlines():
        if match := re.match(r"error: patch failed: (.+):(\d+)$", line):
            hunks = list(HUNK.finditer(patch.hooks.get(match[1], "")))
            for number, hunk in enumerate(hunks, 1):
                if hunk[1] == match[2]:
                    yield (f"{patch.name}: {match[1]}: hunk {number} ({hunk[0]}) does not "
                           "apply")
        elif line.startswith("error: ") and not line.endswith("patch does not apply") \
                and not line.startswith("error: while searching for"):
            yield f"{patch.name}: {line.removeprefix('error: ')}"


def moved_hunks(patch, output):
    path = ""
    for line in output.splitlines():
        if match := re.match(r"Checking patch (.+)\.\.\.$", line):
            path = match[1]
        elif match := re.match(r"Hunk #(\d+) succeeded at (\d+) \(offset", line):
            yield f"{patch.name}: {path}: hunk {match[1]} applies only at line {match[2]}"


def apply(repo, env, patch, errors, moved):
    """Apply one patch to an index: no fuzz."""
    if patch.hooks:
        done = git(repo, "apply", "--cached", "--verbose", "--whitespace=nowarn", "-",
                   env=env, stdin="".join(patch.hooks.values()), check=False)
        found = list(apply_errors(patch, done.stderr))
        if done.returncode and not found:
            found = [f"{patch.name}: {done.stderr.strip()}"]
        errors += found
        moved += moved_hunks(patch, done.stderr)
    if patch.adds:
        listed = git(repo, "ls-files", "--", *patch.adds, env=env).stdout.splitlines()
        errors += [f"{patch.name}: 'Adds: {path}': the base already has it"
                   for path in listed]
        put(repo, env, patch.adds)


def commit_all(repo, base, patches):
    """The commits [(patch, commit)] of patches on a base, and the hunks that moved."""
    added = {path: patch.name for patch in patches for path in patch.adds}
    errors = [f"{patch.name}: {path}: linux/{path} is added whole, by {added[path]}: no "
              "hook into it" for patch in patches for path in patch.hooks if path in added]
    moved, commits, parent = [], [], base
    with index(repo, base) as env:
        for patch in patches:
            apply(repo, env, patch, errors, moved)
            tree = git_line(repo, "write-tree", env=env)
            parent = git(repo, "commit-tree", "-p", parent, tree,
                         stdin=patch.commit_message()).stdout.strip()
            commits.append((patch, parent))
    if errors:
        raise Failure(errors, "Correct the hooks for this base, then run it again.")
    return commits, moved
