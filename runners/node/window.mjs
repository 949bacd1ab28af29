// When does an operation count, and how is it recorded? The rules of harness/src/trial/turn.rs.
//
// The gate opens for all actors; when every one has begun (and the dropped part is over) the window opens in
// which operations count. An operation belongs to the window in which it started: after the end nobody starts
// another, and what is in flight is awaited and recorded with its true time. One clock read an operation: the
// end of one is the start of the next. During a slice an actor only appends the instant, and what it did (its
// deed); counting and digesting come afterwards. It must not know what an operation does.

import { NOTHING, plus } from "./digest.mjs";
import { absoluteNs, cpuNs, nowNs } from "./clock.mjs";

/** How often an actor that has begun looks whether all others have. */
const LOOK_AGAIN_NS = 200_000;

/** What all turns of one slice share. */
export class Window {
  constructor(work, actors, durationNs, dropNs) {
    this.work = work;
    this.lengthNs = Math.max(durationNs - dropNs, 1);
    this.awaited = this.working = actors;
    // The window's beginning; null until every actor has begun.
    this.fromNs = this.cpuFromNs = this.cpuUntilNs = null;
    this.quiet = new Promise((resolve) => (this.allQuiet = resolve));
    this.startedNs = nowNs();
    this.earliestNs = this.startedNs + dropNs;
    this.turns = Array.from({ length: actors }, () => new Turn(this));
  }

  /** CPU time between the window's ends; 0 when nobody passed both. */
  cpuInsideNs() {
    const passed = this.cpuFromNs !== null && this.cpuUntilNs !== null;
    return passed ? this.cpuUntilNs - this.cpuFromNs : 0;
  }
}

/** One actor's permission to work in one slice. */
export class Turn {
  constructor(window) {
    this.window = window;
    this.lastNs = this.boundaryNs = window.startedNs;
    this.untilNs = this.resumedNs = 0;
    this.endsNs = [];
    this.deeds = [];
    this.begun = this.over = false;
    // How many operations came before the window.
    this.firstInside = null;
    this.error = null;
  }

  /** Whether the actor may start another operation. Must be asked before each. */
  next() {
    return this.lastNs < this.boundaryNs || this.cross();
  }

  /** An operation has ended; this is what it did. */
  done(deed) {
    this.lastNs = nowNs();
    this.endsNs.push(this.lastNs);
    this.window.work.keep(this.deeds, deed);
  }

  /** The actor is quiet: it was told to stop, or an operation failed. */
  end(error = null) {
    this.begin();
    this.over = true;
    this.error = error;
    this.window.working -= 1;
    if (this.window.working === 0) {
      this.window.allQuiet();
    }
  }

  begin() {
    if (!this.begun) {
      this.begun = true;
      this.window.awaited -= 1;
      if (this.window.awaited === 0) {
        this.window.fromNs = Math.max(nowNs(), this.window.earliestNs);
      }
    }
  }

  /** The actor begins, or its time has passed a boundary: into the window, or out of it. */
  cross() {
    this.begin();
    const window = this.window;
    if (this.firstInside === null) {
      const fromNs = window.fromNs;
      if (fromNs === null || this.lastNs < fromNs) {
        this.boundaryNs = fromNs === null ? this.lastNs + LOOK_AGAIN_NS : fromNs;
        return true;
      }
      this.firstInside = this.endsNs.length;
      this.boundaryNs = this.untilNs = fromNs + window.lengthNs;
      if (window.cpuFromNs === null) {
        window.cpuFromNs = cpuNs();
        // The reading takes time; it is nobody's operation.
        this.lastNs = nowNs();
      }
      this.resumedNs = this.lastNs;
      if (this.lastNs < this.boundaryNs) {
        return true;
      }
    }
    window.cpuUntilNs ??= cpuNs();
    return false;
  }
}

/** What the actors of a trial have done so far. */
export class Totals {
  constructor(work, actors) {
    this.work = work;
    this.actors = Array.from({ length: actors }, () => [0, NOTHING]);
    this.early = 0;
    this.recorderBytes = 0;
    // CPU time that went into counting and digesting, which is ours and not the runner's.
    this.ownNs = 0;
  }

  /** Counts a slice whose actors are quiet, or were given up; the reply's fields. */
  account(window) {
    const [beganNs, endedNs] = [cpuNs(), nowNs()];
    const counts = new Map();
    let [operations, completed, recorded] = [0, 0, 0];
    for (const [actor, turn] of window.turns.entries()) {
      operations += turn.endsNs.length;
      for (const tookNs of this.times(actor, turn)) {
        counts.set(tookNs, (counts.get(tookNs) ?? 0) + 1);
        recorded += 1;
      }
      completed += completedIn(turn);
      this.digest(actor, turn);
    }
    // An instant and a reference, or two halves, of each operation.
    this.recorderBytes = Math.max(this.recorderBytes, 24 * operations);
    const unfinished = window.turns.filter((turn) => !turn.over);
    const ages = unfinished.map((turn) => endedNs - turn.lastNs);
    const fields = {
      started_ns: absoluteNs(window.startedNs),
      ended_ns: absoluteNs(endedNs),
      window_ns: window.lengthNs,
      operations,
      completed,
      recorded,
      cpu_ns: window.cpuInsideNs(),
      unrecorded: 0,
      unfinished: unfinished.length,
      oldest_unfinished_ns: Math.max(0, ...ages),
      counts: [...counts].sort((a, b) => a[0] - b[0]),
    };
    this.ownNs += cpuNs() - beganNs;
    return fields;
  }

  /** The time of each operation that started inside the window, less what it asked to wait. */
  *times(actor, turn) {
    let [startNs, index] = [turn.window.startedNs, this.actors[actor][0]];
    for (const [number, endNs] of turn.endsNs.entries()) {
      const inside = turn.firstInside !== null && number >= turn.firstInside;
      if (number === turn.firstInside) {
        startNs = turn.resumedNs;
      }
      const leftNs = endNs - startNs - this.work.askedNs(actor, index + number);
      this.early += leftNs < 0 ? 1 : 0;
      if (inside) {
        yield Math.max(leftNs, 0);
      }
      startNs = endNs;
    }
  }

  digest(actor, turn) {
    const total = this.actors[actor];
    for (let number = 0; number < turn.endsNs.length; number += 1) {
      const deed = this.work.kept(turn.deeds, number);
      total[1] = plus(total[1], this.work.digest(actor, total[0], deed));
      total[0] += 1;
    }
  }
}

/** Operations that ended inside the window; the one that opened it started before. */
function completedIn(turn) {
  if (turn.firstInside === null) {
    return 0;
  }
  const endsNs = turn.endsNs.slice(Math.max(turn.firstInside - 1, 0));
  return endsNs.filter((endNs) => endNs < turn.untilNs).length;
}
