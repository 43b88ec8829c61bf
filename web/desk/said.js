// What was said in the open talk, in order, and up to where nothing of it is missing: a broken line leaves a gap, and
// what comes first when it is back lies beyond the gap.

export class Said {
  constructor(messages = []) {
    this.messages = new Map();
    this.through = 0; // up to this id everything is known
    this.behind = false;
    this.take(messages);
  }

  /** An answer of the server's: all that was said after `through`, or the newest page of the talk. */
  take(messages) {
    for (const one of messages) this.keep(one);
    this.through = Math.max(this.through, messages.at(-1)?.id || 0);
  }

  /** A message that came by the line. */
  hear(message) {
    this.keep(message);
    if (!this.behind) this.through = Math.max(this.through, message.id);
  }

  /** A message by whichever way, or its newer form; it says nothing of those before it. */
  keep(message) {
    const late = !this.messages.has(message.id) && message.id < Math.max(0, ...this.messages.keys());
    this.messages.set(message.id, message);
    if (late) this.messages = new Map([...this.messages].sort(([one], [other]) => one - other));
  }

  get all() {
    return [...this.messages.values()];
  }

  get first() {
    return Math.min(...this.messages.keys());
  }

  /** The last one in a direction (in, out, agent), or undefined. */
  last(direction) {
    return this.all.filter((one) => one.direction === direction).at(-1);
  }
}
