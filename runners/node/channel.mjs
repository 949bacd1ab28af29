// How do tasks of one thread hand something over? A bounded channel over promises; Node has none.

export class Channel {
  constructor(capacity) {
    this.capacity = capacity;
    this.items = [];
    // Those who wait: to receive, and to send.
    this.takers = [];
    this.givers = [];
  }

  /** Hands an item over; what comes back is to be awaited, and is there as soon as there is room. */
  send(item) {
    const taker = this.takers.shift();
    if (taker) {
      taker(item);
      return undefined;
    }
    if (this.items.length < this.capacity) {
      this.items.push(item);
      return undefined;
    }
    return new Promise((resolve) => this.givers.push({ item, resolve }));
  }

  /** The next item, or a promise of it. */
  receive() {
    if (this.items.length === 0) {
      return new Promise((resolve) => this.takers.push(resolve));
    }
    const item = this.items.shift();
    const giver = this.givers.shift();
    if (giver) {
      this.items.push(giver.item);
      giver.resolve();
    }
    return item;
  }
}
