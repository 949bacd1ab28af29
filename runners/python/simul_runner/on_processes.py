"""A pool of processes, one for each worker: `concurrent.futures.ProcessPoolExecutor`, Python without the lock.

An operation is one job; the actor's next one goes to the tail of the pool's queue when the last has come
back. Arguments and results are pickled through a pipe, which is what the pool costs. It holds no connections,
and hands out no channels, so echo, mixed, ping-pong and spawn cannot be done this way. Work whose tasks wait
together has a pool with a process for each of them, and its operations are several jobs: `Together`.

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

from . import costs, tasks_of_processes
from .parameters import not_applicable
from .thread_actors import Actors
from .works import hash_block, pread_all

# What the pool cannot do, and why; the declaration says the same.
WITHOUT = {
    "Echo": "a connection cannot go from process to process with the jobs of a pool",
    "Mixed": "a connection cannot go from process to process with the jobs of a pool",
    "PingPong": "the processes of a pool have no channel between two of them",
    "Spawn": "jobs of a pool cannot all be alive at once, waiting for one another",
}


FORK = multiprocessing.get_context("fork")


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
        self.open_pool(self.workers, open_process, (self.work_to_do, path))

    def open_pool(self, processes, initializer, arguments):
        """Starts all processes of the pool."""
        self.pool = ProcessPoolExecutor(
            processes, mp_context=FORK, initializer=initializer, initargs=arguments
        )
        # The first job starts them all.
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


class Together(Actors, Stage):
    """Actors that are threads here, and wait for the jobs that they have handed to the pool."""

    def __init__(self, spec, work):
        Stage.__init__(self, spec, work)
        Actors.__init__(self)
        self.kind = tasks_of_processes.PERFORMANCES[type(work).__name__]
        self.processes = self.kind.processes(work, self.actors, self.workers)
        reason = tasks_of_processes.beyond_memory(self.processes)
        if reason:
            raise not_applicable(reason)

    def card(self):
        return Stage.card(self) | {
            "workers": f"{self.workers} (cores it may use), {self.processes} processes in the pool",
            "channels": "multiprocessing.SimpleQueue, bounded by a multiprocessing.Semaphore",
            "locks": "multiprocessing.Lock and Semaphore",
        }

    def actors_open(self):
        shared = [self.kind.share(FORK, self.work_to_do) for _ in range(self.kind.shares(self.actors))]
        self.open_pool(self.processes, open_together, (self.work_to_do, shared))
        # Threads come after the fork.
        self.open_all([self.kind(self, actor, shared) for actor in range(self.actors)])

    def spawn(self, function, *arguments):
        """A task of a task: a job. The answer waits for it, and returns or raises what it did."""
        return self.pool.submit(function, *arguments).result

    def actors_close(self):
        Actors.actors_close(self)
        self.pool.shutdown()


def stage(spec, work):
    """The stage for this work."""
    waits = type(work).__name__ in tasks_of_processes.PERFORMANCES
    return (Together if waits else Stage)(spec, work)


class Process:
    """What a process of the pool keeps between jobs."""

    work = None
    descriptor = None
    block = None


def open_together(work, shared):
    """Runs once in each process of a pool whose jobs wait for one another."""
    threading.Thread(target=_follow_parent, name="parent", daemon=True).start()
    tasks_of_processes.Here.work, tasks_of_processes.Here.shared = work, shared


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
