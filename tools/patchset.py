# SPDX-License-Identifier: GPL-2.0
"""The patches of series/ and the overlay files of linux/, read and checked.

A patch file holds a message ("Subject: ...", a blank line, the body, trailers,
"Adds: PATH" lines), a line "---", and hook diffs in git's format, if any.  A base
fix may have "Needs: PATH: REGEX" lines: a base in which none matches does not need it.
"""

import re
from dataclasses import dataclass

from common import OVERLAY, SERIES, Failure, read

NAME = re.compile(r"\d{4}-.+\.patch")
DIFF = re.compile(r"^diff --git ", re.M)
HUNK = re.compile(r"^@@ .*", re.M)
PATH = re.compile(r"(?!/)(?!.*(?:^|/)\.{0,2}(?:/|$))[^\s\"]+")


@dataclass
class Patch:
    """One commit of the series."""

    name: str        # as people say it: series/0001-foo.patch
    path: object     # where it is
    head: str        # the text up to the line "---", without it
    hooks: dict      # path: its diff
    adds: list       # overlay files
    needs: list      # pairs of a path and a regex

    def message(self):
        lines = [line for line in self.head.splitlines()
                 if not line.startswith(("Adds:", "Needs:"))]
        lines[0] = lines[0].removeprefix("Subject: ")
        return "\n".join(lines).strip() + "\n"

    def diff(self):
        return "".join(self.hooks.values())

    def text(self):
        return f"{self.head}---\n{self.diff()}"

    def add(self, path):
        self.adds.append(path)
        self.head += f"Adds: {path}\n"


def check_hook(name, path, diff):
    """A hook edits a file in place; anything else is an error."""
    allowed = {f"--- a/{path}", f"+++ b/{path}"}
    header, found, _ = diff.partition("\n@@ ")
    for line in header.splitlines()[1:]:
        if line not in allowed and not line.startswith("index "):
            yield (f"{name}: {path}: '{line}': a hook only edits a file that "
                   "the kernel has")
    if not found or not all(line in header.splitlines() for line in allowed):
        yield f"{name}: {path}: no '--- a/', '+++ b/' and '@@' lines"


def parse_hooks(name, text, errors):
    """The diff of each file, in their order."""
    hooks = {}
    starts = [match.start() for match in DIFF.finditer(text)]
    if text[:starts[0] if starts else None].strip():
        errors.append(f"{name}: text between '---' and the first 'diff --git'")
    for start, end in zip(starts, starts[1:] + [len(text)]):
        diff = text[start:end]
        line = diff.split("\n", 1)[0]
        match = re.fullmatch(r"diff --git a/(.+) b/(.+)", line)
        path = match[1] if match else ""
        if not match or path != match[2] or not PATH.fullmatch(path):
            errors.append(f"{name}: '{line}': not one file, in place")
        elif path in hooks:
            errors.append(f"{name}: two diffs of {path}")
        else:
            errors.extend(check_hook(name, path, diff))
            hooks[path] = diff
    return hooks


def parse_needs(name, head, errors):
    """What a base has to contain for a fix to be needed."""
    for line in re.findall(r"^Needs:.*", head, re.M):
        match = re.fullmatch(r"Needs: (\S+): (\S.*)", line)
        try:
            if not match or not PATH.fullmatch(match[1]):
                raise re.error("not 'PATH: REGEX'")
            yield match[1], re.compile(match[2], re.M)
        except re.error as err:
            errors.append(f"{name}: '{line}': {err}")


def parse(path, errors):
    name = str(path.relative_to(SERIES.parent))
    head, found, rest = read(path).partition("\n---\n")
    head += "\n"
    if not found:
        errors.append(f"{name}: no line '---' after the message")
    if not re.match(r"Subject: \S.*\n\n\S", head):
        errors.append(f"{name}: must begin with 'Subject: ...', a blank line "
                      "and a body")
    adds = []
    for line in re.findall(r"^Adds:.*", head, re.M):
        add = line.removeprefix("Adds:").strip()
        if not PATH.fullmatch(add):
            errors.append(f"{name}: '{line}': not a path inside the kernel")
        else:
            adds.append(add)
    hooks = parse_hooks(name, rest, errors)
    return Patch(name, path, head, hooks, adds, list(parse_needs(name, head, errors)))


def load_dir(directory, others, errors):
    patches = []
    for path in sorted(directory.iterdir()) if directory.is_dir() else []:
        if NAME.fullmatch(path.name):
            patches.append(parse(path, errors))
        elif path.name not in others:
            errors.append(f"{path.relative_to(SERIES.parent)}: not named "
                          "NNNN-words.patch")
    for one, two in zip(patches, patches[1:]):
        if one.path.name[:4] == two.path.name[:4]:
            errors.append(f"{one.name} and {two.name} have the same number")
    return patches


def check_overlay(patches):
    """Every overlay file is added by exactly one patch."""
    owner = {}
    for patch in patches:
        for add in patch.adds:
            if add in owner:
                yield f"linux/{add}: in two patches: {owner[add]}, {patch.name}"
            owner[add] = patch.name
            file = OVERLAY / add
            if file.is_symlink() or not file.is_file():
                yield f"{patch.name}: Adds: linux/{add}: no such file"
    for file in sorted(OVERLAY.rglob("*")):
        path = str(file.relative_to(OVERLAY))
        if (file.is_symlink() or not file.is_dir()) and path not in owner:
            yield f"linux/{path}: in no patch ('Adds: {path}')"


def load(empty_ok=False):
    """The base fixes and the series, in order, or every error at once."""
    errors = []
    fixes = load_dir(SERIES / "base-fixes", (), errors)
    series = load_dir(SERIES, ("cover", "base-fixes"), errors)
    errors += [f"{fix.name}: a base fix adds no files"
               for fix in fixes if fix.adds]
    errors += [f"{patch.name}: 'Needs:' is for base fixes" for patch in series
               if patch.needs]
    errors += check_overlay(series)
    if not empty_ok:
        errors += [f"{patch.name}: changes nothing" for patch in fixes + series
                   if not patch.adds and not patch.hooks]
    if errors:
        raise Failure(errors, "Put the series right, then run it again.")
    return fixes, series
