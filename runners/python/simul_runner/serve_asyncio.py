"""How does the server of asyncio work? `asyncio.start_server`, a task for each connection, streams.

Hashing runs on the loop's thread, as the work that it stands for does without `offload`; files go
through the loop's default executor. It knows the loop's stage only for its way to sleep.
"""

import asyncio
import threading

from . import routes


class Server:
    """Connections, and whether they may go on."""

    def __init__(self, stage):
        self.stage = stage
        self.pattern = routes.Pattern()
        self.file = routes.PatternFile(stage.surroundings.get("folder"))
        self.stopping = False
        # Writers of connections on which nothing is in flight, and the tasks of all.
        self.idle, self.tasks = set(), set()

    async def connection(self, reader, writer):
        """Serves one connection until it closes, or until the server stops."""
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            while not self.stopping and await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            # The client is gone: its affair.
            pass
        finally:
            self.tasks.discard(task)
            self.idle.discard(writer)
            writer.close()

    async def _exchange(self, reader, writer):
        """One request and its answer; whether there may be another."""
        self.idle.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.idle.discard(writer)
            request = routes.parse(head)
        except asyncio.LimitOverrunError:
            writer.write(routes.rejection(routes.Rejected(431)))
            await writer.drain()
            return False
        except routes.Rejected as rejected:
            writer.write(routes.rejection(rejected))
            await writer.drain()
            return False
        if request.asks and request.body_bytes:
            writer.write(routes.CONTINUE)
        body = await reader.readexactly(request.body_bytes) if request.body_bytes else b""
        answer = await self._answer(request.plan, body)
        keep_alive = request.keep_alive and not self.stopping
        writer.write(routes.reply(request.plan, answer, keep_alive, request.old))
        await writer.drain()
        return keep_alive

    async def _answer(self, plan, body):
        if plan.wait_us is not None:
            await self.stage.sleep(plan.wait_us)
        if plan.hash_kib is not None:
            return self.pattern.hash(plan.hash_kib)
        if plan.file_bytes is not None:
            return await self.stage.loop.run_in_executor(None, self.file.read, plan.file_bytes)
        return body if plan.echo else routes.simple_body(plan)

    async def stop(self, listener):
        """Accepts no more, finishes what is in flight, and closes what is idle."""
        listener.close()
        self.stopping = True
        for writer in list(self.idle):
            writer.close()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=self.stage.drain_ns / 1e9)
        self.file.close()


async def serve(stage, orders, ready):
    """Serves until the next order, which it returns."""
    server = Server(stage)
    listener = await asyncio.start_server(
        server.connection, "127.0.0.1", 0, limit=routes.HEAD_BYTES, backlog=1024
    )
    host, port = listener.sockets[0].getsockname()
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    order = {}

    def wait_for_order():
        order.update(orders.get())
        loop.call_soon_threadsafe(told.set)

    threading.Thread(target=wait_for_order, name="finish", daemon=True).start()
    ready(f"{host}:{port}")
    await told.wait()
    await server.stop(listener)
    return order
