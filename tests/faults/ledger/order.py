"""The order in which everything can be said to have happened one after the other, or a circle that shows there is none.

Edges: the versions of each account, in turn; a read after the version it saw and before the next; the first under a key
before all others under it; and what had ended before something began, before it. A circle is an anomaly: the calls
cannot have happened one at a time, as strict serializability promises.
"""

import heapq
from collections import defaultdict

from tests.faults.ledger.history import LATE, Node, Op, Wrong

Edges = dict[Node, set[Node]]


def ordered(nodes: list[Node], firsts: dict[str, Op]) -> list[Node]:
    """Return the nodes in an order that every edge agrees with.

    Raises:
        Wrong: there is none; the text names a circle.
    """
    edges: Edges = defaultdict(set)
    _add_versions(nodes, edges)
    _add_keys(nodes, firsts, edges)
    moments = _add_time(nodes, edges)
    return [node for node in _sorted([*nodes, *moments], edges) if node not in moments]


def _add_versions(nodes: list[Node], edges: Edges) -> None:
    movers: dict[str, list[tuple[int, int, Node]]] = defaultdict(list)
    for node in nodes:
        for address, (before, after) in node.moved.items():
            movers[address].append((before, after, node))
    at: dict[str, dict[int, tuple[Node | None, Node | None]]] = {}
    for address, moves in movers.items():
        moves.sort(key=lambda move: move[0])
        last, mover = 0, None
        at[address] = {}
        for before, after, node in moves:
            if before != last:
                raise Wrong(f"{address}: {node.name} moved it on from {before}, where it stood at {last}")
            at[address][before] = (mover, node)
            if mover:
                edges[mover].add(node)
            last, mover = after, node
        at[address][last] = (mover, None)
    for node in nodes:
        for address, version, *_ in node.read[0] if node.read else []:
            stood = at.get(address, {0: (None, None)})
            if version not in stood:
                raise Wrong(f"{node.name} saw {address} at {version}, in the middle of a call")
            earlier, later = stood[version]
            if earlier:
                edges[earlier].add(node)
            if later:
                edges[node].add(later)


def _add_keys(nodes: list[Node], firsts: dict[str, Op], edges: Edges) -> None:
    node_of = {node.op: node for node in nodes if node.op}
    for node in nodes:
        for item, answer in node.op.answered() if node.op else []:
            first = firsts.get(item["key"])
            if first and first is not node.op and (answer["replayed"] or answer["outcome"] == "idempotency_mismatch"):
                edges[node_of[first]].add(node)


def _add_time(nodes: list[Node], edges: Edges) -> set[Node]:
    """Add "ended before it began" as a chain of moments: two edges per node instead of one per pair."""
    events = [(node.begin, 1, node) for node in nodes] + [(node.end, 0, node) for node in nodes if node.end < LATE]
    moments: set[Node] = set()
    now: Node | None = None
    for time, begins, node in sorted(events, key=lambda event: event[:2]):
        if begins:
            if now:
                edges[now].add(node)
        else:
            earlier, now = now, Node(f"moment {time}", None, begin=time)
            moments.add(now)
            edges[node].add(now)
            if earlier:
                edges[earlier].add(now)
    return moments


def _sorted(nodes: list[Node], edges: Edges) -> list[Node]:
    waits_for = dict.fromkeys(nodes, 0)
    for followers in edges.values():
        for node in followers:
            waits_for[node] += 1
    ready = [(node.begin, place, node) for place, node in enumerate(nodes) if not waits_for[node]]
    heapq.heapify(ready)
    place, done = len(nodes), []
    while ready:
        _, _, node = heapq.heappop(ready)
        done.append(node)
        for follower in edges.get(node, ()):
            waits_for[follower] -= 1
            if not waits_for[follower]:
                place += 1
                heapq.heappush(ready, (follower.begin, place, follower))
    if len(done) < len(nodes):
        raise Wrong("no order: " + " -> ".join(_circle({n for n in nodes if waits_for[n]}, edges)))
    return done


def _circle(left: set[Node], edges: Edges) -> list[str]:
    before = {follower: node for node in left for follower in edges.get(node, ()) if follower in left}
    node, seen = next(iter(before)), []
    while node not in seen:
        seen.append(node)
        node = before[node]
    return [one.name for one in reversed([*seen[seen.index(node) :], node])]
