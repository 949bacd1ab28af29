"""The program of `on_asyncio` on uvloop's loop, which is libuv's; nothing else differs.

libuv counts time in whole milliseconds from the start of its present turn, so a delay is rounded up, and
a sleeper that is woken too early by the clock waits once more.
"""

import sys
import time

from . import on_asyncio
from .parameters import unavailable

try:
    import uvloop
except ImportError:
    uvloop = None


class Stage(on_asyncio.Stage):
    """The same actors on another loop."""

    loop_parts = {
        "backend": "epoll (libuv)",
        "timers": "asyncio.sleep on libuv's timers: whole milliseconds, rounded up, looked at again",
        "borrowed": "uvloop",
    }

    def new_loop(self):
        if uvloop is None:
            raise unavailable("uvloop is not importable; install it: python3 -m pip install uvloop")
        return uvloop.new_event_loop()

    def receipt(self):
        python = sys.version.split()[0]
        return ["uvloop", uvloop.__version__, f"uvloop.__version__, on Python {python}"]

    async def sleep(self, microseconds):
        until_ns = time.monotonic_ns() + 1000 * microseconds
        while (left_ns := until_ns - time.monotonic_ns()) > 0:
            # A delay of less than half a millisecond would not wait at all.
            await super().sleep(-(-left_ns // 1_000_000) * 1000)
