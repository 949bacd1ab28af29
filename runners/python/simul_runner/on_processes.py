"""A pool of processes, one for each worker: `concurrent.futures.ProcessPoolExecutor`, Python without the lock.

An operation is one job; the actor's next one goes to the tail of the pool's queue when the last has come
back. Arguments and results are pickled through a pipe, which is what the pool costs. It computes; it holds no
connections, and its processes share no channel, so echo, mixed, ping-pong and spawn cannot be done this way.

The processes are forked while this one has no threads yet; the other ways to start them leave named
semaphores and a helper process behind when somebody kills us. Each ends by itself when this one is gone.
"""

import multiprocessing
import os
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait

from . import costs
from .parameters import not_applicable
from .works import hash_block, pread_all

# What the pool cannot do, and why; the declaration says the same.
WITHOUT = {
    "Echo": "a connection cannot go from process to process with the jobs of a pool",
    "Mixed": "a connection cannot go from process to process with the jobs of a pool",
    "PingPong": "the processes of a pool have no channel between two of them",
    "Spawn": "jobs of a pool cannot all be alive at once, waiting for one another",
}


class Stage:
    """Actors that hand their operations to the pool."""

    one_worker = False

    def __init__(self, spec, work):
        reason = WITHOUT.get(type(work).__name__)
        if work is None:
            reason = "a pool of processes runs jobs and holds no connections"
        if reason:
            raise not_applicable(reason)
        self.work_to_do = work
        self.actors, self.drain_ns = spec["actors"], spec["drain_ns"]
        self.workers = spec["workers"]
        self.surroundings = spec["surroundings"]
        self.next_index = [0] * self.actors

    def receipt(self):
        return ["python", sys.version.split()[0], f"sys.version: {sys.version}"]

    def card(self):
        return {
            "workers": str(self.workers),
            "backend": "blocking",
            "timers": "time.sleep in a process of the pool",
            "sockets": "none: a connection cannot go from process to process",
            "files": "os.pread in a process of the pool; the block is pickled and sent back",
            "channels": "none between the pool's processes",
            "offload": "runs at once: a process of the pool is where heavy work goes",
            "borrowed": "nothing",
            "gc": "Python's garbage collector as it comes",
            "start": "fork, before there are threads",
        }

    def backend(self):
        return "blocking"

    def children(self):
        return tuple(child.pid for child in multiprocessing.active_children())

    def cpu_ns(self):
        return costs.cpu_ns(self.children())

    def actors_open(self):
        self.perform, path = PERFORMANCES[type(self.work_to_do).__name__], None
        if self.perform is file_read:
            path = self.work_to_do.path(self.surroundings)
        self.pool = ProcessPoolExecutor(
            self.workers,
            mp_context=multiprocessing.get_context("fork"),
            initializer=open_process,
            initargs=(self.work_to_do, path),
        )
        # The first job starts all processes.
        self.pool.submit(os.getpid).result()

    def work(self, window, seconds):
        quiet = threading.Event()
        window.all_quiet = quiet.set
        for actor, turn in enumerate(window.turns):
            self._go_on(actor, turn)
        quiet.wait(seconds)

    def _go_on(self, actor, turn):
        """Submits the actor's next operation, or ends its turn."""
        try:
            if not turn.next():
                return turn.end()
            job = self.pool.submit(self.perform, actor, self.next_index[actor])
        except Exception as error:
            return turn.end(error)
        job.add_done_callback(lambda job: self._done(actor, turn, job))

    def _done(self, actor, turn, job):
        error = job.exception()
        if error is not None:
            return turn.end(error)
        deed = job.result()
        if self.perform is file_read:
            deed = self.work_to_do.checked(deed)
        turn.done(deed)
        self.next_index[actor] += 1
        self._go_on(actor, turn)

    def actors_close(self):
        self.pool.shutdown()


class Process:
    """What a process of the pool keeps between jobs."""

    work = None
    descriptor = None
    block = None


def open_process(work, path):
    """Runs once in each process of the pool."""
    threading.Thread(target=_follow_parent, name="parent", daemon=True).start()
    Process.work = work
    if path is not None:
        Process.descriptor = os.open(path, os.O_RDONLY)
    if hasattr(work, "block"):
        Process.block = work.block()


def _follow_parent():
    """Ends this process when its parent is gone; waits in the kernel until then."""
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def sleep(actor, index):
    """One operation of `sleep`."""
    delay_us = Process.work.delay_us(actor, index)
    time.sleep(delay_us / 1e6)
    return delay_us


def sha256(actor, index):
    """One operation of `sha256`."""
    return hash_block(Process.block, Process.work.variant(actor + index))


def file_read(actor, index):
    """One operation of `file-read`: the whole block goes back."""
    return pread_all(Process.descriptor, Process.work.offset(actor, index))


PERFORMANCES = {"Sleep": sleep, "Sha256": sha256, "FileRead": file_read}
