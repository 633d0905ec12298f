"""Lints the OpenAPI document of the native API by the rules of OpenAPI 3.1 that matter here: run with the document's
path, or with --self-test too, which spoils the document in every way the linter knows and wants to be told."""

import copy
import json
import re
import sys

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
TYPES = {"string", "integer", "number", "boolean", "object", "array", "null"}
ITEM_FIELDS = {*METHODS, "summary", "description", "parameters", "servers"}
OPERATION_FIELDS = {"operationId", "summary", "description", "tags", "parameters", "requestBody", "responses",
                    "security", "deprecated"}


def no_twins(pairs):
    """A JSON object whose names stand there once."""
    names = [name for name, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"a name stands twice: {', '.join(sorted(twice))}")
    return dict(pairs)


class Linter:
    def __init__(self, document):
        self.document = document
        self.faults = []
        self.used = set()

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def resolve(self, node, where):
        """What a $ref stands for; the node itself if it is none."""
        if "$ref" not in node:
            return node
        target = self.document
        reference = node["$ref"]
        if not reference.startswith("#/"):
            self.fault(where, f"{reference} points outside")
            return {}
        self.used.add(reference)
        for step in reference[2:].split("/"):
            if not isinstance(target, dict) or step not in target:
                self.fault(where, f"{reference} points nowhere")
                return {}
            target = target[step]
        return target

    def lint(self):
        document = self.document
        if not re.fullmatch(r"3\.1\.\d+", document.get("openapi", "")):
            self.fault("/openapi", "is not 3.1")
        for name in ("title", "version", "license"):
            if not document.get("info", {}).get(name):
                self.fault("/info", f"has no {name}")
        self.security(document.get("security", []), "/security")
        seen = {}
        shapes = {}
        for path, item in document.get("paths", {}).items():
            shape = re.sub(r"\{[^}]*\}", "{}", path)
            if shape in shapes:
                self.fault(path, f"is the same as {shapes[shape]}")
            shapes[shape] = path
            self.path_item(path, item, seen)
        self.components()
        return self.faults

    def path_item(self, path, item, seen):
        if not path.startswith("/") or (path.endswith("/") and path != "/"):
            self.fault(path, "begins with a slash and does not end with one")
        for name in item:
            if name not in ITEM_FIELDS:
                self.fault(path, f"has a {name}")
        if not any(method in item for method in METHODS):
            self.fault(path, "has no operation")
        for method in METHODS:
            if method in item:
                self.operation(f"{method} {path}", path, item, item[method], seen)

    def operation(self, where, path, item, operation, seen):
        for name in operation:
            if name not in OPERATION_FIELDS:
                self.fault(where, f"has a {name}")
        name = operation.get("operationId")
        if not name or not re.fullmatch(r"[a-z][A-Za-z0-9]*", name):
            self.fault(where, "has no operationId in camel case")
        if name in seen:
            self.fault(where, f"has the operationId of {seen[name]}")
        seen[name] = where
        if not operation.get("summary"):
            self.fault(where, "has no summary")
        known = {tag["name"] for tag in self.document.get("tags", [])}
        if not operation.get("tags") or not set(operation["tags"]) <= known:
            self.fault(where, "has no tag of the list of tags")
        self.parameters(where, path, [*item.get("parameters", []), *operation.get("parameters", [])])
        if "security" in operation:
            self.security(operation["security"], where)
        if "requestBody" in operation:
            self.content(operation["requestBody"].get("content"), f"{where} requestBody")
        self.responses(where, operation)

    def parameters(self, where, path, parameters):
        names = set()
        for each in parameters:
            parameter = self.resolve(each, where)
            key = (parameter.get("in"), parameter.get("name"))
            if key in names:
                self.fault(where, f"has the parameter {key[1]} twice")
            names.add(key)
            if parameter.get("in") not in ("path", "query", "header", "cookie"):
                self.fault(where, f"has a parameter {key[1]} nowhere")
            if parameter.get("in") == "path" and parameter.get("required") is not True:
                self.fault(where, f"has a path parameter {key[1]} that is not required")
            if "schema" not in parameter:
                self.fault(where, f"has a parameter {key[1]} without a schema")
            else:
                self.schema(parameter["schema"], f"{where} {key[1]}")
        in_path = {name for place, name in names if place == "path"}
        in_template = set(re.findall(r"\{([^}]*)\}", path))
        if in_path != in_template:
            self.fault(where, f"names {sorted(in_template)} and describes {sorted(in_path)}")

    def responses(self, where, operation):
        responses = operation.get("responses", {})
        if not any(re.fullmatch(r"2\d\d", status) for status in responses):
            self.fault(where, "has no answer that is good")
        guarded = operation.get("security", self.document.get("security")) != [{}]
        if guarded and not {"401", "default"} & set(responses):
            self.fault(where, "asks who calls and has no 401")
        for status, each in responses.items():
            at = f"{where} {status}"
            if not re.fullmatch(r"[1-5]\d\d|default", status):
                self.fault(at, "is no status")
            response = self.resolve(each, at)
            if not response.get("description"):
                self.fault(at, "has no description")
            self.content(response.get("content"), at)
            for header in response.get("headers", {}).values():
                self.schema(header.get("schema"), f"{at} header")
            if status[0] in "45" and not at.startswith(("get /v1/destinations", "default")):
                if set(response.get("content", {})) != {"application/problem+json"}:
                    self.fault(at, "is a fault and no problem+json")

    def content(self, content, where):
        if not content:
            self.fault(where, "has no content")
            return
        for kind, media in content.items():
            if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", kind):
                self.fault(where, f"{kind} is no media type")
            self.schema(media.get("schema"), f"{where} {kind}")

    def schema(self, schema, where):
        if schema is None:
            self.fault(where, "has no schema")
            return
        if "$ref" in schema:
            self.resolve(schema, where)
            return
        types = schema.get("type", [])
        for each in types if isinstance(types, list) else [types]:
            if each not in TYPES:
                self.fault(where, f"is of the type {each}")
        for name in schema.get("required", []):
            if name not in schema.get("properties", {}):
                self.fault(where, f"requires {name}, which it does not describe")
        for name, each in schema.get("properties", {}).items():
            self.schema(each, f"{where}/{name}")
        for each in schema.get("oneOf", []):
            self.schema(each, f"{where} oneOf")
        if types == "array" and "items" not in schema:
            self.fault(where, "is an array of nobody knows what")
        if "items" in schema:
            self.schema(schema["items"], f"{where}/-")
        if "pattern" in schema:
            try:
                re.compile(schema["pattern"])
            except re.error:
                self.fault(where, "has a pattern that is none")

    def security(self, wanted, where):
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        for each in wanted:
            for name in each:
                self.used.add(f"#/components/securitySchemes/{name}")
                if name not in schemes:
                    self.fault(where, f"wants {name}, which is no security scheme")

    def components(self):
        components = self.document.get("components", {})
        for name, schema in components.get("schemas", {}).items():
            self.schema(schema, f"/components/schemas/{name}")
        for kind, entries in components.items():
            for name in entries:
                if f"#/components/{kind}/{name}" not in self.used:
                    self.fault(f"/components/{kind}/{name}", "is used nowhere")
        for name, scheme in components.get("securitySchemes", {}).items():
            if scheme.get("type") == "apiKey" and not (scheme.get("name") and scheme.get("in")):
                self.fault(f"/components/securitySchemes/{name}", "does not say where the key stands")


