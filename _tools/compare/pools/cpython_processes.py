"""multiprocessing.Pool of CPython, whose map() cuts into chunks."""

from multiprocessing import get_context

from ..measure import report
from .race import increment, mapped, serial, stream

with get_context("fork").Pool(2) as pool:
    report({
        "stream": stream(
            lambda n: pool.apply_async(increment, (n,)),
            lambda task: task.get(),
        ),
        "callSync": serial(lambda n: pool.apply(increment, (n,))),
        "map": mapped(lambda items: pool.map(increment, items)),
    })
