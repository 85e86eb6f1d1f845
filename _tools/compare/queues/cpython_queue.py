"""queue.Queue of CPython, without a limit, which is as fast as with one."""

from queue import Queue

from ..measure import report
from .traffic import move, turn

queue, back = Queue(), Queue()

report({
    "integers": move("integers", queue.put, queue.get),
    "objects": move("objects", queue.put, queue.get),
    "bytes": move("bytes", queue.put, queue.get, 1e6 / 1024),
    "turnSync": turn(queue.put, queue.get, back.put, back.get),
})
