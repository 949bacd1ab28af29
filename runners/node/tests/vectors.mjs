// Do digests, draws and workloads give what the workloads' own code gives? runners/vectors.json knows.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { NOTHING, U64, below, ofBytes, ofNumber, plus } from "../digest.mjs";
import { workOf } from "../workloads.mjs";

// Numbers beyond 2⁵³ stand in it only as text.
const known = JSON.parse(await readFile(new URL("../../vectors.json", import.meta.url)));
const u64 = (hex) => new U64(parseInt(hex.slice(0, 8), 16), parseInt(hex.slice(8), 16));

test("digests", () => {
  for (const { bytes, digest } of known.of_bytes) {
    assert.equal(ofBytes(Buffer.from(bytes, "hex")).toString(), digest);
  }
  for (const { number, digest } of known.of_number) {
    assert.equal(ofNumber(U64.of(number)).toString(), digest);
  }
  for (const { of, sum } of known.sums) {
    assert.equal(of.map(u64).reduce(plus, NOTHING).toString(), sum);
  }
});

test("draws", () => {
  const within = known.draws.filter(({ bound }) => bound < 2 ** 32);
  assert.ok(within.length > 1);
  for (const { bound, seed, actor, index, drawn } of within) {
    assert.equal(below(bound, seed, actor, index), drawn);
  }
});

test("real operations, against a peer on loopback and a file", async () => {
  const peer = createServer((socket) => socket.pipe(socket));
  await new Promise((resolve) => peer.listen(0, "127.0.0.1", resolve));
  const folder = await mkdtemp(join(tmpdir(), "simul-"));
  const surroundings = { peer: `127.0.0.1:${peer.address().port}`, folder };
  for (const { workload, operations } of known.workloads) {
    const spec = { workload, seed: known.seed, workers: 1, surroundings };
    const work = workOf(spec);
    if (workload.startsWith("file-read")) {
      await writeFile(join(folder, "file-read.bin"), content(known.seed, work.blocks * 4096));
    }
    for (const { actor, index, asked_us: askedUs, digest } of operations) {
      const acting = await work.open(actor);
      const deed = await acting.operation(index);
      assert.equal(work.digest(actor, index, deed).toString(), digest, workload);
      assert.equal(work.askedNs(actor, index), 1000 * askedUs);
      // Only ping-pong counts, and it has done one.
      await acting.close(1);
    }
    await work.close();
  }
  peer.close();
  await rm(folder, { recursive: true });
});

/** The file that simul writes. */
function content(seed, bytes) {
  const file = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 8) {
    const word = ofNumber(U64.of(seed).xor(U64.of(at / 8)));
    file.writeUInt32LE(word.low, at);
    file.writeUInt32LE(word.high, at + 4);
  }
  return file;
}
