"""What the parts of a script are for: networks, losses, training, evaluation, `forward`."""

from __future__ import annotations

__all__ = ["LOSSES", "Program", "code_of"]

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

LOSSES = {
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
}
"""Loss modules, and the functions that they call."""

_QUIET = ("no_grad", "inference_mode")


def code_of(node: cst.CSTNode) -> str:
    """The text of a node."""
    return cst.Module([]).code_for_node(node)


class Program:
    """A parsed script, and what its names stand for.

    Args:
        source: the script's text.

    Attributes:
        module: the tree.
        networks: names whose parameters the script asks for.
        losses: names of loss modules, each with the function that it calls.
        layers: per attribute of `self`, the name of the layer's class.
    """

    def __init__(self, source: str) -> None:
        wrapper = MetadataWrapper(cst.parse_module(source))
        self.module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        self.networks: set[str] = set()
        self.losses: dict[str, str] = {}
        self.layers: dict[str, str] = {}
        for node in self.nodes(cst.Attribute):
            assert isinstance(node, cst.Attribute)
            if node.attr.value == "parameters" and isinstance(node.value, cst.Name):
                self.networks.add(node.value.value)
        for node in self.nodes(cst.Assign):
            assert isinstance(node, cst.Assign)
            if not isinstance(node.value, cst.Call):
                continue
            target = code_of(node.targets[0].target)
            made = code_of(node.value.func).rpartition(".")[2]
            if made in LOSSES:
                self.losses[target] = LOSSES[made]
            if target.startswith("self."):
                self.layers[target] = made

    def nodes(self, kind: type[cst.CSTNode]) -> list[cst.CSTNode]:
        """All nodes of a type, in the order of the source."""
        found: list[cst.CSTNode] = []

        def walk(node: cst.CSTNode) -> None:
            if isinstance(node, kind):
                found.append(node)
            for child in node.children:
                walk(child)

        walk(self.module)
        return found

    def line(self, node: cst.CSTNode) -> int:
        """The line, from 1, on which a node begins."""
        return int(self._positions[node].start.line)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node."""
        found = self._parents.get(node)
        return found if isinstance(found, cst.CSTNode) else None

    def around(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        """All nodes around a node, the nearest first."""
        found: list[cst.CSTNode] = []
        parent = self.parent(node)
        while parent is not None:
            found.append(parent)
            parent = self.parent(parent)
        return found

    def is_evaluation(self, node: cst.CSTNode) -> bool:
        """Whether a node stands where gradients are off, or outside of all loops and functions."""
        marks: list[str] = []
        for outer in self.around(node):
            if isinstance(outer, cst.With):
                marks += map(code_of, outer.items)
            if isinstance(outer, cst.FunctionDef):
                marks += map(code_of, outer.decorators)
        repeated = (cst.For, cst.While, cst.FunctionDef)
        outside = not any(isinstance(outer, repeated) for outer in self.around(node))
        return outside or any(word in mark for mark in marks for word in _QUIET)

    def is_in_forward(self, node: cst.CSTNode) -> bool:
        """Whether a node stands in the `forward` of a class."""
        return any(
            isinstance(outer, cst.FunctionDef) and outer.name.value == "forward"
            for outer in self.around(node)
        )

    def is_in_loop(self, node: cst.CSTNode) -> bool:
        """Whether a node stands in a loop."""
        return any(isinstance(outer, cst.For | cst.While) for outer in self.around(node))

    def loss_function(self, call: cst.Call) -> str | None:
        """The function of `torch.nn.functional` that a call computes, if it is a loss."""
        name = code_of(call.func)
        if name in self.losses:
            return self.losses[name]
        last = name.rpartition(".")[2]
        return last if last in LOSSES.values() and "." in name else None

    def is_network_call(self, node: cst.CSTNode) -> bool:
        """Whether a node calls a network with at least one positional argument."""
        return (
            isinstance(node, cst.Call)
            and m.matches(node.func, m.Name())
            and code_of(node.func) in self.networks
            and bool(node.args)
            and node.args[0].keyword is None
            and not node.args[0].star
        )
