"""The name of a node, apart from the network: who only reads a plan must not load what searches one."""

from typing import NewType

Node = NewType("Node", int)
