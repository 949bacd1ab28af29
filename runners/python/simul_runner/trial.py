"""How does the conversation go? One spec, then orders, each answered by one reply; then the end.

Lines of JSON on standard input and output, as `runners/PROTOCOL.md` has them. Once everything is set up
a thread reads the lines and ends the process when they end, at any time, with its children; it waits in
a read otherwise. The main thread obeys. It must not know how work is executed: that is a *stage*, an object with

    actors_open()         sets up every actor and has it wait at its gate
    work(window, seconds) hands out the turns and waits so long at most until all are quiet
    actors_close()        lets every actor end
    serve(orders, ready)  is a server until `orders.get()` returns
    receipt(), card(), cpu_ns(), backend(), children(), one_worker
"""

import json
import os
import queue
import signal
import sys
import threading
import traceback

from . import costs
from .parameters import Refusal, failed
from .window import Totals, Window
from .works import work_of

PROTOCOL = 3


class Orders:
    """The lines of standard input, as they come."""

    def __init__(self):
        self.rest = b""
        self.lines = queue.SimpleQueue()
        self.children = lambda: ()

    def first(self):
        """The spec, read by the calling thread: nothing else may run yet, since a stage may fork."""
        while self.lines.empty():
            self._take()
        return self.get()

    def listen(self, children):
        """From now on a thread reads, and ends the process, with these children, at the end."""
        self.children = children
        threading.Thread(target=self._listen, name="orders", daemon=True).start()

    def _listen(self):
        while True:
            self._take()

    def _take(self):
        # Not through `sys.stdin`, whose lock a thread must not hold when the interpreter ends.
        data = os.read(0, 1 << 16)
        if not data:
            self._end()
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.lines.put(line)

    def _end(self):
        for pid in self.children():
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                # It has ended, and somebody else has taken note.
                pass
        # Not `sys.exit`: the main thread may be in the middle of a slice that never ends.
        os._exit(0)

    def await_termination(self):
        """Ends a server in good order when SIGTERM comes, which must be blocked in all threads: Python's own
        handlers run on the main thread alone, and only once that wakes up."""
        signal.sigwait({signal.SIGTERM})
        self.lines.put('{"order": "terminate"}')

    def get(self):
        """The next one, when it comes."""
        return json.loads(self.lines.get())


def say(reply, **fields):
    """One answer, one line."""
    sys.stdout.write(json.dumps({"reply": reply, **fields}) + "\n")
    sys.stdout.flush()


def main(stages):
    """Runs one trial over standard input and output; `stages` makes the stage of a runner's name."""
    orders = Orders()
    try:
        stage, go_on = _set_up(orders.first(), stages)
    except Refusal as refusal:
        return say("refused", state=refusal.state, reason=refusal.reason)
    except Exception as error:
        return say("refused", state="failed", reason=f"set-up failed: {error!r}")
    orders.listen(stage.children)
    try:
        go_on(stage, orders)
    except Exception as error:
        traceback.print_exc()
        say("failed", reason=repr(error), timed_out=False, slice=None)


def _set_up(spec, stages):
    """The stage of a spec, and what to do with it."""
    if spec["protocol"] != PROTOCOL:
        raise failed(f"protocol {spec['protocol']}, but this is {PROTOCOL}")
    name = spec["runner"]
    if name not in stages:
        raise failed(f"no runner '{name}' (there are: {', '.join(stages)})")
    if spec.get("mode") == "serve":
        # Before there are other threads, which inherit it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        return stages[name](spec, None), _serve
    stage = stages[name](spec, work_of(spec["workload"], spec["seed"]))
    stage.actors_open()
    return stage, _work


def _ready(stage, **more):
    say(
        "ready",
        pid=os.getpid(),
        receipt=stage.receipt(),
        card=stage.card(),
        one_worker=stage.one_worker,
        **more,
    )


def _work(stage, orders):
    """A trial whose own actors work in the slices that are ordered."""
    totals = Totals(stage.work_to_do, stage.actors)
    _ready(stage)
    while True:
        order = orders.get()
        if order["order"] == "finish":
            return _finish(stage, totals)
        trouble = _slice(stage, totals, order)
        if trouble:
            say("failed", **trouble)
            # Actors that hang must not keep the process.
            os._exit(0)


def _slice(stage, totals, order):
    """Does one warm-up or slice and answers; what went wrong, if so."""
    duration_ns, drop_ns = order["duration_ns"], order.get("drop_ns", 0)
    # As long again as for the end, for actors that are slow to begin.
    patience_ns = duration_ns + 2 * stage.drain_ns
    window = Window(stage.actors, duration_ns, drop_ns, stage.cpu_ns)
    stage.work(window, patience_ns / 1e9)
    fields = totals.account(window)
    for actor, turn in enumerate(window.turns):
        if turn.error is not None:
            reason = f"actor {actor}: an operation failed: {turn.error!r}"
            return {"reason": reason, "timed_out": False, "slice": fields}
    if fields["unfinished"]:
        seconds = fields["oldest_unfinished_ns"] / 1e9
        reason = (
            f"{fields['unfinished']} operations had not ended when the wait was given up, "
            f"the oldest after {seconds:.1f}s"
        )
        return {"reason": reason, "timed_out": True, "slice": fields}
    say("warm" if order["order"] == "warm-up" else "slice", **fields)
    return None


def _finish(stage, totals):
    spent, backend = costs.read(stage.children()), stage.backend()
    spent["user_ns"] = max(spent["user_ns"] - totals.own_ns, 0)
    try:
        stage.actors_close()
    except OSError as error:
        say("failed", reason=f"an actor failed to close: {error}", timed_out=False, slice=None)
        return
    say(
        "finished",
        actors=totals.actors,
        early=totals.early,
        backend=backend,
        recorder_bytes=totals.recorder_bytes,
        **spent,
    )


def _serve(stage, orders):
    """A trial that is a server until it is told to finish, or to terminate."""
    threading.Thread(target=orders.await_termination, name="SIGTERM", daemon=True).start()
    told = stage.serve(orders, lambda address: _ready(stage, address=address))
    if told["order"] == "finish":
        spent = costs.read()
        say("finished", actors=[], early=0, recorder_bytes=0, **spent)
