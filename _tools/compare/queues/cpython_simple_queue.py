"""queue.SimpleQueue of CPython: written in C, without limits and task_done()."""

from queue import SimpleQueue

from ..measure import report
from .traffic import move, turn

queue, back = SimpleQueue(), SimpleQueue()

report({
    "integers": move("integers", queue.put, queue.get),
    "objects": move("objects", queue.put, queue.get),
    "bytes": move("bytes", queue.put, queue.get, 1e6 / 1024),
    "turnSync": turn(queue.put, queue.get, back.put, back.get),
})