LIST = ("paths", "/v1/submissions", "get")
ONE = ("paths", "/v1/submissions/{id}", "get")

# (where, what to put there; DELETE: take it away)
DELETE = object()
SPOILED = [
    (("openapi",), "3.0.3"),
    (("info", "license"), DELETE),
    (("paths", "/v1/submissions/"), {"get": {}}),
    (("paths", "/v1/submissions/{other}"), {}),
    (("paths", "/v1/nothing"), {}),
    (("paths", "/v1/submissions", "fetch"), {}),
    ((*LIST, "operationId"), "getSubmission"),
    ((*LIST, "operationId"), "List submissions"),
    ((*LIST, "summary"), DELETE),
    ((*LIST, "tags"), ["nobody's"]),
    ((*LIST, "produces"), ["application/json"]),
    ((*ONE, "parameters"), []),
    ((*ONE, "parameters", 0, "required"), False),
    ((*ONE, "parameters", 0, "schema"), DELETE),
    ((*ONE, "parameters", 0, "in"), "body"),
    ((*LIST, "parameters", 2, "name"), "state"),
    ((*LIST, "responses", "200"), DELETE),
    ((*LIST, "responses", "401"), DELETE),
    ((*LIST, "responses", "2XX"), {"description": "x", "content": {"text/plain": {"schema": {}}}}),
    ((*LIST, "responses", "200", "description"), ""),
    ((*LIST, "responses", "200", "content"), {}),
    ((*LIST, "responses", "200", "content", "JSON"), {"schema": {}}),
    ((*LIST, "responses", "200", "content", "application/json", "schema"), DELETE),
    ((*LIST, "responses", "200", "content", "application/json", "schema", "$ref"), "#/components/schemas/Nothing"),
    ((*LIST, "responses", "200", "content", "application/json", "schema", "$ref"), "https://example.org/x"),
    ((*ONE, "responses", "404", "content"), {"application/json": {"schema": {}}}),
    ((*LIST, "security"), [{"Nobody": []}]),
    (("components", "schemas", "Record", "properties", "code"), DELETE),
    (("components", "schemas", "Record", "properties", "code"), {"type": "text"}),
    (("components", "schemas", "RecordPage", "properties", "items", "items"), DELETE),
    (("components", "schemas", "Receipt", "properties", "body_sha256", "pattern"), "["),
    (("components", "schemas", "Unused"), {"type": "string"}),
    (("components", "securitySchemes", "Signature", "name"), DELETE),
]


def self_test(document):
    unheard = []
    for where, what in SPOILED:
        spoiled = copy.deepcopy(document)
        node = spoiled
        for step in where[:-1]:
            node = node[step]
        if what is DELETE:
            del node[where[-1]]
        else:
            node[where[-1]] = what
        if not Linter(spoiled).lint():
            unheard.append(f"nothing was said about {'/'.join(map(str, where))}")
    try:
        json.loads('{"a":1,"a":2}', object_pairs_hook=no_twins)
        unheard.append("nothing was said about a name that stands twice")
    except ValueError:
        pass
    return unheard


def main():
    text = open(sys.argv[1], encoding="utf-8").read()
    try:
        document = json.loads(text, object_pairs_hook=no_twins)
    except ValueError as error:
        print(f"{sys.argv[1]}: {error}")
        return 1
    faults = Linter(document).lint()
    if "--self-test" in sys.argv:
        faults += self_test(document)
    for fault in faults:
        print(fault)
    operations = sum(method in item for item in document["paths"].values() for method in METHODS)
    print(f"openapi: {len(document['paths'])} paths, {operations} operations, {len(SPOILED)} controls, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
