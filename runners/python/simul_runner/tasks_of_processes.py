"""How do processes wait together, for one another, and share? Locks and queues of `multiprocessing`.

One class a workload, for `on_processes`, with the jobs that it hands to the pool. As many processes are in the pool
as tasks wait at the same time; they are forked at set-up, as a pool's are, so that no operation pays for that, and the
time in which `footprint` starts its tasks is that of handing out jobs. What is shared must be there before the
fork. The works are in `works_of_tasks.py`.
"""

import ctypes
import time

# A process of the pool has so much memory of its own, as `footprint:100` tells it, and some reserve.
BYTES_PER_PROCESS = 4 << 20


class Here:
    """What a process of the pool keeps between jobs."""

    work = None
    shared = None


class Performance:
    """How one actor does a workload."""

    def __init__(self, stage, actor, shared):
        self.stage, self.actor, self.work = stage, actor, stage.work_to_do
        self.shared = shared

    @staticmethod
    def processes(work, actors, workers):
        """How many processes the pool has."""
        return workers

    @staticmethod
    def shares(actors):
        """How many there are of what is shared: one for each actor, unless it says otherwise."""
        return actors

    @staticmethod
    def share(context, work):
        """What processes share."""

    def open(self):
        """Sets the actor up."""

    def close(self, operations):
        """Takes the actor down."""

    def each(self, job, arguments):
        """The results of a job for each of the arguments, all at the same time."""
        joins = [self.stage.spawn(job, self.actor, *words) for words in arguments]
        return [join() for join in joins]


class Gather(Performance):
    @staticmethod
    def processes(work, actors, workers):
        return len(work.WAITS) * actors

    @staticmethod
    def share(context, work):
        return context.SimpleQueue()

    def operation(self, index):
        word = self.work.word(self.actor, index)
        results = self.each(wait, [(word, *one) for one in self.work.WAITS])
        return results, [self.shared[self.actor].get() for _ in results]


def wait(actor, word, name, units):
    """One of the three."""
    time.sleep(units * Here.work.unit_us / 1e6)
    Here.shared[actor].put(name)
    return Here.work.result(word, name, units)


class Exhibition(Performance):
    @staticmethod
    def processes(work, actors, workers):
        return work.boards * actors

    @staticmethod
    def share(context, work):
        return context.Semaphore(work.masters)

    def operation(self, index):
        return self.each(play, [(board,) for board in range(self.work.boards)])


def play(actor, board):
    """One board: where it stands in the end."""
    work, master = Here.work, Here.shared[actor]
    block = work.block(board)
    for pair in range(1, work.pairs + 1):
        with master:
            work.think(block)
        time.sleep(work.wait_us / 1e6)
        work.answer(block, pair)
    return block[: work.POSITION_BYTES]


class Crowd:
    """What the tasks of a footprint share."""

    def __init__(self, context):
        self.roll, self.go, self.all_alive = context.Lock(), context.Semaphore(0), context.Event()
        # How many are alive, and what they are told.
        self.alive = context.RawValue(ctypes.c_uint64, 0)
        self.word = context.RawValue(ctypes.c_uint64, 0)


class Footprint(Performance):
    @staticmethod
    def processes(work, actors, workers):
        return work.tasks * actors

    @staticmethod
    def share(context, work):
        return Crowd(context)

    def open(self):
        self.pids = self.stage.children()

    def operation(self, index):
        crowd, word, tasks = self.shared[self.actor], self.work.word(self.actor, index), self.work.tasks
        crowd.alive.value, crowd.word.value = 0, word
        crowd.all_alive.clear()
        starting = time.monotonic_ns()
        joins = [self.stage.spawn(live, self.actor, number) for number in range(tasks)]
        crowd.all_alive.wait()
        start = time.monotonic_ns() - starting
        # Of one, another each time: the kernel looks through all its pages.
        memory = private_bytes(self.pids[index % len(self.pids)])
        finishing = time.monotonic_ns()
        for _ in joins:
            crowd.go.release()
        total = sum([join() for join in joins])
        finish = time.monotonic_ns() - finishing
        figures = {"task_memory": float(memory), "start": float(start), "finish": float(finish)}
        return total, figures


