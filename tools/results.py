# SPDX-License-Identifier: GPL-2.0
"""What a boot proved: its KUnit results, read by kunit.py, and its console."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

from common import TREE, Failure

# Lines with which the kernel complains.
ALARM = re.compile(r"\bBUG(?::| at)|\bWARNING:|\bOops\b|UBSAN:|refcount_t:"
                   r"|\bINFO: (?:task|possible|trying|rcu)|possible recursive"
                   r"|general protection fault|[Uu]nable to handle kernel"
                   r"|printk messages dropped|, which is not mapped|demap of entry")
# A test may announce one, "# expect-console: <regex>", or insist that the kernel
# says something, "# require-console: <regex>".
EXPECT = re.compile(r"#\s+(?:\w+: )?(expect|require)-console: (.+)$")
SUMMARY = re.compile(r"Testing complete\..*?errors: (\d+)")
KTAP = re.compile(r"KTAP version 1$")
RESULT = re.compile(r"^((?:not )?ok) \d+ ")
SHOWN = 5   # complaints of one console that are worth a line


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problems: list = field(default_factory=list)
    not_ok: list = field(default_factory=list)

    def add(self, status, name):
        if status == "PASS":
            self.passed += 1
        elif status == "SKIP":
            self.skipped += 1
        else:
            self.failed += 1
            self.not_ok.append(f"{status} {name}")

    def blame(self, problem):
        """Something beside the tests went wrong: counts as one more failure."""
        self.failed += 1
        self.problems.append(problem)

    def __str__(self):
        return f"{self.passed} passed {self.failed} failed {self.skipped} skipped"


def document(boot):
    """The text with the suite's KTAP; user space prints its own at the end."""
    if boot.suite not in boot.machine.user:
        return boot.text
    lines = boot.text.splitlines(keepends=True)
    starts = [n for n, line in enumerate(lines) if KTAP.search(line)]
    return "".join(lines[starts[-1]:]) if starts else ""


def kunit(boot, *args):
    """kunit.py parse, which must not leave byte code in the kernel's tree."""
    return subprocess.run([sys.executable, TREE / "tools/testing/kunit/kunit.py",
                           "parse", *args], text=True, errors="replace",
                          input=document(boot), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})


def count(group, outcome, prefix=""):
    for case in group["test_cases"]:
        outcome.add(case["status"], prefix + (case["name"] or "a test that did not end"))
    for sub in group["sub_groups"]:
        count(sub, outcome, f"{prefix}{sub['name']}.")


def count_tests(boot, outcome):
    report = boot.log.with_suffix(".json")
    report.unlink(missing_ok=True)
    parsed = kunit(boot, f"--json={report}")
    if not report.exists():
        outcome.blame(f"kunit.py failed: {parsed.stdout.strip()[-200:]}")
        return
    tests = json.loads(report.read_text())
    count(tests, outcome)
    errors = SUMMARY.search(parsed.stdout)
    if boot.suite not in [group["name"] for group in tests["sub_groups"]]:
        outcome.blame(f"suite {boot.suite} did not run")
    elif not outcome.failed and (errors or parsed.returncode):
        outcome.blame("kunit.py does not accept the results: "
                      + (errors[0] if errors else f"status {parsed.returncode}"))
    if outcome.skipped:
        outcome.blame("a test was skipped, and none may be")


def announced(lines):
    """What the tests announced: whether they insist on it, and its regex."""
    return [(match[1] == "require", match[2].strip())
            for line in lines if (match := EXPECT.search(line))]


def complaints(text):
    """The console's complaints that no test announced, and what it failed to say."""
    lines = text.splitlines()
    said = [line for line in lines if not EXPECT.search(line)]
    expected = announced(lines)
    yield from (line for line in said if ALARM.search(line)
                and not any(re.search(regex, line) for _, regex in expected))
    yield from (f"nothing that matches {regex}" for insisted, regex in expected
                if insisted and not any(re.search(regex, line) for line in said))


def judge(boot):
    """The outcome of one suite on one machine."""
    outcome = Outcome()
    count_tests(boot, outcome)
    if boot.problem:
        outcome.blame(boot.problem)
    try:
        for line in list(complaints(boot.text))[:SHOWN]:
            outcome.blame(f"on the console: {line}")
    except re.error as err:
        outcome.blame(f"an expect-console line is not a regular expression: {err}")
    return outcome


def report(boot, outcome):
    """The lines that tell a person: one, and the details of a failure."""
    lines = [f"{boot.machine.name} {boot.suite} {outcome} {boot.seconds:.1f} s"]
    if outcome.failed:
        lines += [f"  {line}" for line in outcome.not_ok + outcome.problems]
        if boot.problem:
            lines += [f"  | {line}" for line in boot.tail()]
        lines.append(f"  the console is in {boot.log}")
    return "\n".join(lines)


def must_pass(boot):
    """Print what became of a boot; anything but a passed suite is an error."""
    outcome = judge(boot)
    print(report(boot, outcome), flush=True)
    if outcome.failed or not outcome.passed:
        raise Failure(f"{boot.machine.name}: {boot.suite} did not come to its end; "
                      "nothing was written", f"Read the console: {boot.log}")


def told(text, kind):
    """What a console has in its lines "# KIND: key=value ...", as dictionaries."""
    line = re.compile(rf"#\s+(?:\w+: )?{kind}: (\w+=.+)$")
    found = [match[1].split() for match in filter(None, map(line.search,
                                                            text.splitlines()))]
    for words in found:
        if not all("=" in word for word in words):
            raise Failure(f"garbled line: {kind}: {' '.join(words)}", "Run it again.")
    return [dict(word.split("=", 1) for word in words) for words in found]


def ktap(boot):
    """The KTAP lines of one boot, without header and plan."""
    lines = []
    for line in kunit(boot, "--raw_output=kunit").stdout.splitlines():
        if line.startswith(("KTAP version", "1..")):
            continue
        lines.append(line)
        if RESULT.match(line):
            break
    return lines


def collect(boots):
    """One KTAP document of several boots, each of which numbered its suite 1."""
    lines = ["KTAP version 1", f"1..{len(boots)}"]
    for number, boot in enumerate(boots, 1):
        lines += [RESULT.sub(rf"\1 {number} ", line) for line in ktap(boot)]
    return "\n".join(lines) + "\n"
