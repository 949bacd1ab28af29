// What is each workload's operation, and what did it do? The counterparts stand in workloads/src/catalog/.
//
// A workload opens actors; an actor does one operation at a time and hands over its deed, of which `digest`
// makes the fingerprint when the slice is over. It never loops, and never sees a clock.

import { once } from "node:events";
import { open } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Channel } from "./channel.mjs";
import { sleep } from "./clock.mjs";
import { U64, below, ofBytes, ofNumber, place, plus } from "./digest.mjs";
import { Pool, hash } from "./offload.mjs";
import { Parameters, failed, notApplicable } from "./parameters.mjs";

/** What all workloads have, and what actors have that keep nothing. */
class Work {
  constructor(spec, parameters) {
    this.seed = spec.seed;
    this.parameters = parameters;
    this.surroundings = spec.surroundings;
  }

  /** The time that an operation asks to wait. */
  askedNs() {
    return 0;
  }

  /** Puts a deed behind those that are kept until the slice is over. */
  keep(deeds, deed) {
    deeds.push(deed);
  }

  /** The deed of this number among them. */
  kept(deeds, number) {
    return deeds[number];
  }

  async close() {}
}

/** Keeps deeds of 64 bits as plain numbers: as many objects, kept alive for a slice, would cost the collector more
 * than a quick operation costs itself. */
class NumberWork extends Work {
  keep(deeds, deed) {
    deeds.push(deed.high, deed.low);
  }

  kept(deeds, number) {
    return new U64(deeds[2 * number], deeds[2 * number + 1]);
  }
}

class Echo extends Work {
  static defaults = { bytes: "64" };

  constructor(spec, parameters) {
    super(spec, parameters);
    this.bytes = parameters.number("bytes", 16, 1 << 20);
    // They are kept until the slice is over, and their digests take their time then.
    if (this.bytes > 64 << 10) {
      throw notApplicable("messages of more than 65536 bytes: their digests take longer than a slice");
    }
  }

  async open(number) {
    const peer = this.surroundings.peer;
    if (!peer) {
      throw failed("set-up failed: this workload needs a peer, and none was given");
    }
    const cut = peer.lastIndexOf(":");
    const socket = connect({ host: peer.slice(0, cut), port: Number(peer.slice(cut + 1)) });
    socket.setNoDelay(true);
    await once(socket, "connect");
    return new Connection(socket, number, Buffer.alloc(this.bytes, "x"));
  }

  digest(actor, index, received) {
    return ofBytes(received);
  }
}

class Connection {
  constructor(socket, number, message) {
    this.socket = socket;
    this.message = message;
    message.writeUInt32LE(number, 0);
    message.writeUInt32LE(0, 4);
    // What has come of the answer, and who waits for it.
    this.chunks = [];
    this.missing = 0;
    this.waiting = null;
    socket.on("data", (chunk) => this.take(chunk));
    socket.on("error", (error) => this.waiting?.reject(error));
    socket.on("close", () => this.waiting?.reject(new Error("the peer has closed the connection")));
  }

  operation(index) {
    this.message.writeUInt32LE(index % 2 ** 32, 8);
    this.message.writeUInt32LE(Math.floor(index / 2 ** 32), 12);
    this.missing = this.message.length;
    this.socket.write(this.message);
    return new Promise((resolve, reject) => (this.waiting = { resolve, reject }));
  }

  /** Answers arrive in buffers of their own, so the message cannot pass for one. */
  take(chunk) {
    this.chunks.push(chunk);
    this.missing -= chunk.length;
    if (this.missing > 0) {
      return;
    }
    const answer = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    this.chunks = [];
    this.waiting.resolve(answer);
  }

  async close() {
    this.waiting = null;
    this.socket.end();
    await once(this.socket, "close");
  }
}

class Sleep extends Work {
  static defaults = { shortest_us: "500", longest_us: "2000" };

