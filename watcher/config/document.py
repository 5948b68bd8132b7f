"""One YAML file as values, and where each of them stands.

ruamel.yaml reads YAML 1.2: `no` is a word and `10:30` is text. The tree of nodes is kept beside the values, since only it knows
lines and columns. No message repeats what the file holds around a problem: a secret may stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from watcher.errors import ConfigurationError, Place, Problem
from watcher.unreadable import mend

KeyPath = tuple[str | int, ...]
"""The way to a value: names of keys, and positions in lists counted from 0."""

_CORE = "tag:yaml.org,2002:"
_MERGE = f"{_CORE}merge"
_TYPED = frozenset({f"{_CORE}{name}" for name in ("int", "float", "bool", "null")})
_KNOWN_TAGS = _TYPED | {f"{_CORE}{name}" for name in ("str", "timestamp", "map", "seq", "merge")}

_KEY_AND_VALUE = "write `key: value`, or indent what goes on from the line before"
_OPENS = re.compile(r"\s*(- )?[^\s#][^#]*:\s*(#.*)?$")
_HAS_COLON = re.compile(r"\s*(- )?[^\s#].*?:(\s|$)")

_SYNTAX = (
    (r"character '\\t'", "a tab stands where only spaces may stand", "indent with spaces"),
    (
        r"mapping values are not allowed",
        "a colon stands where none can be",
        "check the indentation; put text that holds ': ' in quotes",
    ),
    (r"undefined alias", "this alias (*) has no anchor (&) above it", "put text that begins with * in quotes"),
    (
        r"expected a single document|another document",
        "a second document begins here",
        "keep one document and no further '---' lines",
    ),
    (r"unexpected end of stream", "a quote is opened here and never closed", "close it"),
    (r"expected ',' or '[\]}]'", "a bracket is not closed, or a comma is missing", "write [a, b] or {a: 1, b: 2}"),
    (r"could not find expected ':'", "this line has no colon", _KEY_AND_VALUE),
    (
        r"expected '<document start>'",
        "what follows does not belong to what begins here",
        "write `key: value`, and begin the keys at the top of the file without spaces",
    ),
    (r"that cannot start any token", "text cannot begin with this character", "put the text in quotes"),
    (
        r"expected <block end>",
        "this does not fit the lines above it",
        "check the indentation; a text that goes on after a closing quote or bracket stands on its own lines below `key: |`",
    ),
)


@dataclass(frozen=True)
class Document:
    """What one YAML file holds. `problems` are its problems that do not hinder reading the rest."""

    path: Path
    values: Mapping[str, Any] = field(repr=False)
    problems: tuple[Problem, ...] = ()
    _root: MappingNode | None = field(default=None, repr=False)

    def holds(self, key: KeyPath) -> bool:
        """Whether the file has this key, with or without a value."""
        return self._root is not None and len(list(self._pairs_along(key))) == len(key)

    def place(self, key: KeyPath) -> Place:
        """Where `key` stands, or its value where that is text on a line of its own; for a key that is not there, where the nearest
        section around it begins."""
        nodes = list(self._pairs_along(key))
        if not nodes:
            return Place(self.path, key=dotted(key) or None)
        name, value = nodes[-1]
        is_below = (
            len(nodes) == len(key)
            and isinstance(value, ScalarNode)
            and value.value
            and value.start_mark.line > name.start_mark.line
        )
        mark = value.start_mark if is_below else name.start_mark
        return Place(self.path, mark.line + 1, mark.column + 1, dotted(key))

    def _pairs_along(self, key: KeyPath) -> Iterator[tuple[Node, Node]]:
        """The nodes of the keys (or list items) on the way to `key`, as far as it goes, each with that of its value."""
        node: Node | None = self._root
        for part in key:
            if isinstance(node, MappingNode):
                found = next(((k, v) for k, v in _pairs(node) if k.value == part), None)
            elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
                found = (node.value[part], node.value[part])
            else:
                return
            if found is None:
                return
            yield found
            node = found[1]


_BEGIN = "begin with pubmed: and an email below it, or run `watcher init`"


def read_document(path: Path, *, begin: str = _BEGIN) -> Document:
    """Read the configuration file at `path`; `begin` is what to do about an empty one.

    Raises:
        ConfigurationError: it cannot be read, or it is no YAML mapping.
    """
    return parse_document(_text(path), path, begin=begin)


def parse_document(text: str, path: Path, *, begin: str = _BEGIN) -> Document:
    """Understand `text` as the YAML mapping in the file `path`.

    Raises:
        ConfigurationError: it is not one.
    """
    root = _compose(text, path)
    if root is None:
        raise _refused("the file is empty", begin, Place(path))
    if not isinstance(root, MappingNode):
        place = Place(path, root.start_mark.line + 1, root.start_mark.column + 1)
        raise _refused(f"the file holds {_shape(root)}, not keys", "write `key: value` lines, such as `pubmed:`", place)
    reader = _Reader(path)
    values = reader.value_of(root)
    return Document(path, values, tuple(reader.problems), root)


def read_flow(text: str) -> Any:  # noqa: ANN401 - the models judge what it is
    """One value written in YAML's flow style, such as `[a, b]`; JSON is a part of it.

    Raises:
        ConfigurationError: it is none; `text` is not repeated.
    """
    nowhere = Path()
    node = _compose(text, nowhere)
    reader = _Reader(nowhere)
    value = None if node is None else reader.value_of(node)
    if reader.problems:
        raise ConfigurationError(*reader.problems)
    return value


def dotted(key: KeyPath) -> str:
    """A key path as people write it: `watches.nmj.seeds[0]`. What can hardly be a name is left out: it may be a secret."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"{'.' if text else ''}{part if is_showable(part) else '…'}"
    return text


