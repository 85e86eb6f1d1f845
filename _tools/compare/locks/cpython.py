"""threading of CPython."""

import threading

from ..measure import per_hop, per_turn, report, runs


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


report({
    "lockSync": per_turn(locked(threading.Lock())),
    "semaphoreSync": per_turn(locked(threading.Semaphore())),
    "contended2": contend(2),
    "contended4": contend(4),
    "handOver": hand_over(),
    "event": event(),
    "barrier2": meet(2),
    "barrier4": meet(4),
    "thread": {"value": per_turn(start_and_join)["value"] / 1e6},
})
