"""What CPython's struct says: questions on stdin, answers on stdout, as JSON.

A question is {format, values, octets}; its answer {size, packed, unpacked}, each
null if CPython refuses. A value is {"int": decimal digits}, {"float": the eight
octets of a double}, {"bool": true} or {"octets": ...}; octets are hexadecimal.
"""

import json
import struct
import sys


def value_of(item):
    """A value that the test has sent."""
    ((kind, value),) = item.items()
    if kind == "int":
        return int(value)
    if kind == "float":
        return struct.unpack(">d", bytes.fromhex(value))[0]
    return bytes.fromhex(value) if kind == "octets" else value


def item_of(value):
    """A value as the test wants it; NaNs are not told apart."""
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        double = struct.pack(">d", value if value == value else float("nan"))
        return {"float": double.hex()}
    return {"octets": value.hex()}


def attempt(work):
    """What comes out, or None if it is refused."""
    try:
        return work()
    except (struct.error, OverflowError):
        return None


def answer(question):
    """What CPython says about one format."""
    form = question["format"]
    values = [value_of(item) for item in question["values"]]
    octets = bytes.fromhex(question["octets"])
    return {
        "size": attempt(lambda: struct.calcsize(form)),
        "packed": attempt(lambda: struct.pack(form, *values).hex()),
        "unpacked": attempt(
            lambda: [item_of(v) for v in struct.unpack(form, octets)]
        ),
    }


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
