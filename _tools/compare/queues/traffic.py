"""What the two threads or processes at a queue do, as in traffic.ts."""

from ..measure import THREADS, per_hop, per_second

KIBIBYTE = bytes([1]) * 1024

CARGO = {
    "integers": lambda i: i,
    "objects": lambda i: {"id": i, "name": "Ann", "ok": True},
    "bytes": lambda i: KIBIBYTE,
}


def move(cargo, put, get, unit=1e6, kind=THREADS):
    """Messages in a second, from the one place to the other."""
    message = CARGO[cargo]

    def body(place, turns):
        if place == 0:
            for i in range(turns):
                put(message(i))
        else:
            for _ in range(turns):
                got = get()
            assert got == message(turns - 1)

    return per_second(2, body, unit, kind)


def turn(to, there, back, home, kind=THREADS):
    """Microseconds of an integer there and back."""

    def body(place, turns):
        if place == 0:
            for i in range(turns):
                to(i)
                assert home() == i
        else:
            for _ in range(turns):
                back(there())

    return per_hop(2, body, 1, kind)
