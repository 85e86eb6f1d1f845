"""ThreadPoolExecutor of CPython; its map() makes a task of each item."""

from concurrent.futures import ThreadPoolExecutor

from ..measure import report
from .race import increment, mapped, serial, stream

with ThreadPoolExecutor(2) as pool:
    report({
        "stream": stream(
            lambda n: pool.submit(increment, n),
            lambda task: task.result(),
        ),
        "callSync": serial(lambda n: pool.submit(increment, n).result()),
        "map": mapped(lambda items: list(pool.map(increment, items)), 10_000),
    })
