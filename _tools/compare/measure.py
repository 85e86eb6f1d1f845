"""How the contenders that run on CPython measure, as in measure.ts."""

import json
import multiprocessing
import platform
import queue
import threading
from statistics import median
from time import perf_counter
from types import SimpleNamespace

SAMPLES = 3
SAMPLE_S = 0.02
RUN_S = 0.06

THREADS = SimpleNamespace(
    Worker=threading.Thread,
    Barrier=threading.Barrier,
    Queue=queue.SimpleQueue,
)


def processes():
    """Forked, as that is what starts with the functions of their parent."""
    context = multiprocessing.get_context("fork")
    return SimpleNamespace(
        Worker=context.Process,
        Barrier=context.Barrier,
        Queue=context.SimpleQueue,
    )


def report(figures):
    """Prints what was measured."""
    version = platform.python_version()
    print(json.dumps({"version": version, "figures": figures}))


def seconds(loop, turns):
    start = perf_counter()
    loop(turns)
    return perf_counter() - start


def pace(loop, atleast=SAMPLE_S, turns=100, most=1 << 40):
    """Seconds that one turn of a loop takes; it grows until it lasts."""
    while seconds(loop, turns) < atleast and turns < most:
        turns = min(2 * turns, most)
    return median(seconds(loop, turns) for _ in range(SAMPLES)) / turns


def per_turn(loop):
    """Nanoseconds that one turn of a loop takes."""
    return {"value": 1e9 * pace(loop)}


def run(size, body, turns, kind=THREADS):
    """Seconds until all threads are done, and slowest to fastest of them."""
    gate = kind.Barrier(size)
    spans = kind.Queue()

    def worker(place):
        gate.wait()
        start = perf_counter()
        body(place, turns)
        spans.put((start, perf_counter()))

    workers = [kind.Worker(target=worker, args=(i,)) for i in range(size)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    spans = [spans.get() for _ in workers]
    elapsed = max(end for _, end in spans) - min(start for start, _ in spans)
    times = [end - start for start, end in spans]
    return elapsed, max(times) / min(times)


def runs(size, body, kind=THREADS):
    turns = 50
    while run(size, body, turns, kind)[0] < RUN_S:
        turns *= 2
    samples = [run(size, body, turns, kind) for _ in range(SAMPLES)]
    return median(s for s, _ in samples), turns, median(s for _, s in samples)


def per_hop(size, body, hops, kind=THREADS):
    """Microseconds that threads take for one turn, divided by its hops."""
    seconds, turns, _ = runs(size, body, kind)
    return {"value": 1e6 * seconds / turns / hops}


def per_second(size, body, unit, kind=THREADS):
    """Turns of the threads in a second, none of them counted twice."""
    seconds, turns, _ = runs(size, body, kind)
    return {"value": turns / seconds / unit}
