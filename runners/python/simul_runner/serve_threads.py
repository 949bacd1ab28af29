"""How does the server of threads work? A thread for each connection, blocking calls, under the GIL."""

import socket
import threading
import time

from . import routes


class Server:
    """Connections, and whether they may go on."""

    def __init__(self, stage):
        self.stage = stage
        self.pattern = routes.Pattern()
        self.file = routes.PatternFile(stage.surroundings.get("folder"))
        self.stopping = False
        self.lock = threading.Lock()
        # Connections on which nothing is in flight, and the threads of all.
        self.idle, self.threads = set(), set()

    def accept(self, listener):
        """Starts a thread for each connection, until the listener is shut down."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                if self.stopping:
                    return
                # No descriptor left, or the client was gone: the next may fare better.
                time.sleep(0.01)
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self.connection, args=(connection,), daemon=True)
            # Started under the lock: whoever stops us may join only what has started.
            with self.lock:
                self.threads.add(thread)
                thread.start()

    def connection(self, connection):
        """Serves one connection until it closes, or until the server stops."""
        try:
            reader = connection.makefile("rb")
            with connection, reader:
                while self._exchange(connection, reader):
                    pass
        except OSError:
            # The client is gone: its affair.
            pass
        finally:
            with self.lock:
                self.idle.discard(connection)
                self.threads.discard(threading.current_thread())

    def _exchange(self, connection, reader):
        """One request and its answer; whether there may be another."""
        with self.lock:
            if self.stopping:
                return False
            self.idle.add(connection)
        try:
            head = _read_head(reader)
            with self.lock:
                self.idle.discard(connection)
            if head is None:
                return False
            request = routes.parse(head)
        except routes.Rejected as rejected:
            connection.sendall(routes.rejection(rejected))
            return False
        if request.asks and request.body_bytes:
            connection.sendall(routes.CONTINUE)
        body = reader.read(request.body_bytes) if request.body_bytes else b""
        if len(body) < request.body_bytes:
            return False
        answer = self._answer(request.plan, body)
        keep_alive = request.keep_alive and not self.stopping
        connection.sendall(routes.reply(request.plan, answer, keep_alive, request.old))
        return keep_alive

    def _answer(self, plan, body):
        if plan.wait_us is not None:
            time.sleep(plan.wait_us / 1e6)
        if plan.hash_kib is not None:
            return self.pattern.hash(plan.hash_kib)
        if plan.file_bytes is not None:
            return self.file.read(plan.file_bytes)
        return body if plan.echo else routes.simple_body(plan)

    def stop(self, listener):
        """Accepts no more, finishes what is in flight, and closes what is idle."""
        with self.lock:
            self.stopping = True
        # Wakes the thread that waits in `accept`; closing alone would not.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        with self.lock:
            idle, threads = list(self.idle), list(self.threads)
        for connection in idle:
            try:
                connection.shutdown(socket.SHUT_RD)
            except OSError:
                pass
        until = time.monotonic() + self.stage.drain_ns / 1e9
        for thread in threads:
            thread.join(max(until - time.monotonic(), 0))
        self.file.close()


def _read_head(reader):
    """All lines up to the empty one; None at the end of the connection."""
    lines, total = [], 0
    while True:
        line = reader.readline(routes.HEAD_BYTES + 1)
        total += len(line)
        if total > routes.HEAD_BYTES:
            raise routes.Rejected(431)
        if not line.endswith(b"\n"):
            return None
        lines.append(line)
        if line == b"\r\n":
            return b"".join(lines)


def serve(stage, orders, ready):
    """Serves until the next order, which it returns."""
    server = Server(stage)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    host, port = listener.getsockname()
    threading.Thread(target=server.accept, args=(listener,), daemon=True).start()
    ready(f"{host}:{port}")
    order = orders.get()
    server.stop(listener)
    return order
