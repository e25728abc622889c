"""Models of LightGBM as text, checked before LightGBM reads them: it trusts the numbers, and ends the process."""

from __future__ import annotations

from collections.abc import Iterable

_OF_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_OF_SPLITS = (
    *("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child"),
    *("internal_value", "internal_weight", "internal_count"),
)


def check_booster(text: object) -> None:
    """Raise ValueError or LookupError unless it is the text of a model whose trees lead to their own leaves."""
    if not isinstance(text, str) or not text.isascii():
        raise ValueError("a model of LightGBM is no text")
    head, _, _ = text.partition("\nTree=0\n")
    facts = _facts(line for line in head.split("\n") if "=" in line)
    sizes = [int(size) for size in facts["tree_sizes"].split()]
    per_round, features = int(facts["num_tree_per_iteration"]), int(facts["max_feature_idx"]) + 1
    if not 1 <= per_round == int(facts["num_class"]) or len(sizes) % per_round or text.count("Tree=") != len(sizes):
        raise ValueError("a model of LightGBM has another number of trees")
    start = len(head) + 1
    for number, size in enumerate(sizes):
        tree = text[start : start + size].rstrip("\n").split("\n")
        if size < 1 or tree[0] != f"Tree={number}":
            raise ValueError("a model of LightGBM has trees of other sizes")
        _check_tree(_facts(tree), features)
        start += size
    if not text[start:].startswith("end of trees"):
        raise ValueError("a model of LightGBM has no end")


def _facts(lines: Iterable[str]) -> dict[str, str]:
    """Names and values; ValueError if a name comes twice or a line has none."""
    found: dict[str, str] = {}
    for line in lines:
        name, mark, value = line.partition("=")
        if not mark or name in found:
            raise ValueError(f"a model of LightGBM has the line {line[:50]!r}")
        found[name] = value
    return found


def _check_tree(tree: dict[str, str], features: int) -> None:
    leaves = int(tree["num_leaves"])
    if leaves < 1 or tree["num_cat"] != "0" or tree.get("is_linear", "0") != "0":
        raise ValueError("a tree of LightGBM is of another kind")
    for names, count in ((_OF_LEAVES, leaves), (_OF_SPLITS, leaves - 1)):
        for name in names:
            values = tree.get(name, "").split()
            if len(values) != count and (values or leaves > 1):
                raise ValueError(f"a tree of LightGBM has {len(values)} numbers of {name}, not {count}")
    if any(not 0 <= int(feature) < features for feature in tree.get("split_feature", "").split()):
        raise ValueError("a tree of LightGBM uses a feature that there is not")
    for name in ("left_child", "right_child"):
        for number, child in enumerate(map(int, tree.get(name, "").split())):
            if not (number < child < leaves - 1 or -leaves <= child < 0):
                raise ValueError("a tree of LightGBM has impossible branches")
