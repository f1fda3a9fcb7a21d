"""BrainSurgery's command line, for compare.py.

It asks for Python 3.12, and needs what 3.13 has: there threading.Lock is a class, of which annotations may
speak (`Lock | None`). That is all, so with a class in its place it runs beside the torch of the tests'
environment, as the torch scripts do.
"""

import _thread
import sys
import threading


class Lock:
    def __new__(cls):
        return _thread.allocate_lock()


if sys.version_info < (3, 13):
    threading.Lock = Lock

from brainsurgery import main  # noqa: E402

if __name__ == "__main__":
    main()
