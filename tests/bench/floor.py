"""What the machine can do at best: the floor that figures are compared with."""

from __future__ import annotations

import os
import time
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import shape_inference
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 768
"""Matrices large enough for the full rate, small enough for a time slice."""


def best_s(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the shortest time of several runs: the one least disturbed."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def matrix_product_rate() -> float:
    """Return multiply-adds a second of float32 matrix products on all cores.

    One core is measured and multiplied: the threads of a matrix library wait for each
    other where another program takes a core, and the floor would look too high.
    """
    rng = np.random.default_rng(0)
    left = rng.random((SIZE, SIZE), np.float32)
    right = rng.random((SIZE, SIZE), np.float32)
    with threadpool_limits(1):
        return cores() * SIZE**3 / best_s(lambda: left @ right, rounds=60)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def multiply_adds(path: Path) -> int:
    """Return the multiply-adds of one run of a graph's convolutions and products."""
    graph = shape_inference.infer_shapes(onnx.load(path)).graph
    shapes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info, *graph.output)
    }
    weights = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    total = 0
    for node in graph.node:
        out = shapes.get(node.output[0], [])
        if node.op_type == "Conv":
            total += prod(out) * prod(weights[node.input[1]][1:])
        elif node.op_type == "ConvTranspose":
            total += prod(shapes[node.input[0]]) * prod(weights[node.input[1]][1:])
        elif node.op_type in ("Gemm", "MatMul") and node.input[1] in weights:
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            total += prod(out) * weights[node.input[1]][1 if transposed else 0]
    return total
