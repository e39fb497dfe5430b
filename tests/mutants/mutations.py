"""Small deliberate faults, one at a time: where they can be put, and which of them are tried.

The faults are cosmic-ray's: a comparison that is off by one, `and` for `or`, a number that is one
larger, a handler that never handles; and a statement that is left out, which it has not.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword

# One fault for each operator: negated, or off by one. Further ones (`==` to `is`) are found by the
# same tests, or by none since they change nothing.
CHOSEN = (
    *("AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub"),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("ExceptionReplacer", "NumberReplacer"),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Eq_NotEq", "NotEq_Eq", "Is_IsNot")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("IsNot_Is", "Lt_LtE", "LtE_Lt")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Gt_GtE", "GtE_Gt")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("FloorDiv_Mul", "Mod_Mul", "Pow_Mul")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("BitOr_BitAnd", "BitAnd_BitOr")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("LShift_RShift", "RShift_LShift")),
)


class LeaveOut(Operator):
    """Replaces a statement of a function by `pass`.

    Not one that gives a name a value: without it the next line fails, whatever it says.
    """

    def mutation_positions(self, node):
        """Where it can be left out."""
        if node.parent is None or node.parent.type != "simple_stmt" or node.type in _STAYS:
            return
        if _parent(node, "funcdef") is None or node.type in ("string", "strings"):
            return
        if _ends_a_function(node):
            return
        names_a_value = (
            node.type == "expr_stmt"
            and str(getattr(node.children[1], "value", "")) == "="
            and node.children[0].type in ("name", "testlist_star_expr")
        ) or (node.type == "expr_stmt" and node.children[1].type == "annassign")
        if not names_a_value:
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        """Return `pass` in its place."""
        del index
        return Keyword("pass", node.start_pos, prefix=node.get_first_leaf().prefix)

    @classmethod
    def examples(cls):
        """Return none: tests/mutants/test_mutations.py has them."""
        return ()


_NOT_RUN_HERE = ("TYPE_CHECKING", 'sys.platform == "win32"')
_STAYS = ("newline", "import_name", "import_from", "global_stmt", "nonlocal_stmt", "assert_stmt")


@dataclass(frozen=True, order=True)
class Mutant:
    """One fault: `occurrence` counts the places of a module where `operator` can be put."""

    path: Path
    line: int
    operator: str
    occurrence: int
    before: str

    def code(self, root):
        """Return the whole module with the fault in it."""
        return mutate_code(
            (root / self.path).read_text(), _operator(self.operator), self.occurrence
        )

    def after(self, root):
        """Return the line with the fault in it."""
        return self.code(root).splitlines()[self.line - 1].strip()

    @property
    def rank(self):
        """Return what a sample is drawn by: chance, that editing other lines does not change."""
        told = f"{self.path} {self.operator} {self.before}"
        return hashlib.sha256(told.encode()).hexdigest()


def mutants_of(root, path):
    """Return every fault that can be put into a module, without those that nobody would notice.

    Annotations and decorators are left as they are, and so is what only a type checker reads.
    """
    source = (root / path).read_text()
    lines = source.splitlines()
    nodes = list(ast_nodes(get_ast(source)))
    found = []
    for name in (*CHOSEN, "LeaveOut"):
        operator, occurrence = _operator(name), 0
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                if not _is_only_said(node):
                    before = lines[start[0] - 1].strip()
                    found.append(Mutant(path, start[0], name, occurrence, before))
                occurrence += 1
    return sorted(found)


def sample(mutants, count):
    """Return so many of them by chance, the same each time: at most one a line."""
    of_line = {}
    for mutant in sorted(mutants, key=lambda one: (one.rank, one)):
        of_line.setdefault((mutant.path, mutant.line), mutant)
    return sorted(list(of_line.values())[:count])


def _operator(name):
    return LeaveOut() if name == "LeaveOut" else get_operator(f"core/{name}")()


def _is_only_said(node):
    """Whether a node computes nothing here: `*` between parameters, what a type checker reads."""
    child, parent = node, node.parent
    if node.type == "operator" and parent.type in ("param", "parameters", "lambdef"):
        return True
    while parent is not None:
        if parent.type in ("decorator", "decorators"):
            return True
        if parent.type in ("param", "funcdef") and child is parent.annotation:
            return True
        if parent.type in ("annassign", "tfpdef") and child.get_previous_sibling() == ":":
            return True
        if parent.type == "if_stmt" and parent.children[1].get_code().strip() in _NOT_RUN_HERE:
            return True
        child, parent = parent, parent.parent
    return False


def _ends_a_function(node):
    """Whether it returns nothing where a function ends anyway."""
    suite = node.parent.parent
    return (
        node.get_code(include_prefix=False) in ("return", "return None")
        and suite.parent.type == "funcdef"
        and suite.children[-1] is node.parent
    )


def _parent(node, kind):
    while node is not None and node.type != kind:
        node = node.parent
    return node
