"""A private Redis Cluster of three primaries, one of which has a replica."""

import time
from collections.abc import Callable

import redis

from loadtests.stack.guardian import Guardian
from loadtests.stack.ports import is_taken
from loadtests.stack.redis_server import RedisServer
from loadtests.stack.servers import ServerProgram

SLOTS = 16_384
BUS = 10_000
"""A node listens to the other nodes on a port that is this much higher than its own."""
LOWEST_OUTGOING_PORT = 32_768


def has_free_bus(port: int) -> bool:
    """Return whether a node on this port finds that of its bus free, also a moment later."""
    return port + BUS < LOWEST_OUTGOING_PORT and not is_taken(port + BUS)


class ClusterNode(RedisServer):
    """One node, which declares another dead after half a second."""

    def command(self) -> list[object]:
        file = str(self.folder / f"{self.name}.conf")
        cluster = ["--cluster-enabled", "yes", "--cluster-config-file", file]
        return [*super().command(), *cluster, "--cluster-node-timeout", "500"]

    def ask(self, *words: object) -> object:
        with redis.Redis(port=self.port) as client:
            return client.execute_command(*words)


class RedisCluster:
    """Three primaries with a third of the slots each, and a replica of the first."""

    def __init__(self, guardian: Guardian, program: ServerProgram, name: str) -> None:
        self.nodes: list[ClusterNode] = []
        while len(self.nodes) < 4:
            node = ClusterNode(guardian, program, f"{name}-{len(self.nodes)}")
            if has_free_bus(node.port):
                self.nodes.append(node)
        self.first, self.second, self.third, self.replica = self.nodes
        self.url = f"redis+cluster://127.0.0.1:{self.second.port}"

    def start(self) -> None:
        """Start the nodes and join them."""
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait_ready()
        bounds = [0, SLOTS // 3, 2 * SLOTS // 3, SLOTS]
        for node, low, high in zip(self.nodes, bounds, bounds[1:], strict=False):
            node.ask("CLUSTER ADDSLOTS", *range(low, high))
        for number, node in enumerate(self.nodes):
            node.ask("CLUSTER SET-CONFIG-EPOCH", number + 1)
            node.ask("CLUSTER MEET", "127.0.0.1", self.second.port)
        wait_until(lambda: all(self._knows_all(node) for node in self.nodes))
        self.replica.ask("CLUSTER REPLICATE", self.first.ask("CLUSTER MYID"))
        wait_until(lambda: all(self._is_whole(node) for node in self.nodes))

    def move_slot(self, slot: int, source: ClusterNode, target: ClusterNode) -> None:
        """Give a slot to another primary, together with its keys."""
        names = [node.ask("CLUSTER MYID").decode() for node in (source, target)]
        target.ask("CLUSTER SETSLOT", slot, "IMPORTING", names[0])
        source.ask("CLUSTER SETSLOT", slot, "MIGRATING", names[1])
        keys = source.ask("CLUSTER GETKEYSINSLOT", slot, 1000)
        source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 1000, "KEYS", *keys)
        for node in (target, source):
            node.ask("CLUSTER SETSLOT", slot, "NODE", names[1])

    def kill(self) -> None:
        """Kill every node."""
        for node in self.nodes:
            node.kill()

    def _knows_all(self, node: ClusterNode) -> bool:
        return len(node.ask("CLUSTER NODES")) == len(self.nodes)

    def _is_whole(self, node: ClusterNode) -> bool:
        is_ok = node.ask("CLUSTER INFO")["cluster_state"] == "ok"
        # Each range: its first and last slot, its primary, its replicas.
        ranges = node.ask("CLUSTER SLOTS")
        return is_ok and sorted(len(one) for one in ranges) == [3, 3, 4]


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until this holds; fail after 20 s."""
    ends = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)
