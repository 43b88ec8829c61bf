"""Rasa without TensorFlow: stand-ins for its modules, where no component of the pipeline uses them.

Rasa imports every component it knows when it starts, DIET and TED with them,
and so TensorFlow and all that TensorFlow imports: some 400 MB and the longer
half of the start, for classes that a pipeline like ours never makes. With the
stand-ins those classes are defined and can't be used. A pipeline that names
one of them gets the real thing.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator, Sequence

import yaml

LEFT_OUT = frozenset({"tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text", "keras", "jax", "jaxlib"})
OURS = "bot."
NEED_NOTHING = frozenset({"RulePolicy", "MemoizationPolicy", "AugmentedMemoizationPolicy"})
"""Components of Rasa's own that are known to do without TensorFlow."""


class _Absent(ABCMeta):
    """Type of what stands for each name in TensorFlow: a base class, a decorator, an annotation, a constant."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent

    def __getitem__(cls, key: Any) -> Any:
        return Absent

    def __iter__(cls) -> Iterator[Any]:
        return iter(())

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is not Absent:  # a class of Rasa's that derives from one
            raise RuntimeError(f"{cls.__name__} needs TensorFlow, which bot/lean.py left out: name it in config.yml")
        decorated = len(args) == 1 and not kwargs and callable(args[0])
        return args[0] if decorated else Absent


class Absent(metaclass=_Absent):
    """Stands for anything."""


class _StandIn(ModuleType):
    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in LEFT_OUT else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def leave_out_tensorflow(config: Path) -> bool:
    """Put the stand-ins in before Rasa is imported; False when the pipeline may need TensorFlow.

    Args:
        config: Rasa's ``config.yml``. When it can't be read, Rasa is left to say so.
    """
    if "tensorflow" in sys.modules or not _does_without(config):
        return False
    sys.meta_path.insert(0, _Finder())
    return True


def _does_without(config: Path) -> bool:
    """Whether each component is ours or one that is known to need no TensorFlow."""
    try:
        content = yaml.safe_load(config.read_text(encoding="utf-8")) or {}
        named = [one["name"] for part in ("pipeline", "policies") for one in content.get(part) or []]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return False
    return bool(named) and all(str(name).startswith(OURS) or name in NEED_NOTHING for name in named)