  constructor(spec, parameters) {
    super(spec, parameters);
    this.shortestUs = parameters.number("shortest_us", 0, 60_000_000);
    const longestUs = parameters.number("longest_us", this.shortestUs, 60_000_000);
    this.rangeUs = longestUs - this.shortestUs + 1;
  }

  delayUs(actor, index) {
    return this.shortestUs + below(this.rangeUs, this.seed, actor, index);
  }

  askedNs(actor, index) {
    return 1000 * this.delayUs(actor, index);
  }

  open(number) {
    const operation = async (index) => {
      const delayUs = this.delayUs(number, index);
      await sleep(delay, delayUs);
      return delayUs;
    };
    return { operation, close: () => {} };
  }

  digest(actor, index, delayUs) {
    return plus(ofNumber(place(actor, index)), ofNumber(U64.of(delayUs)));
  }
}

class Spawn extends NumberWork {
  static defaults = { tasks: "64" };

  constructor(spec, parameters) {
    super(spec, parameters);
    this.tasks = parameters.number("tasks", 1, 10_000);
  }

  open(number) {
    const alive = new Channel(this.tasks);
    const go = Array.from({ length: this.tasks }, () => new Channel(1));
    return { operation: (index) => this.operation(number, index, alive, go), close: () => {} };
  }

  async operation(actor, index, alive, go) {
    const tasks = go.map((channel, number) => live(number, alive, channel));
    let numbers = 0;
    for (let heard = 0; heard < this.tasks; heard += 1) {
      numbers += await alive.receive();
    }
    if (numbers !== (this.tasks * (this.tasks - 1)) / 2) {
      throw new Error("a task reported twice, another not at all");
    }
    const word = ofNumber(place(actor, index));
    for (const channel of go) {
      await channel.send(word);
    }
    const values = await Promise.all(tasks);
    return values.reduce((sum, value) => sum.add(value), U64.of(0));
  }

  digest(actor, index, sum) {
    return ofNumber(sum);
  }
}

/** One task: alive, waiting, and gone with what it was told plus its own number. */
async function live(number, alive, go) {
  await alive.send(number);
  return (await go.receive()).add(U64.of(number));
}

class PingPong extends NumberWork {
  static defaults = {};

  open(number) {
    const [out, back] = [new Channel(1), new Channel(1)];
    const partner = passOn(out, back);
    return {
      async operation(index) {
        await out.send(place(number, index));
        return back.receive();
      },
      async close(operations) {
        await out.send(null);
        const passed = await partner;
        if (passed !== operations) {
          throw new Error(`${passed} tokens passed instead of ${operations}`);
        }
      },
    };
  }

  digest(actor, index, answer) {
    return ofNumber(answer);
  }
}

/** The partner: sends every token back, changed, and counts them. */
async function passOn(out, back) {
  let passed = 0;
  for (let token = await out.receive(); token !== null; token = await out.receive()) {
    await back.send(token.not());
    passed += 1;
  }
  return passed;
}

const BLOCK_BYTES = 4096;
const LINE_BYTES = 64;

class FileRead extends Work {
  static defaults = { mib: "32" };

  constructor(spec, parameters) {
    super(spec, parameters);
    this.blocks = parameters.number("mib", 1, 4096) * ((1 << 20) / BLOCK_BYTES);
    if (!this.surroundings.folder) {
      throw failed("set-up failed: this workload needs a folder, and none was given");
    }
  }

  async open(number) {
    const file = await open(join(this.surroundings.folder, "file-read.bin"));
    const block = Buffer.alloc(BLOCK_BYTES);
    const operation = async (index) => {
      const offset = BLOCK_BYTES * below(this.blocks, this.seed, number, index);
      // What the last read left must not pass for this one's.
      block.fill(0);
      let done = 0;
      while (done < BLOCK_BYTES) {
        const { bytesRead } = await file.read(block, done, BLOCK_BYTES - done, offset + done);
        if (bytesRead === 0) {
          throw new Error("the file ended early");
        }
        done += bytesRead;
      }
      return checked(block);
    };
    return { operation, close: () => file.close() };
  }

