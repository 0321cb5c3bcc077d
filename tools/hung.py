# SPDX-License-Identifier: GPL-2.0
"""Ask a guest that stands still what its processors do, and make its kernel tell on the
console what it has left to say: on an NMI that nothing explains it panics."""

import json
import re
import socket

WAIT = 5   # seconds for an answer


def monitor(place):
    """QEMU's arguments for a monitor in a directory; its path has to be short."""
    return ["-qmp", f"unix:{place}/qmp,server=on,wait=off"]


def qmp(stream, command, arguments=None):
    """Run a command of QEMU's protocol; what it returns."""
    stream.write(json.dumps({"execute": command, "arguments": arguments or {}}) + "\n")
    stream.flush()
    for line in stream:
        answer = json.loads(line)
        if "return" in answer or "error" in answer:
            return answer.get("return", answer)
    raise ConnectionError("closed")


def name(address, system_map):
    """The function that an address is in, as far as the map of the kernel tells."""
    if not system_map.is_file():
        return f"{address:x}"
    lines = [line.split() for line in system_map.read_text().splitlines()]
    place, function = max(((found, words[2]) for words in lines
                           if (found := int(words[0], 16)) <= address), default=(0, ""))
    return f"{function}+{address - place:#x}"


def examine(place, build):
    """What the processors of the QEMU whose monitor is in a directory execute, as far as the
    directory of the kernel's build tells."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(WAIT)
            link.connect(f"{place}/qmp")
            stream = link.makefile("rw")
            qmp(stream, "qmp_capabilities")
            text = qmp(stream, "human-monitor-command", {"command-line": "info registers -a"})
            qmp(stream, "inject-nmi")
    except OSError as err:
        return f"QEMU does not answer: {err}"
    found = re.findall(r"(?i)\b(?:RIP|NIP|PC)[ =:]+([0-9a-f]{8,16})\b(?:.*(HLT=\d))?", str(text))
    places = (name(int(address, 16), build / "System.map") for address, _ in found)
    return ", ".join(f"CPU {i}: {place} {found[i][1]}".strip() for i, place in enumerate(places))
