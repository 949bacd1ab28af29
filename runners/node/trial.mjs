// How do actors come to their operations? Each is an async function that waits at its gate, a channel, between
// slices. A batch is the same: starting an async function is how Node starts a task.

import { setTimeout as delay } from "node:timers/promises";
import { Channel } from "./channel.mjs";
import { backend, costs } from "./costs.mjs";
import { workOf } from "./workloads.mjs";
import { Totals, Window } from "./window.mjs";

export class Trial {
  /** Sets up all actors and waits until each is at its gate. */
  static async start(spec) {
    const trial = new Trial();
    trial.spec = spec;
    trial.work = workOf(spec);
    trial.totals = new Totals(trial.work, spec.actors);
    trial.gates = Array.from({ length: spec.actors }, () => new Channel(1));
    trial.actors = [];
    for (const [number, gate] of trial.gates.entries()) {
      const actor = await trial.work.open(number);
      trial.actors.push(act(actor, gate));
    }
    return trial;
  }

  /** Does one warm-up or slice. */
  async slice({ order, duration_ns: durationNs, drop_ns: dropNs = 0 }) {
    const window = new Window(this.work, this.spec.actors, durationNs, dropNs);
    for (const [number, gate] of this.gates.entries()) {
      gate.send(window.turns[number]);
    }
    // As long again as for the end, for actors that are slow to begin.
    const patience = new AbortController();
    const patienceMs = Math.ceil((durationNs + 2 * this.spec.drain_ns) / 1e6);
    const timeOut = delay(patienceMs, null, { signal: patience.signal }).catch(() => {});
    await Promise.race([window.quiet, timeOut]);
    patience.abort();
    const fields = this.totals.account(window);
    const trouble = troubleIn(window, fields);
    return trouble
      ? { reply: "failed", ...trouble, slice: fields }
      : { reply: order === "warm-up" ? "warm" : "slice", ...fields };
  }

  /** Closes everything and tells what the trial did and cost. */
  async finish() {
    const spent = costs(this.totals.ownNs);
    for (const gate of this.gates) {
      gate.send(null);
    }
    await Promise.all(this.actors);
    await this.work.close();
    return {
      reply: "finished",
      actors: this.totals.actors.map(([operations, sum]) => [operations, sum.toString()]),
      early: this.totals.early,
      backend: backend(),
      recorder_bytes: this.totals.recorderBytes,
      ...spent,
    };
  }
}

/** One actor's life, from the first turn on. */
async function act(actor, gate) {
  let index = 0;
  for (let turn = await gate.receive(); turn !== null; turn = await gate.receive()) {
    try {
      while (turn.next()) {
        turn.done(await actor.operation(index));
        index += 1;
      }
    } catch (error) {
      turn.end(error);
      return;
    }
    turn.end();
  }
  await actor.close(index);
}

function troubleIn(window, fields) {
  const failedAt = window.turns.findIndex((turn) => turn.error !== null);
  if (failedAt >= 0) {
    const reason = `actor ${failedAt}: an operation failed: ${window.turns[failedAt].error}`;
    return { reason, timed_out: false };
  }
  if (fields.unfinished > 0) {
    const seconds = (fields.oldest_unfinished_ns / 1e9).toFixed(1);
    const waited = "operations had not ended when the wait was given up, the oldest after";
    return { reason: `${fields.unfinished} ${waited} ${seconds}s`, timed_out: true };
  }
  return null;
}
