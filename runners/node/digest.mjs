// What was done? The digests and the drawn numbers of workloads/src/{digest,draw}.rs, bit for bit.
//
// JavaScript's numbers end at 2⁵³ and its BigInts are slow, so 64 bits are two halves of 32.

/** The low 64 bits of a number, as two unsigned halves. */
export class U64 {
  constructor(high, low) {
    this.high = high >>> 0;
    this.low = low >>> 0;
  }

  /** Of a whole number below 2⁵³. */
  static of(number) {
    return new U64(Math.floor(number / 2 ** 32), number % 2 ** 32);
  }

  add(other) {
    const low = this.low + other.low;
    return new U64(this.high + other.high + (low >= 2 ** 32 ? 1 : 0), low);
  }

  xor(other) {
    return new U64(this.high ^ other.high, this.low ^ other.low);
  }

  not() {
    return new U64(~this.high, ~this.low);
  }

  /** By 1 to 31 bits. */
  shiftRight(by) {
    return new U64(this.high >>> by, (this.low >>> by) | (this.high << (32 - by)));
  }

  /** By 1 to 31 bits. */
  rotateLeft(by) {
    return new U64(
      (this.high << by) | (this.low >>> (32 - by)),
      (this.low << by) | (this.high >>> (32 - by)),
    );
  }

  times(other) {
    const low = product(this.low, other.low);
    const high = Math.imul(this.high, other.low) + Math.imul(this.low, other.high);
    return new U64(low.high + high, low.low);
  }

  /** As 16 hexadecimal digits. */
  toString() {
    const hex = (half) => half.toString(16).padStart(8, "0");
    return hex(this.high) + hex(this.low);
  }
}

/** All 64 bits of the product of two numbers below 2³². */
function product(a, b) {
  const [a1, a0, b1, b0] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const lowest = a0 * b0;
  const [left, right] = [a1 * b0, a0 * b1];
  const middle = (lowest >>> 16) + (left & 0xffff) + (right & 0xffff);
  return new U64(
    a1 * b1 + (left >>> 16) + (right >>> 16) + (middle >>> 16),
    ((middle & 0xffff) << 16) | (lowest & 0xffff),
  );
}

const ZERO = new U64(0, 0);
/** Odd, with well-spread bits: the 64-bit golden ratio. */
const SPREAD = new U64(0x9e3779b9, 0x7f4a7c15);
const MIX_1 = new U64(0xbf58476d, 0x1ce4e5b9);
const MIX_2 = new U64(0x94d049bb, 0x133111eb);

/** Fingerprints a Buffer, eight bytes at a time, little-endian; the rest one by one. */
export function ofBytes(bytes) {
  let sum = U64.of(bytes.length);
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const word = new U64(bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at));
    sum = sum.rotateLeft(5).xor(word).times(SPREAD);
  }
  for (; at < bytes.length; at += 1) {
    sum = sum.rotateLeft(5).xor(U64.of(bytes[at])).times(SPREAD);
  }
  return sum;
}

/** Fingerprints one number: the finaliser of splitmix64 (Steele, Lea and Flood, 2014). */
export function ofNumber(number) {
  let z = number.add(SPREAD);
  z = z.xor(z.shiftRight(30)).times(MIX_1);
  z = z.xor(z.shiftRight(27)).times(MIX_2);
  return z.xor(z.shiftRight(31));
}

/** Adds one operation's digest to the sum of those before it, in any order. */
export function plus(sum, one) {
  return sum.add(one.times(SPREAD).xor(new U64(0, one.high)));
}

/** The sum of no digests. */
export const NOTHING = ZERO;

/** A number from 0 to bound - 1 for one operation of one actor; the bound is below 2³². */
export function below(bound, seed, actor, index) {
  const ofActor = ofNumber(U64.of(seed).xor(new U64(actor, 0)));
  const drawn = ofNumber(ofActor.add(U64.of(index)));
  // The high half of the product of 128 bits; of the lowest 32 only the carry counts.
  const carried = product(drawn.low, bound).high;
  return product(drawn.high, bound).add(U64.of(carried)).high;
}

/** The number of an operation of an actor. */
export function place(actor, index) {
  return new U64(actor, 0).xor(U64.of(index));
}