def is_showable(text: str) -> bool:
    """Whether a text from the configuration may stand in a message: short, and neither an address nor a key."""
    return len(text) <= 32 and "://" not in text and "@" not in text


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise _refused("there is no such file", _missing_fix(path), Place(path)) from None
    except OSError as error:
        raise _refused(f"the file cannot be read: {error.strerror}", mend(path, error), Place(path)) from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused("the file is in UTF-16", "save it as UTF-8", Place(path, 1, 1))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise _refused("the file is not in UTF-8", "save it as UTF-8", Place(path, line, column)) from None


def _missing_fix(path: Path) -> str:
    other = path.with_suffix(".yml")
    if other.is_file():
        return f"rename {other} to {path.name}"
    return "run `watcher init`, or name the file with --config or WATCHER_CONFIG"


def _compose(text: str, path: Path) -> Node | None:
    try:
        return _composed(text)
    except MarkedYAMLError as error:
        raise ConfigurationError(_syntax_problem(error, text, path)) from None
    except YAMLError as error:
        character = getattr(error, "character", None)
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        named = f" (code {character:#04x})" if isinstance(character, int) else ""
        raise _refused(f"a control character{named} is not allowed", "remove it", Place(path, line)) from None
    except RecursionError:
        raise _refused("the file is nested too deeply", "see docs/configuration.md for its shape", Place(path)) from None


@lru_cache(maxsize=2)
def _composed(text: str) -> Node | None:
    """The same text is asked for several times at each start and edit. Nobody changes the nodes."""
    return YAML(typ="safe", pure=True).compose(text)  # type: ignore[no-any-return]


def _syntax_problem(error: MarkedYAMLError, text: str, path: Path) -> Problem:
    said = str(error.problem)
    if cause := _cause_above(error, text, path):
        return cause
    is_begun_above = re.search(r"unexpected end of stream|expected ','|could not find expected ':'", said)
    mark = (error.context_mark if is_begun_above else None) or error.problem_mark or error.context_mark
    place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
    for pattern, what, fix in _SYNTAX:
        if re.search(pattern, said):
            return Problem(what, fix, place)
    # ruamel quotes what it found; more than one character of it might be a secret
    said = re.sub(r"'[^']{2,}'|\"[^\"]{2,}\"", "…", said)
    return Problem(f"this is not YAML: {said}", "compare it with the example in docs/configuration.md", place)


def _cause_above(error: MarkedYAMLError, text: str, path: Path) -> Problem | None:
    """The problem of a line further up, where the parser stumbles only over what follows from it."""
    said, lines = str(error.problem), text.splitlines()
    number = error.problem_mark.line if error.problem_mark else 0
    if "expected '<document start>'" in said:
        _, what, fix = next(one for one in _SYNTAX if re.search(one[0], said))
        first = next((line for line in range(number) if _is_content(lines[line])), number)
        return Problem(what, fix, Place(path, first + 1, 1))
    if "mapping values are not allowed" in said:
        above = [line for line in range(number) if _is_content(lines[line])][-2:]
        if above and not _HAS_COLON.match(lines[above[-1]]) and (len(above) == 1 or _OPENS.match(lines[above[0]])):
            return Problem("this line has no colon", _KEY_AND_VALUE, Place(path, above[-1] + 1, 1))
    if "expected <block end>" in said and (opened := _quote_closed_on(number, text)):
        what = f"a quote is opened here and closed on line {number + 1}, which begins another text"
        return Problem(what, "close it on its own line, or remove it", Place(path, *opened))
    return None


