# SPDX-License-Identifier: Apache-2.0
"""Correlations of Sigma by definition: every window of every group is looked at again with every event.

Written from the specification and from docs/rule-guide.md, not from the engine; tiny and slow. Base rules
are taken as far as the tests need them: one selection of plain values. Times are whole milliseconds.
"""

UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
COMPARISONS = {
    "gt": lambda count, number: count > number, "gte": lambda count, number: count >= number,
    "lt": lambda count, number: count < number, "lte": lambda count, number: count <= number,
    "eq": lambda count, number: count == number, "neq": lambda count, number: count != number,
}


def as_list(value):
    return value if isinstance(value, list) else [value]


def fold(value):
    return None if value is None else value.lower()


class Base:
    def __init__(self, doc):
        self.id, self.name = doc["id"], doc.get("name")
        (self.selection,) = (value for key, value in doc["detection"].items() if key != "condition")

    def is_met(self, fields):
        return all(fold(fields.get(field)) in [fold(value) for value in as_list(wanted)]
                   for field, wanted in self.selection.items())


class Group:
    def __init__(self):
        self.events = []  # (time, sequence, part, value)
        self.told = None


class Correlation:
    def __init__(self, doc):
        written = doc["correlation"]
        self.id, self.name = doc["id"], doc.get("name")
        self.type = written["type"]
        self.references = as_list(written["rules"])
        self.generate = written.get("generate", doc.get("generate", False))
        self.timespan = int(written["timespan"][:-1]) * UNITS[written["timespan"][-1]]
        self.group_by = as_list(written.get("group-by", []))
        self.aliases = written.get("aliases", {})
        condition = dict(written.get("condition", {"gte": len(self.references)}))
        self.fields = as_list(condition.pop("field", []))
        self.condition = condition
        self.groups = {}
        self.parts = []
        self.counts = self.type in ("event_count", "value_count")

    def holds(self, count):
        return all(COMPARISONS[name](count, number) for name, number in self.condition.items())

    def value(self, part, fields, name, met_by):
        """What the event has for `name`, as this correlation names fields of that part."""
        rule = self.parts[part]
        for reference, field in self.aliases.get(name, {}).items():
            if reference in (rule.id, rule.name):
                name = field
        if isinstance(rule, Base):
            return fields.get(name)
        return rule.value(met_by[rule.id], fields, name, met_by)

    def count_in(self, inside, added):
        if self.type == "event_count":
            return len(inside)
        if self.type == "value_count":
            return len({value for _, _, _, value in inside})
        if self.type == "temporal":
            return len({part for _, _, part, _ in inside})
        return longest_chain(inside, added)

    def add(self, part, event, met_by):
        """(count, is it news) when the condition holds with the event, else None."""
        time, sequence, fields = event
        value = None
        if self.type == "value_count":
            value = tuple(fold(self.value(part, fields, name, met_by)) for name in self.fields)
            if None in value:
                return None
        key = tuple(fold(self.value(part, fields, name, met_by)) for name in self.group_by)
        group = self.groups.setdefault(key, Group())
        group.events = [old for old in group.events if old[0] >= time - 2 * self.timespan]
        added = (time, sequence, None if self.counts else part, value)
        if added in group.events:
            return None
        group.events = sorted([*group.events, added], key=lambda one: one[:2])
        for last in sorted({one[0] for one in group.events if time <= one[0] <= time + self.timespan}):
            inside = [one for one in group.events if last - self.timespan <= one[0] <= last]
            count = self.count_in(inside, added)
            if self.holds(count):
                news = group.told is None or abs(time - group.told) > self.timespan
                group.told = time if news else group.told
                return count, news
        return None


def longest_chain(inside, through):
    def follows(one, other):
        return one[:2] < other[:2] and one[2] < other[2]

    def back(one):
        return 1 + max((back(other) for other in inside if follows(other, one)), default=0)

    def on(one):
        return 1 + max((on(other) for other in inside if follows(one, other)), default=0)

    return back(through) + on(through) - 1


class Stream:
    """All rules of some documents; feed() takes one event after the other."""

    def __init__(self, docs):
        self.bases = [Base(doc) for doc in docs if "detection" in doc]
        waiting = [Correlation(doc) for doc in docs if "correlation" in doc]
        self.correlations, known = [], list(self.bases)
        while waiting:
            ready = None
            for correlation in list(waiting):
                parts = [next((rule for rule in known if reference in (rule.id, rule.name)), None)
                         for reference in correlation.references]
                if None not in parts:
                    ready = correlation
                    correlation.parts = parts
                    self.correlations.append(correlation)
                    known.append(correlation)
                    waiting.remove(correlation)
            assert ready, "a reference leads nowhere"
        users = {}
        for correlation in self.correlations:
            for part in correlation.parts:
                users.setdefault(part.id, []).append(correlation.generate)
        self.silent = {rule for rule, generates in users.items() if not any(generates)}
        self.sequence, self.time = 0, 0

    def feed(self, time, fields):
        """Ids of the rules that raise a hit, in order. `time` None: the event has none."""
        met_by = {base.id: None for base in self.bases if base.is_met(fields)}
        news = set(met_by)
        used = {part.id for correlation in self.correlations for part in correlation.parts}
        if time is not None and used & set(met_by):
            self.time = time
        self.sequence += 1
        event = (self.time, self.sequence, fields)
        for correlation in self.correlations:
            self.advance(correlation, event, met_by, news)
        rules = [*self.bases, *self.correlations]
        return [rule.id for rule in rules if rule.id in news and rule.id not in self.silent]

    @staticmethod
    def advance(correlation, event, met_by, news):
        for part, rule in enumerate(correlation.parts):
            if rule.id not in met_by or (correlation.counts and rule.id not in news):
                continue
            outcome = correlation.add(part, event, met_by)
            if outcome is None or correlation.id in news:
                continue
            if correlation.id in met_by and not outcome[1]:
                continue
            met_by[correlation.id] = part
            if outcome[1]:
                news.add(correlation.id)
