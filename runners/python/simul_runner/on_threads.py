"""A thread for each task, blocking calls, under the global interpreter lock: Python before asyncio.

`threading.Thread`, `socket`, `queue.Queue`, `time.sleep`, `os.pread`. A job of a batch is a thread of its
own, as in the runner `threads`. The lock is released while a thread waits in the kernel, and while a block of
more than 2047 bytes is hashed.
"""

import os
import queue
import socket
import sys
import threading
import time

from . import costs, serve_threads, tasks_of_threads
from .parameters import failed
from .thread_actors import Actors
from .works import hash_block, pread_all


class Stage(Actors):
    """Actors that are threads."""

    one_worker = False

    def __init__(self, spec, work):
        self.work_to_do = work
        self.actors, self.drain_ns = spec["actors"], spec["drain_ns"]
        self.workers = spec["workers"]
        self.surroundings = spec["surroundings"]
        super().__init__()

    def receipt(self):
        return ["python", sys.version.split()[0], f"sys.version: {sys.version}"]

    def card(self):
        enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
        return {
            "workers": f"{self.workers} (cores it may use)",
            "backend": "blocking",
            "timers": "time.sleep",
            "sockets": "socket, blocking, TCP_NODELAY",
            "files": "os.pread on the task's thread",
            "channels": "queue.Queue",
            "offload": "runs at once, on the task's own thread",
            "borrowed": "nothing",
            "gc": "Python's garbage collector as it comes",
            "gil": f"{'on' if enabled else 'off'}, switch interval {sys.getswitchinterval()} s",
        }

    def cpu_ns(self):
        return costs.cpu_ns()

    def backend(self):
        return "blocking"

    def children(self):
        return ()

    def actors_open(self):
        perform = PERFORMANCES[type(self.work_to_do).__name__]
        self.open_all([perform(self, actor) for actor in range(self.actors)])

    def operation_of(self, performance):
        operation = performance.operation
        return as_job(operation) if self.work_to_do.batch else operation

    @staticmethod
    def spawn(function, *arguments):
        """A task of a task: a thread. The answer joins it."""
        return spawn(function, *arguments)

    def serve(self, orders, ready):
        return serve_threads.serve(self, orders, ready)


def spawn(function, *arguments):
    """Starts a thread; the answer joins it, and returns or raises what the function did."""
    outcome = []

    def run():
        try:
            outcome.append((function(*arguments), None))
        except Exception as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def join():
        thread.join()
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    return join


def as_job(operation):
    """The operation on a thread of its own."""
    return lambda index: spawn(operation, index)()


class Performance:
    """How one actor does a workload here; each class below is one workload."""

    def __init__(self, stage, actor):
        self.stage, self.actor, self.work = stage, actor, stage.work_to_do

    def open(self):
        """Sets the actor up."""

    def close(self, operations):
        """Takes the actor down."""


class Echo(Performance):
    def open(self):
        host, _, port = (self.stage.surroundings.get("peer") or "").rpartition(":")
        if not host:
            raise failed("set-up failed: this workload needs a peer, and none was given")
        self.connection = socket.create_connection((host, int(port)))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def operation(self, index):
        message = self.work.message(self.actor, index)
        self.connection.sendall(message)
        answer = self.connection.recv(len(message))
        while answer and len(answer) < len(message):
            more = self.connection.recv(len(message) - len(answer))
            answer = answer + more if more else b""
        if not answer:
            raise ConnectionError("the peer has closed the connection")
        return answer

    def close(self, operations):
        self.connection.close()


class Sleep(Performance):
    def operation(self, index):
        delay_us = self.work.delay_us(self.actor, index)
        time.sleep(delay_us / 1e6)
        return delay_us


class Spawn(Performance):
    def open(self):
        self.alive = queue.Queue(self.work.tasks)
        self.go = [queue.Queue(1) for _ in range(self.work.tasks)]

    def live(self, number):
        """One task: alive, waiting, and gone with what it was told plus its own number."""
        self.alive.put(number)
        return self.go[number].get() + number

    def operation(self, index):
        joins = [spawn(self.live, number) for number in range(self.work.tasks)]
        self.work.verify(sum([self.alive.get() for _ in joins]))
        word = self.work.word(self.actor, index)
        for go in self.go:
            go.put(word)
        return sum([join() for join in joins])


class PingPong(Performance):
    def open(self):
        self.out, self.back = queue.Queue(1), queue.Queue(1)
        self.partner = spawn(self.pass_on)

    def pass_on(self):
        """The partner: sends every token back, changed, and counts them."""
        passed = 0
        while (token := self.out.get()) is not None:
            self.back.put(self.work.changed(token))
            passed += 1
        return passed

    def operation(self, index):
        self.out.put(self.work.token(self.actor, index))
        return self.back.get()

    def close(self, operations):
        self.out.put(None)
        self.work.verify_passed(self.partner(), operations)


class FileRead(Performance):
    def open(self):
        self.descriptor = os.open(self.work.path(self.stage.surroundings), os.O_RDONLY)

    def operation(self, index):
        return self.work.checked(pread_all(self.descriptor, self.work.offset(self.actor, index)))

    def close(self, operations):
        os.close(self.descriptor)


class Sha256(Performance):
    def open(self):
        self.block = self.work.block()

    def operation(self, index):
        return hash_block(self.block, self.work.variant(self.actor + index))


class Mixed(Echo):
    def open(self):
        super().open()
        self.block = self.work.hashing.block()

    def operation(self, index):
        answer, hashing = super().operation(index), self.work.hashing
        numbers = self.work.numbers(answer)
        return answer, [hash_block(self.block, hashing.variant(number)) for number in numbers]


PERFORMANCES = tasks_of_threads.PERFORMANCES | {
    kind.__name__: kind for kind in (Echo, Sleep, Spawn, PingPong, FileRead, Sha256, Mixed)
}
