// What did the user ask for? `name[:first[:key=value…]]`, as workloads/src/parameters.rs reads it.

/** A trial that cannot be: `unavailable`, `not-applicable` or `failed`, and why. */
export class Refusal extends Error {
  constructor(state, reason) {
    super(reason);
    this.state = state;
  }
}

export const failed = (reason) => new Refusal("failed", reason);
export const notApplicable = (reason) => new Refusal("not-applicable", reason);

/** A workload's parameters, complete: every one that has a default, and no other. */
export class Parameters {
  constructor(label, defaults) {
    const [workload, ...parts] = label.split(":");
    this.values = { ...defaults };
    const names = Object.keys(defaults);
    for (const [at, part] of parts.entries()) {
      const cut = part.indexOf("=");
      let [name, value] = cut < 0 ? [part, ""] : [part.slice(0, cut), part.slice(cut + 1)];
      if (cut < 0 && at === 0 && names.length > 0) {
        [name, value] = [names[0], part];
      }
      if (!names.includes(name)) {
        const known = names.join(", ") || "none";
        throw failed(`workload '${workload}' has no parameter '${name}' (it has: ${known})`);
      }
      this.values[name] = value;
    }
  }

  /** A whole number from `low` to `high`. */
  number(name, low, high) {
    const text = this.values[name];
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= low && value <= high) {
      return value;
    }
    throw failed(`parameter ${name} = '${text}' is not a whole number from ${low} to ${high}`);
  }

  /** `true` or `false`. */
  flag(name) {
    const text = this.values[name];
    if (text === "true" || text === "false") {
      return text === "true";
    }
    throw failed(`parameter ${name} = '${text}' is not true or false`);
  }
}
