"""threading of CPython, measured as in measure.ts; prints a report as JSON."""

import json
import platform
import threading
from statistics import median
from time import perf_counter

SAMPLES = 5
SAMPLE_S = 0.02
RUN_S = 0.06


def per_turn(loop):
    """Nanoseconds that one turn of a loop takes."""

    def seconds(turns):
        start = perf_counter()
        loop(turns)
        return perf_counter() - start

    turns = 100
    while seconds(turns) < SAMPLE_S:
        turns *= 2
    return {"value": 1e9 * median(seconds(turns) for _ in range(SAMPLES)) / turns}


def run(size, body, turns):
    """Seconds until all threads are done, and slowest to fastest of them."""
    gate = threading.Barrier(size)
    spans = []

    def thread(place):
        gate.wait()
        start = perf_counter()
        body(place, turns)
        spans.append((start, perf_counter()))

    threads = [threading.Thread(target=thread, args=(i,)) for i in range(size)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    elapsed = max(end for _, end in spans) - min(start for start, _ in spans)
    times = [end - start for start, end in spans]
    return elapsed, max(times) / min(times)


def runs(size, body):
    turns = 50
    while run(size, body, turns)[0] < RUN_S:
        turns *= 2
    samples = [run(size, body, turns) for _ in range(SAMPLES)]
    return median(s for s, _ in samples), turns, median(s for _, s in samples)


def per_hop(size, body, hops):
    """Microseconds that threads take for one turn, divided by its hops."""
    seconds, turns, _ = runs(size, body)
    return {"value": 1e6 * seconds / turns / hops}


def contend(size):
    """Millions of turns that threads do in a second, all in all."""
    lock = threading.Lock()
    total = [0]

    def add(_, turns):
        for _ in range(turns):
            lock.acquire()
            total[0] += 1
            lock.release()

    seconds, turns, spread = runs(size, add)
    return {"value": size * turns / seconds / 1e6, "spread": spread}


def locked(lock):
    def loop(turns):
        acquire, release = lock.acquire, lock.release
        for _ in range(turns):
            acquire()
            release()

    return loop


def hand_over():
    """By locks, which are faster here than semaphores."""
    locks = [threading.Lock(), threading.Lock()]
    for lock in locks:
        lock.acquire()

    def body(place, turns):
        for _ in range(turns):
            if place == 0:
                locks[1].release()
            locks[place].acquire()
            if place == 1:
                locks[0].release()

    return per_hop(2, body, 2)


def event():
    events = [threading.Event(), threading.Event()]

    def body(place, turns):
        for _ in range(turns):
            if place == 0:
                events[1].set()
            events[place].wait()
            events[place].clear()
            if place == 1:
                events[0].set()

    return per_hop(2, body, 2)


def meet(size):
    barrier = threading.Barrier(size)

    def body(_, turns):
        for _ in range(turns):
            barrier.wait()

    return per_hop(size, body, 1)


def start_and_join(turns):
    for _ in range(turns):
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()


print(json.dumps({
    "version": platform.python_version(),
    "figures": {
        "lockSync": per_turn(locked(threading.Lock())),
        "semaphoreSync": per_turn(locked(threading.Semaphore())),
        "contended2": contend(2),
        "contended4": contend(4),
        "handOver": hand_over(),
        "event": event(),
        "barrier2": meet(2),
        "barrier4": meet(4),
        "thread": {"value": per_turn(start_and_join)["value"] / 1e6},
    },
}))
