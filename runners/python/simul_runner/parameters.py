"""What did the user ask for? `name[:first[:key=value…]]`, as `workloads/src/parameters.rs` reads it."""


class Refusal(Exception):
    """A trial that cannot be: `unavailable`, `not-applicable` or `failed`, and why."""

    def __init__(self, state, reason):
        super().__init__(reason)
        self.state = state
        self.reason = reason


def failed(reason):
    """A refusal that is a fault."""
    return Refusal("failed", reason)


def not_applicable(reason):
    """A refusal because this pair cannot work, or was not written."""
    return Refusal("not-applicable", reason)


def unavailable(reason):
    """A refusal because this machine lacks something; the reason ends with the remedy."""
    return Refusal("unavailable", reason)


class Parameters:
    """A workload's parameters, complete: every one that has a default, and no other."""

    def __init__(self, label, defaults):
        workload, *parts = label.split(":")
        self.values = dict(defaults)
        for at, part in enumerate(parts):
            name, equals, value = part.partition("=")
            if not equals:
                # Only the first value may come without its name.
                name, value = (next(iter(defaults), part), part) if at == 0 else (part, "")
            if name not in self.values:
                known = ", ".join(defaults) or "none"
                raise failed(f"workload '{workload}' has no parameter '{name}' (it has: {known})")
            self.values[name] = value

    def number(self, name, low, high):
        """A whole number from `low` to `high`."""
        text = self.values[name]
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        raise failed(f"parameter {name} = '{text}' is not a whole number from {low} to {high}")

    def flag(self, name):
        """`true` or `false`."""
        text = self.values[name]
        if text in ("true", "false"):
            return text == "true"
        raise failed(f"parameter {name} = '{text}' is not true or false")
