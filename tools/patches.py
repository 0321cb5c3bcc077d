# SPDX-License-Identifier: GPL-2.0
"""The patches of series/TOPIC/ and the new files of linux/, and the commits made of them.

A patch file holds a message ("Subject: ...", a blank line, the body, trailers), "Adds:
PATH" lines, a line "---", and hook diffs in git's format, if any.  As a commit it has a
last line "Patch: TOPIC/NNNN-name" instead.
"""

import os
import re
import tempfile
from dataclasses import dataclass

from common import OVERLAY, SERIES, TREE, Failure, git, git_line, read

# In the order in which they apply.
TOPICS = ("sparc-fixes", "powerpc-fixes", "iommu-fixes", "core", "users", "guard",
          "powerpc", "sparc", "bench")
NAME = re.compile(rf"({'|'.join(TOPICS)})/\d{{4}}-[\w.+-]+")
# What a hook has that does not edit a file in place.
NOT_IN_PLACE = re.compile(r"^((old|new|deleted file) |rename |copy |(---|\+\+\+) /dev/null)", re.M)


@dataclass
class Patch:
    """One commit of the series."""

    name: str       # TOPIC/NNNN-name
    message: str    # subject, blank line, body
    adds: list      # paths of new files
    hooks: str      # a diff

    @property
    def topic(self):
        return self.name.split("/")[0]

    @property
    def path(self):
        return SERIES / f"{self.name}.patch"

    @property
    def hooked(self):
        """The files that hooks edit."""
        return re.findall(r"^diff --git a/(\S+) ", self.hooks, re.M)

    def text(self):
        adds = "".join(f"Adds: {path}\n" for path in sorted(self.adds))
        return f"Subject: {self.message}\n{adds and chr(10)}{adds}---\n{self.hooks}"


def order(name):
    topic, _, number = name.partition("/")
    return TOPICS.index(topic), number


def parse(path, errors):
    name = str(path.relative_to(SERIES).with_suffix(""))
    head, found, hooks = read(path).partition("\n---\n")
    message, *adds = re.split(r"^Adds:", head, flags=re.M)
    if not found or not re.match(r"Subject: \S.*\n\n\S", message):
        errors.append(f"{name}: must have 'Subject: ...', a blank line, a body and a line '---'")
    if not adds and not hooks:
        errors.append(f"{name}: changes nothing")
    if NOT_IN_PLACE.search(hooks) or (hooks and not hooks.startswith("diff --git ")):
        errors.append(f"{name}: a hook only edits a file that the kernel has, in place")
    return Patch(name, message.removeprefix("Subject: ").strip(),
                 [add.strip() for add in adds], hooks)


def check_overlay(patches):
    """Every overlay file is added by exactly one patch, and has no hooks."""
    owner = {}
    files = {str(file.relative_to(OVERLAY)) for file in OVERLAY.rglob("*") if not file.is_dir()}
    for patch in patches:
        for path in patch.adds:
            if path in owner:
                yield f"linux/{path}: added by two patches: {owner[path]}, {patch.name}"
            if path not in files:
                yield f"{patch.name}: 'Adds: {path}': no file linux/{path}"
            owner[path] = patch.name
    yield from (f"linux/{path}: no patch adds it" for path in sorted(files - owner.keys()))
    yield from (f"{patch.name}: {path}: is added whole, by {owner[path]}: no hook into it"
                for patch in patches for path in patch.hooked if path in owner)


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
    errors += check_overlay(patches)
    if errors:
        raise Failure(errors, "Correct the files named above, then run it again.")
    return patches


def touched(patches, suffixes=("",)):
    """Files that the series touches or adds, by how their names end."""
    return sorted({path for patch in patches for path in [*patch.hooked, *patch.adds]
                   if path.endswith(suffixes)})


def chosen(patches):
    """The topics that TOPIC names, or else all."""
    known = list(dict.fromkeys(patch.topic for patch in patches))
    names = os.environ.get("TOPIC", "").split() or known
    if unknown := set(names) - set(known):
        raise Failure(f"TOPIC={' '.join(unknown)}: no patches in series/ of that name",
                      f"Give some of: {' '.join(known)}")
    return names


def place(repo, work, index):
    """The environment in which git takes files from, or puts them into, another directory."""
    return {"GIT_DIR": str(repo / ".git"), "GIT_WORK_TREE": str(work),
            "GIT_INDEX_FILE": str(index)}


def apply(patch, env):
    """Apply a patch to an index, without fuzz: what does not fit, and the hunks that moved."""
    listed = git(OVERLAY, "ls-files", "--", *patch.adds, env=env).stdout if patch.adds else ""
    errors = [f"'Adds: {path}': the base already has it" for path in listed.splitlines()]
    done = git(OVERLAY, "apply", "--cached", "--allow-empty", "--verbose", "--whitespace=nowarn",
               "-", env=env, stdin=patch.hooks, check=False)
    git(OVERLAY, "add", "--force", "--", *patch.adds, env=env)
    path, moved = "", []
    for line in done.stderr.splitlines():
        if line.startswith("Checking patch "):
            path = line[15:-3]
        elif "(offset" in line:
            moved.append(f"{path}: {line}")
        elif line.startswith("error: ") and "while searching for" not in line:
            errors.append(re.sub(r"^patch failed: (.+):(\d+)$",
                                 r"\1: the hunk at line \2 does not apply", line[7:]))
    return [[f"{patch.name}: {line}" for line in lines] for lines in (errors, moved)]


def commit_all(patches, author=None, name="\nPatch: {}\n"):
    """The commits of patches on the base of build/linux, and the hunks that moved."""
    errors, moved, commits = [], [], [git_line(TREE, "rev-parse", "base^{commit}")]
    with tempfile.TemporaryDirectory() as top:
        env = place(TREE, OVERLAY, f"{top}/index")
        git(OVERLAY, "read-tree", "base", env=env)
        for patch in patches:
            wrong, offsets = apply(patch, env)
            errors, moved = errors + wrong, moved + offsets
            tree = git_line(OVERLAY, "write-tree", env=env)
            message = f"{patch.message}\n{name.format(patch.name)}"
            commits.append(git(TREE, "commit-tree", "-p", commits[-1], tree, env=author,
                               stdin=message).stdout.strip())
    if errors:
        raise Failure(errors, "Correct the hooks for this base, then run it again.")
    return commits, moved
