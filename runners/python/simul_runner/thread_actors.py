"""How do threads take turns as actors? Each opens, works whenever its gate gives it a turn, and closes.

What `on_threads` and the part of `on_processes` share whose tasks wait for one another. It must not know what an
operation is: that is a *performance*, with `open()`, `operation(index)` and `close(operations)`.
"""

import queue
import threading


class Actors:
    """The actors of a stage: one thread each."""

    def __init__(self):
        self.gates, self.threads = [], []
        self.news = queue.SimpleQueue()

    def operation_of(self, performance):
        """What an actor calls for each of its operations."""
        return performance.operation

    def open_all(self, performances):
        """Starts a thread for each, one after the other."""
        for performance in performances:
            gate = queue.SimpleQueue()
            self.gates.append(gate)
            # Daemons: a thread that hangs must not keep the process.
            thread = threading.Thread(target=self._actor, args=(performance, gate), daemon=True)
            self.threads.append(thread)
            thread.start()
            self._hear()

    def _hear(self):
        """One actor's news: how its opening or its closing went."""
        trouble = self.news.get(timeout=10)
        if trouble is not None:
            raise trouble

    def _actor(self, performance, gate):
        """One actor: opens, then does its operations whenever the gate gives it a turn."""
        try:
            performance.open()
        except Exception as error:
            return self.news.put(error)
        self.news.put(None)
        operation = self.operation_of(performance)
        index = 0
        while (turn := gate.get()) is not None:
            try:
                while turn.next():
                    turn.done(operation(index))
                    index += 1
            except Exception as error:
                return turn.end(error)
            turn.end()
        try:
            performance.close(index)
        except Exception as error:
            return self.news.put(error)
        self.news.put(None)

    def work(self, window, seconds):
        """Hands out the turns, and waits so long at most until all are quiet."""
        quiet = threading.Event()
        window.all_quiet = quiet.set
        for gate, turn in zip(self.gates, window.turns):
            gate.put(turn)
        quiet.wait(seconds)

    def actors_close(self):
        """Lets every actor end."""
        for gate in self.gates:
            gate.put(None)
        for _ in self.gates:
            self._hear()
        for thread in self.threads:
            thread.join()
