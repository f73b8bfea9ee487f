#!/usr/bin/env python3
"""The protocol's documents agree with each other and with the code, needing nothing but Python itself:

    every example obeys the schema it is named after, and what the decoders refuse the schemas refuse too
    every $ref and externalValue leads somewhere, and every example is shown in one of the documents
    asyncapi.yaml has every command and message, openapi.yaml every route that request_decode.c knows

    check_protocol.py [project root]"""
import json
import pathlib
import re
import sys

# Refused for what a schema cannot say: one member about another, or a check digit.
BEYOND_SCHEMAS = {
    "sku_twice", "http_sku_twice", "http_gtin", "http_floor_currency", "http_wave_order", "http_stock_site", "http_site_twice",
    "http_actual_whose", "http_hook_password",
}
TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
}


def type_is(value, name):
    if name == "integer":
        return isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


class Schemas:
    """As much of JSON Schema 2020-12 as schemas.json uses; a word it does not know is an error."""

    def __init__(self, document):
        self.defs = document["$defs"]

    def faults(self, value, name):
        if name not in self.defs:
            yield f"schemas.json has no {name}"
            return
        yield from self.check(value, self.defs[name], "")

    def check(self, value, schema, at):
        for word, rule in schema.items():
            for fault in getattr(self, "check_" + word.lstrip("$"))(value, rule, schema, at):
                yield fault

    def nothing(self, *_):
        return ()

    check_description = check_default = nothing

    def check_ref(self, value, rule, _, at):
        return self.check(value, self.defs[rule.removeprefix("#/$defs/")], at)

    def check_type(self, value, rule, _, at):
        if not type_is(value, rule):
            yield f"{at}: is no {rule}"

    def check_const(self, value, rule, _, at):
        if value != rule or type(value) is not type(rule):
            yield f"{at}: is not {rule!r}"

    def check_enum(self, value, rule, _, at):
        if value not in rule:
            yield f"{at}: {value!r} is none of them"

    def check_oneOf(self, value, rule, _, at):
        fitting = sum(1 for schema in rule if not list(self.check(value, schema, at)))
        if fitting != 1:
            yield f"{at}: fits {fitting} of the choices"

    def check_minimum(self, value, rule, _, at):
        if isinstance(value, (int, float)) and value < rule:
            yield f"{at}: below {rule}"

    def check_maximum(self, value, rule, _, at):
        if isinstance(value, (int, float)) and value > rule:
            yield f"{at}: above {rule}"

    def check_minLength(self, value, rule, _, at):
        if isinstance(value, str) and len(value) < rule:
            yield f"{at}: too short"

    def check_maxLength(self, value, rule, _, at):
        if isinstance(value, str) and len(value) > rule:
            yield f"{at}: too long"

    def check_pattern(self, value, rule, _, at):
        if isinstance(value, str) and not re.search(rule.replace("$", r"\Z"), value):
            yield f"{at}: does not match {rule}"

    def check_minItems(self, value, rule, _, at):
        if isinstance(value, list) and len(value) < rule:
            yield f"{at}: too few"

    def check_maxItems(self, value, rule, _, at):
        if isinstance(value, list) and len(value) > rule:
            yield f"{at}: too many"

    def check_items(self, value, rule, _, at):
        for index, item in enumerate(value if isinstance(value, list) else []):
            yield from self.check(item, rule, f"{at}[{index}]")

    def check_required(self, value, rule, _, at):
        for name in rule:
            if isinstance(value, dict) and name not in value:
                yield f"{at}.{name}: is missing"

    def check_properties(self, value, rule, _, at):
        for name, schema in rule.items():
            if isinstance(value, dict) and name in value:
                yield from self.check(value[name], schema, f"{at}.{name}")

    def check_propertyNames(self, value, rule, _, at):
        for name in value if isinstance(value, dict) else []:
            yield from self.check(name, rule, f"{at}.{name}")

    def check_maxProperties(self, value, rule, _, at):
        if isinstance(value, dict) and len(value) > rule:
            yield f"{at}: too many members"

    def check_additionalProperties(self, value, rule, schema, at):
        for name in value if isinstance(value, dict) else []:
            if name in schema.get("properties", {}):
                continue
            if rule is False:
                yield f"{at}.{name}: is not a known field"
            else:
                yield from self.check(value[name], rule, f"{at}.{name}")


def load(file):
    return json.loads(file.read_text(encoding="utf-8"))


def schema_of(file):
    """hold~expired.json in messages/ -> message.hold"""
    return f"{file.parent.name.removesuffix('s')}.{file.stem.split('~')[0]}"


def example_faults(docs, schemas):
    for folder in "commands", "messages", "responses", "requests":
        for file in sorted((docs / "examples" / folder).glob("*.json")):
            value = load(file)
            if folder == "requests":
                value = value.get("body")
                if not isinstance(value, dict):
                    continue
            for fault in schemas.faults(value, schema_of(file)):
                yield f"{file.relative_to(docs)}: {fault}"


