"""asyncio as an expert would use it: a task for each actor, streams, queues, `gather`.

One thread, one loop. The loop runs only while a slice is on; in between the thread waits for the next
order, so nothing is polled. Streams and not protocols or `loop.sock_*`, because streams are what the
documentation teaches and programs use. Files go through the loop's default executor, since the loop can
only wait for sockets. A job of a batch is a task of its own.
"""

import asyncio
import os
import sys

from . import costs, serve_asyncio, tasks_of_asyncio
from .parameters import failed
from .works import hash_block, pread_all


class Stage:
    """Actors that are tasks of one loop."""

    one_worker = True
    # What `card` says of the loop's own parts.
    loop_parts = {
        "backend": "epoll (selectors.DefaultSelector)",
        "timers": "asyncio.sleep: the loop's heap, epoll's timeout rounded up to milliseconds",
    }

    def __init__(self, spec, work):
        self.work_to_do = work
        self.actors, self.drain_ns = spec["actors"], spec["drain_ns"]
        self.surroundings = spec["surroundings"]
        self.loop = self.new_loop()
        asyncio.set_event_loop(self.loop)
        self.gates, self.tasks = [], []

    def new_loop(self):
        """The event loop; another runner has another."""
        return asyncio.new_event_loop()

    def receipt(self):
        return ["python", sys.version.split()[0], f"sys.version: {sys.version}"]

    def card(self):
        return {
            "workers": "1",
            "sockets": "asyncio streams, TCP_NODELAY",
            "files": "os.pread on the loop's default thread pool (run_in_executor)",
            "channels": "asyncio.Queue",
            "offload": "the loop's default thread pool (run_in_executor)",
            "borrowed": "nothing",
            "gc": "Python's garbage collector as it comes",
            **self.loop_parts,
        }

    def cpu_ns(self):
        return costs.cpu_ns()

    def backend(self):
        return costs.backend_of(lambda: self.loop.run_until_complete(self.sleep(10_000)))

    def children(self):
        return ()

    def actors_open(self):
        self.loop.run_until_complete(self._open())

    async def _open(self):
        perform = PERFORMANCES[type(self.work_to_do).__name__]
        for actor in range(self.actors):
            gate, opened = asyncio.Queue(1), self.loop.create_future()
            self.gates.append(gate)
            performance = perform(self, actor)
            self.tasks.append(self.loop.create_task(self._actor(performance, gate, opened)))
            await opened

    async def _actor(self, performance, gate, opened):
        """One actor: opens, then does its operations whenever the gate gives it a turn."""
        try:
            await performance.open()
        except Exception as error:
            return opened.set_exception(error)
        opened.set_result(None)
        batch, index = self.work_to_do.batch, 0
        while (turn := await gate.get()) is not None:
            try:
                while turn.next():
                    if batch:
                        deed = await asyncio.create_task(performance.operation(index))
                    else:
                        deed = await performance.operation(index)
                    turn.done(deed)
                    index += 1
            except Exception as error:
                return turn.end(error)
            turn.end()
        await performance.close(index)

    def work(self, window, seconds):
        self.loop.run_until_complete(self._slice(window, seconds))

    async def _slice(self, window, seconds):
        quiet = asyncio.Event()
        window.all_quiet = quiet.set
        for gate, turn in zip(self.gates, window.turns):
            gate.put_nowait(turn)
        try:
            await asyncio.wait_for(quiet.wait(), seconds)
        except TimeoutError:
            # The window knows who is not quiet.
            pass

    def actors_close(self):
        self.loop.run_until_complete(self._close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    async def _close(self):
        for gate in self.gates:
            gate.put_nowait(None)
        await asyncio.gather(*self.tasks)

    def serve(self, orders, ready):
        return self.loop.run_until_complete(serve_asyncio.serve(self, orders, ready))

    async def sleep(self, microseconds):
        """Waits at least so long, by the loop's own timer."""
        await asyncio.sleep(microseconds / 1e6)

    async def hash(self, offload, block, variant):
        """Hashes on the loop's thread, or where heavy work goes."""
        if offload:
            return await self.loop.run_in_executor(None, hash_block, block, variant)
        return hash_block(block, variant)


class Performance:
    """How one actor does a workload here; each class below is one workload."""

    def __init__(self, stage, actor):
        self.stage, self.actor, self.work = stage, actor, stage.work_to_do

    async def open(self):
        """Sets the actor up."""

    async def close(self, operations):
        """Takes the actor down."""


class Echo(Performance):
    async def open(self):
        host, _, port = (self.stage.surroundings.get("peer") or "").rpartition(":")
        if not host:
            raise failed("set-up failed: this workload needs a peer, and none was given")
        self.reader, self.writer = await asyncio.open_connection(host, int(port))

    async def operation(self, index):
        message = self.work.message(self.actor, index)
        self.writer.write(message)
        await self.writer.drain()
        return await self.reader.readexactly(len(message))

    async def close(self, operations):
        self.writer.close()
        await self.writer.wait_closed()


class Sleep(Performance):
    async def operation(self, index):
        delay_us = self.work.delay_us(self.actor, index)
        await self.stage.sleep(delay_us)
        return delay_us


class Spawn(Performance):
    async def open(self):
        self.alive = asyncio.Queue(self.work.tasks)
        self.go = [asyncio.Queue(1) for _ in range(self.work.tasks)]

    async def live(self, number):
        """One task: alive, waiting, and gone with what it was told plus its own number."""
        await self.alive.put(number)
        return await self.go[number].get() + number

    async def operation(self, index):
        tasks = [asyncio.create_task(self.live(number)) for number in range(self.work.tasks)]
        self.work.verify(sum([await self.alive.get() for _ in tasks]))
        word = self.work.word(self.actor, index)
        for go in self.go:
            await go.put(word)
        return sum(await asyncio.gather(*tasks))


class PingPong(Performance):
    async def open(self):
        self.out, self.back = asyncio.Queue(1), asyncio.Queue(1)
        self.partner = asyncio.create_task(self.pass_on())

    async def pass_on(self):
        """The partner: sends every token back, changed, and counts them."""
        passed = 0
        while (token := await self.out.get()) is not None:
            await self.back.put(self.work.changed(token))
            passed += 1
        return passed

    async def operation(self, index):
        await self.out.put(self.work.token(self.actor, index))
        return await self.back.get()

    async def close(self, operations):
        await self.out.put(None)
        self.work.verify_passed(await self.partner, operations)


class FileRead(Performance):
    async def open(self):
        path = self.work.path(self.stage.surroundings)
        self.descriptor = os.open(path, os.O_RDONLY)

    async def operation(self, index):
        offset = self.work.offset(self.actor, index)
        read = self.stage.loop.run_in_executor(None, pread_all, self.descriptor, offset)
        return self.work.checked(await read)

    async def close(self, operations):
        os.close(self.descriptor)


class Sha256(Performance):
    async def open(self):
        self.block = self.work.block()

    async def operation(self, index):
        variant = self.work.variant(self.actor + index)
        return await self.stage.hash(self.work.offload, self.block, variant)


class Mixed(Echo):
    async def open(self):
        await super().open()
        self.block = self.work.hashing.block()

    async def operation(self, index):
        answer, hashing = await super().operation(index), self.work.hashing
        hashes = []
        for number in self.work.numbers(answer):
            variant = hashing.variant(number)
            hashes.append(await self.stage.hash(hashing.offload, self.block, variant))
        return answer, hashes


PERFORMANCES = tasks_of_asyncio.PERFORMANCES | {
    kind.__name__: kind for kind in (Echo, Sleep, Spawn, PingPong, FileRead, Sha256, Mixed)
}