def live(actor, number):
    """One task: alive, waiting, and gone with what it was told plus its own number."""
    crowd = Here.shared[actor]
    with crowd.roll:
        crowd.alive.value += 1
        last = crowd.alive.value == Here.work.tasks
    if last:
        crowd.all_alive.set()
    crowd.go.acquire()
    return crowd.word.value + number


class Fib(Performance):
    """A job of a pool cannot wait for another: the recursion is divided here, and its pieces are the jobs."""

    def pieces(self, n):
        """What is not divided any more."""
        if n <= self.work.cutoff:
            return [n]
        return self.pieces(n - 1) + self.pieces(n - 2)

    def operation(self, index):
        first = self.work.first(self.actor, index)
        values = self.each(piece, [(n, first) for n in self.pieces(self.work.n)])
        return sum(values), len(values)


def piece(actor, n, first):
    """The value of one."""
    return Here.work.piece(n, first)


class Mutex(Performance):
    @staticmethod
    def processes(work, actors, workers):
        return actors

    @staticmethod
    def shares(actors):
        # All actors want the same one.
        return 1

    @staticmethod
    def share(context, work):
        # The count, and whether somebody holds it.
        return context.Lock(), context.RawArray(ctypes.c_uint64, 2)

    def operation(self, index):
        return self.stage.spawn(hold)()


def hold():
    """Takes the lock once."""
    work, (lock, guarded) = Here.work, Here.shared[0]
    with lock:
        # Each process has a copy of the work; what is guarded is shared.
        work.count, work.held = guarded[0], bool(guarded[1])
        before = work.take()
        guarded[1] = 1
        for _ in range(work.yields):
            time.sleep(0)
        work.count = guarded[0]
        gained = work.give(before)
        guarded[0], guarded[1] = work.count, 0
    if work.yields == 0:
        time.sleep(0)
    return gained


class Bounded:
    """A queue of many to many that has room for so many."""

    def __init__(self, context, work):
        self.items, self.room = context.SimpleQueue(), context.Semaphore(work.capacity)
        self.roll, self.done = context.Lock(), context.RawValue(ctypes.c_uint64, 0)

    def put(self, item):
        """Waits until there is room."""
        self.room.acquire()
        self.items.put(item)

    def get(self):
        """Waits until there is an item."""
        item = self.items.get()
        self.room.release()
        return item


class Queue(Performance):
    @staticmethod
    def processes(work, actors, workers):
        return (work.producers + work.consumers) * actors

    @staticmethod
    def share(context, work):
        return Bounded(context, work)

    def operation(self, index):
        takers = [self.stage.spawn(take, self.actor) for _ in range(self.work.consumers)]
        self.each(put, [(producer,) for producer in range(self.work.producers)])
        return [item for join in takers for item in join()]


def put(actor, producer):
    """A producer; the last one to end says so to all consumers."""
    work, queue = Here.work, Here.shared[actor]
    for number in range(work.items):
        queue.put((producer, number))
    with queue.roll:
        queue.done.value = (queue.done.value + 1) % work.producers
        last = queue.done.value == 0
    if last:
        for _ in range(work.consumers):
            queue.put(None)


def take(actor):
    """A consumer: until there is nobody left who puts."""
    queue, seen = Here.shared[actor], []
    while (item := queue.get()) is not None:
        seen.append(item)
    Here.work.verify(seen)
    return seen


PERFORMANCES = {
    kind.__name__: kind for kind in (Gather, Exhibition, Footprint, Fib, Mutex, Queue)
}


def private_bytes(pid):
    """The memory that a process shares with no other."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        fields = (line.split() for line in rollup)
        return sum(int(words[1]) * 1024 for words in fields if words[0].startswith("Private_"))


def beyond_memory(processes):
    """Why so many processes cannot be had, if so."""
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        numbers = dict(line.split()[:2] for line in meminfo)
    needed, free = processes * BYTES_PER_PROCESS, int(numbers["MemAvailable:"]) * 1024
    if needed <= free // 2:
        return None
    return (
        f"a pool of {processes} processes needs some {needed >> 20} MiB, and simul gives it no more than half of "
        f"the {free >> 20} MiB that are free; ask for less (footprint:100)"
    )
