"""Says of each YAML or JSON file whether a JSON Schema accepts it; an independent check of loaders and reports.

Usage: validate.py SCHEMA[#DEFINITION] FILE…   Prints one line a file: "good PATH" or "bad PATH reason".

Scalars stay the text that was written, except true and false and plain whole numbers, as a YAML 1.2
editor would see them.
"""
import json
import re
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    pass


Loader.yaml_implicit_resolvers = {}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^(0|[1-9][0-9]{0,17})$"), list("0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])

path, _, definition = sys.argv[1].partition("#")
schema = json.load(open(path, encoding="utf-8"))
if definition:
    schema = {"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
for path in sys.argv[2:]:
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file) if path.endswith(".json") else yaml.load(file, Loader=Loader)
    except Exception as error:
        print("bad", path, type(error).__name__)
        continue
    error = next(validator.iter_errors(document), None)
    print("good" if error is None else "bad", path, "" if error is None else error.message[:100].replace("\n", " "))
