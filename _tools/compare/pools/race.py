"""How the pools of CPython are measured, as in race.ts."""

from collections import deque

from ..measure import pace

OUTSTANDING = 1000
ITEMS = 1_000_000
STREAM_S = 0.06


def increment(n):
    """The task that is measured."""
    return n + 1


def stream(submit, result):
    """Thousands of tasks in a second, as many under way as there may be."""

    def loop(tasks):
        waiting = deque()
        for n in range(tasks):
            waiting.append(submit(n))
            if len(waiting) == OUTSTANDING:
                result(waiting.popleft())
        for each in waiting:
            result(each)

    seconds = pace(loop, STREAM_S, 2 * OUTSTANDING)
    return {"value": 1 / seconds / 1e3}


def serial(call):
    """Microseconds of one task, the next one after its result."""

    def loop(turns):
        for n in range(turns):
            assert call(n) == n + 1

    return {"value": 1e6 * pace(loop)}


def mapped(call, items=ITEMS):
    """Millions of integers in a second."""

    def loop(_):
        assert call(range(items))[-1] == items

    return {"value": items / pace(loop, 0, 1) / 1e6}
