"""multiprocessing.Pipe of CPython, one-way, which is faster than two-way and than
multiprocessing.Queue and SimpleQueue."""

from multiprocessing import Pipe

from ..measure import processes, report
from .traffic import move, turn

kind = processes()
(there, to), (home, back) = Pipe(False), Pipe(False)

report({
    "integers": move("integers", to.send, there.recv, kind=kind),
    "objects": move("objects", to.send, there.recv, kind=kind),
    "bytes": move("bytes", to.send_bytes, there.recv_bytes, 1e6 / 1024, kind),
    "turnSync": turn(to.send, there.recv, back.send, home.recv, kind),
})