  digest(actor, index, words) {
    return ofBytes(words);
  }
}

/** One word of each line: not always the same one of the eight. */
function checked(block) {
  const lines = BLOCK_BYTES / LINE_BYTES;
  const words = Buffer.allocUnsafe(8 * lines);
  for (let line = 0; line < lines; line += 1) {
    const start = LINE_BYTES * line + 8 * (line % 8);
    block.copy(words, 8 * line, start, start + 8);
  }
  return words;
}

const VARIANTS = 64;

class Sha256 extends Work {
  static defaults = { bytes: "16384", offload: "false" };

  constructor(spec, parameters) {
    super(spec, parameters);
    this.bytes = parameters.number("bytes", 8, 1 << 26);
    this.pool = parameters.flag("offload") ? new Pool(spec.workers) : null;
  }

  /** What is hashed, before it is stamped. */
  block() {
    const block = Buffer.from(new ArrayBuffer(this.bytes));
    for (let at = 0; at < this.bytes; at += 1) {
      block[at] = at & 0xff;
    }
    return block;
  }

  /** Stamps a block and hashes all of it, here or on the pool; the sum, and the block for the next time. */
  hash(block, number) {
    const stamp = U64.of(this.seed).add(U64.of(number % VARIANTS));
    block.writeUInt32LE(stamp.low, 0);
    block.writeUInt32LE(stamp.high, 4);
    return this.pool ? this.pool.hash(block) : { sum: hash(block), block };
  }

  open(number) {
    let kept = this.block();
    const operation = async (index) => {
      const { sum, block } = await this.hash(kept, number + index);
      kept = block;
      return sum;
    };
    return { operation, close: () => {} };
  }

  digest(actor, index, sum) {
    return ofBytes(sum);
  }

  async close() {
    await this.pool?.close();
  }
}

class Mixed extends Echo {
  static defaults = { kib: "4", rounds: "1", bytes: "64", offload: "false" };

  constructor(spec, parameters) {
    super(spec, parameters);
    this.rounds = parameters.number("rounds", 1, 1000);
    const bytes = String(parameters.number("kib", 1, 1 << 16) << 10);
    const { offload } = parameters.values;
    this.hashing = new Sha256(spec, new Parameters("sha256", { bytes, offload }));
  }

  async open(number) {
    const connection = await super.open(number);
    let kept = this.hashing.block();
    const operation = async (index) => {
      const answer = await connection.operation(index);
      // From the received bytes: the computing depends on the answer.
      const first = answer.readUInt32LE(0) + answer.readUInt32LE(8) + 2 ** 32 * answer.readUInt32LE(12);
      const sums = [];
      for (let round = 0; round < this.rounds; round += 1) {
        const { sum, block } = await this.hashing.hash(kept, first + round);
        kept = block;
        sums.push(sum);
      }
      return { answer, sums };
    };
    return { operation, close: () => connection.close() };
  }

  digest(actor, index, { answer, sums }) {
    return sums.reduce((total, sum) => plus(total, ofBytes(sum)), ofBytes(answer));
  }

  async close() {
    await this.hashing.close();
  }
}

const WORKLOADS = {
  echo: Echo,
  sha256: Sha256,
  sleep: Sleep,
  spawn: Spawn,
  "ping-pong": PingPong,
  "file-read": FileRead,
  mixed: Mixed,
};

/** The workload that a spec names. */
export function workOf(spec) {
  const name = spec.workload.split(":")[0];
  if (!Object.hasOwn(WORKLOADS, name)) {
    throw notApplicable("not written");
  }
  const kind = WORKLOADS[name];
  return new kind(spec, new Parameters(spec.workload, kind.defaults));
}