def _quote_closed_on(number: int, text: str) -> tuple[int, int] | None:
    """Line and column, from 1, of a quote that was opened on an earlier line than `number` (from 0) and ends there."""
    try:
        for token in YAML(typ="safe", pure=True).scan(text):
            begin, end = token.start_mark, token.end_mark
            if getattr(token, "style", None) in ("'", '"') and begin.line < end.line == number:
                return begin.line + 1, begin.column + 1
    except YAMLError:  # what the parser has stumbled over may come before
        return None
    return None


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _pairs(node: MappingNode, inside: frozenset[int] = frozenset()) -> Iterator[tuple[Node, Node]]:
    """A mapping's own keys, then those it takes over by `<<`."""
    yield from ((key, value) for key, value in node.value if key.tag != _MERGE)
    inside |= {id(node)}
    for key, value in node.value:
        if key.tag == _MERGE:
            for source in value.value if isinstance(value, SequenceNode) else [value]:
                if isinstance(source, MappingNode) and id(source) not in inside:
                    yield from _pairs(source, inside)


class _Reader:
    """Turns nodes into values, once each, so that many aliases of one node cost nothing; notes what is wrong on the way."""

    def __init__(self, path: Path) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._known: dict[int, Any] = {}
        self._open: set[int] = set()
        self._scalars = YAML(typ="safe", pure=True).constructor

    def value_of(self, node: Node, key: KeyPath = ()) -> Any:  # noqa: ANN401 - a tree of text, numbers, lists and mappings
        if id(node) in self._known:
            return self._known[id(node)]
        if id(node) in self._open:
            self._note("this alias (*) stands inside its own anchor (&)", "write the value out", node, key)
            return None
        if str(node.tag) not in _KNOWN_TAGS:
            self._note("YAML tags (!…) are not understood here", "remove it; put text that begins with ! in quotes", node, key)
        self._open.add(id(node))
        value = self._fresh(node, key)
        self._open.discard(id(node))
        self._known[id(node)] = value
        return value

    def _fresh(self, node: Node, key: KeyPath) -> Any:  # noqa: ANN401 - see value_of
        if isinstance(node, MappingNode):
            return self._mapping(node, key)
        if isinstance(node, SequenceNode):
            return [self.value_of(item, (*key, position)) for position, item in enumerate(node.value)]
        return self._scalars.construct_object(node) if str(node.tag) in _TYPED else node.value

    def _mapping(self, node: MappingNode, key: KeyPath) -> dict[str, Any]:
        self._check_keys(node, key)
        values: dict[str, Any] = {}
        for name, value in _pairs(node):
            if isinstance(name, ScalarNode) and name.value not in values:
                values[name.value] = self.value_of(value, (*key, name.value))
        return values

    def _check_keys(self, node: MappingNode, key: KeyPath) -> None:
        first: dict[str, int] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if not isinstance(name, ScalarNode):
                self._note(f"a key cannot be {_shape(name)}", "write a name before the colon", name, key)
            elif name.tag == _MERGE:
                self._check_merge(value, key)
            elif name.value in first:
                fix = f"keep one of the two; the other is on line {first[name.value]}"
                self._note("this key is here twice", fix, name, (*key, name.value))
            else:
                first[name.value] = line

    def _check_merge(self, value: Node, key: KeyPath) -> None:
        sources = value.value if isinstance(value, SequenceNode) else [value]
        if not all(isinstance(source, MappingNode) and id(source) not in self._open for source in sources):
            self._note("`<<` takes over the keys of another section only", "write <<: *anchor", value, key)

    def _note(self, what: str, fix: str, node: Node, key: KeyPath) -> None:
        place = Place(self._path, node.start_mark.line + 1, node.start_mark.column + 1, dotted(key) or None)
        self.problems.append(Problem(what, fix, place))


def _shape(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "keys"
    return "a list" if isinstance(node, SequenceNode) else "plain text"


def _refused(what: str, fix: str, place: Place) -> ConfigurationError:
    return ConfigurationError(Problem(what, fix, place))