def bad_faults(docs, schemas, routes):
    for file in sorted((docs / "examples/bad").glob("*.json")):
        case = load(file)
        value, name = case.get("input"), None
        if isinstance(value, dict) and "t" in value:
            name = f"command.{value['t']}"
        request = case.get("request", {})
        if isinstance(request.get("body"), dict) and case["field"] != "content-type":
            value = request["body"]
            path = re.sub("/(stock|holds|broadcasts|webhooks)/[^/]+", r"/\1/{}", request["path"])
            name = f"request.{routes[request['method'], path]}"
        if name and file.stem not in BEYOND_SCHEMAS and not list(schemas.faults(value, name)):
            yield f"examples/bad/{file.name}: {name} lets it in"


def places_in(yaml):
    """The paths of all members, "#/components/messages/message.ok". Both documents are plain: two spaces a level."""
    path = []
    for line in yaml.splitlines():
        found = re.match(r"( *)([^\s#'\"-][^:]*):(?:\s|$)", line)
        if found:
            path[len(found[1]) // 2 :] = [found[2]]
            yield "#/" + "/".join(path)


def ref_faults(docs, document, schemas):
    text = (docs / document).read_text(encoding="utf-8")
    places = set(places_in(text))
    for ref in re.findall(r"(?:\$ref|externalValue): '([^']+)'", text):
        file, _, pointer = ref.partition("#")
        if file == "":
            known = ref in places
        elif file == "schemas.json":
            known = pointer.removeprefix("/$defs/") in schemas.defs
        else:
            known = (docs / file).is_file() and (not pointer or pointer.strip("/") in load(docs / file))
        if not known:
            yield f"{document}: {ref} leads nowhere"


def shown_faults(docs):
    text = (docs / "asyncapi.yaml").read_text(encoding="utf-8") + (docs / "openapi.yaml").read_text(encoding="utf-8")
    for folder in "commands", "messages", "responses", "requests":
        for file in sorted((docs / "examples" / folder).glob("*.json")):
            has_body = folder != "requests" or load(file).get("body")
            if has_body and f"examples/{folder}/{file.name}" not in text:
                yield f"examples/{folder}/{file.name} is shown nowhere"


def names_of(root):
    source = (root / "core/broadcast/command.c").read_text(encoding="utf-8")
    return dict(re.findall(r'\[(COMMAND_\w+)\]\s*=\s*\{"([\w.]+)"', source))


def routes_of(root):
    """(method, path with ids as {}) -> command, as the decoder has them."""
    source = (root / "ws/wire/request_decode.c").read_text(encoding="utf-8")
    names = names_of(root)
    found = re.findall(r'\{"(GET|PUT|POST)",\s*"(/v1[^"]*)",\s*(COMMAND_\w+)', source)
    return {(method, re.sub(r"\{\w+\}", "{}", path)): names[kind] for method, path, kind in found}, found


def coverage_faults(root, docs, found, schemas):
    paths = {}
    path = None
    for line in (docs / "openapi.yaml").read_text(encoding="utf-8").splitlines():
        if re.match(r"  /\S*:$", line):
            path = line.strip().rstrip(":")
        elif path and re.match(r"    (get|put|post):$", line):
            paths.setdefault(path, set()).add(line.strip().rstrip(":").upper())
    for method, path, _ in found:
        if method not in paths.get(path, ()):
            yield f"openapi.yaml lacks {method} {path}"
    asyncapi = (docs / "asyncapi.yaml").read_text(encoding="utf-8")
    for name in schemas.defs:
        if re.match(r"(command|message)\.", name) and f"\n    {name}:\n      name: " not in asyncapi:
            yield f"asyncapi.yaml lacks {name}"
    decoder = (root / "ws/wire/command_decode.c").read_text(encoding="utf-8")
    names = names_of(root)
    for kind in re.findall(r"\[(COMMAND_\w+)\]\s*=\s*\{true", decoder):
        if f"command.{names[kind]}" not in schemas.defs:
            yield f"schemas.json lacks command.{names[kind]}"


def faults(root):
    docs = root / "docs/protocol"
    schemas = Schemas(load(docs / "schemas.json"))
    routes, found = routes_of(root)
    if len(found) < 10:
        yield "the routes of request_decode.c were not found"
    yield from example_faults(docs, schemas)
    yield from bad_faults(docs, schemas, routes)
    for document in "asyncapi.yaml", "openapi.yaml":
        yield from ref_faults(docs, document, schemas)
    yield from shown_faults(docs)
    yield from coverage_faults(root, docs, found, schemas)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[4])
    complaints = list(faults(root))
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
