// How does the conversation of a trial go? One spec, then orders, each answered by one reply; then the end.
//
// The Node runner: async functions on libuv's loop, `net`, `fs`, `worker_threads`, no packages; the words of
// runners/PROTOCOL.md. Read on in window.mjs (when an operation counts), trial.mjs (how actors are driven),
// workloads.mjs, server.mjs. Lines come from an event; the end of standard input ends the process as soon as
// the loop sees it, which in a slice of pure computing is at the slice's end.

import { Refusal, failed } from "./parameters.mjs";
import { Server } from "./server.mjs";
import { Trial } from "./trial.mjs";

const PROTOCOL = 3;
const RUNNER = "node";

function say(reply) {
  process.stdout.write(JSON.stringify(reply) + "\n");
}

function ready(more = {}) {
  return {
    reply: "ready",
    pid: process.pid,
    receipt: ["node", process.versions.node, "process.versions.node"],
    one_worker: true,
    card: {
      workers: "1 (JavaScript's thread)",
      backend: `epoll (libuv ${process.versions.uv})`,
      timers: "timers/promises: whole milliseconds, rounded up, looked at again",
      files: "fs.promises: libuv's thread pool, 4 threads unless UV_THREADPOOL_SIZE says otherwise",
      sockets: "net, TCP_NODELAY",
      channels: "written here, over promises: Node has none between tasks of one thread",
      offload: "worker_threads, one for each worker; the block is transferred, not copied",
      borrowed: "nothing",
      gc: "V8's collector as it comes",
    },
    ...more,
  };
}

/** Sets up what the spec asks for: something that obeys orders. */
async function setUp(spec) {
  if (spec.protocol !== PROTOCOL) {
    throw failed(`protocol ${spec.protocol}, but this is ${PROTOCOL}`);
  }
  if (spec.runner !== RUNNER) {
    throw failed(`no runner '${spec.runner}' (there is: ${RUNNER})`);
  }
  const serves = spec.mode === "serve";
  const obeying = serves ? await Server.start(spec) : await Trial.start(spec);
  say(ready(serves ? { address: obeying.address } : {}));
  return obeying;
}

/** The answer to one order. */
async function obey(trial, order) {
  try {
    return order.order === "finish" ? await trial.finish() : await trial.slice(order);
  } catch (error) {
    return { reply: "failed", reason: String(error), timed_out: false, slice: null };
  }
}

/** Takes the lines one after the other; a promise chain, since an answer may take a while. */
let trial = null;
async function take(line) {
  const given = JSON.parse(line);
  if (trial === null) {
    try {
      trial = await setUp(given);
    } catch (error) {
      const state = error instanceof Refusal ? error.state : "failed";
      say({ reply: "refused", state, reason: error.message });
      end();
    }
    return;
  }
  const answer = await obey(trial, given);
  say(answer);
  if (answer.reply === "finished" || answer.reply === "failed") {
    end();
  }
}

/** Ends the process once its last line is written. */
function end() {
  process.stdout.write("", () => process.exit(0));
}

let rest = "";
let taken = Promise.resolve();
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    taken = taken.then(() => take(line));
  }
});
process.stdin.on("end", () => process.exit(0));
process.on("SIGTERM", async () => {
  if (trial instanceof Server) {
    await trial.stop();
  }
  process.exit(0);
});
