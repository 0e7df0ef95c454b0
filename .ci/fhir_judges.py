#!/usr/bin/python3
"""Holds exported FHIR R4 bundles against four judges, for each misses what another sees.

Usage: fhir_judges.py BUNDLE...   (fhirkit-rs, fhir.resources R4B, fhirpathpy and ucumvert are installed)
"""
import json
import sys

import fhirkit
from fhir.resources.R4B.bundle import Bundle
from fhirpathpy import evaluate
from fhirpathpy.models import models
from ucumvert import get_ucum_parser

# Invariants of R4 (http://hl7.org/fhir/R4) that no structural judge looks at.
INVARIANTS = [
    ("MedicationAdministration", "mad-1", "dosage.all(dose.exists() or rate.exists())"),
    ("MedicationAdministration", "per-1", "effective.start <= effective.end"),
    ("MedicationRequest", "tim-1", "dosageInstruction.timing.repeat.all(duration.empty() or durationUnit.exists())"),
    ("MedicationRequest", "tim-2", "dosageInstruction.timing.repeat.all(period.empty() or periodUnit.exists())"),
    ("MedicationRequest", "tim-4", "dosageInstruction.timing.repeat.all(duration.empty() or duration >= 0)"),
    ("MedicationRequest", "tim-10", "dosageInstruction.timing.repeat.all(timeOfDay.empty() or when.empty())"),
    ("MedicationRequest", "rat-1",
     "dosageInstruction.maxDosePerPeriod.all(numerator.exists() = denominator.exists())"),
]


def objects(value):
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def complaints(text):
    bundle = json.loads(text)
    for issue in fhirkit.validate(text):
        yield f"fhirkit: {issue}"
    try:
        Bundle.model_validate_json(text)
    except ValueError as error:
        yield f"fhir.resources: {error}"
    for entry in bundle["entry"]:
        resource = entry["resource"]
        for kind, name, expression in INVARIANTS:
            if resource["resourceType"] == kind and evaluate(resource, expression, model=models["r4"]) == [False]:
                yield f"{name}: {json.dumps(resource)[:200]}"
    parser = get_ucum_parser()
    for unit in {each["code"] for each in objects(bundle) if each.get("system") == "http://unitsofmeasure.org"}:
        try:
            parser.parse(unit)
        except Exception as error:  # of whatever kind the parser's grammar raises
            yield f"ucum: {unit}: {error}"
    for each in objects(bundle):
        if "value" in each and "code" in each and "system" not in each:
            yield f"qty-3: {each}"


def broken(text):
    """The same bundle with one fault for each judge: all must be told, or the judge sees nothing."""
    def change(work):
        bundle = json.loads(text)
        given = next(entry["resource"] for entry in bundle["entry"]
                     if entry["resource"]["resourceType"] == "MedicationAdministration")
        work(given)
        return json.dumps(bundle)
    yield "fhirkit", change(lambda given: given.pop("effectivePeriod"))
    yield "fhir.resources", change(lambda given: given.pop("effectivePeriod"))
    yield "mad-1", change(lambda given: given["dosage"].pop("dose"))
    yield "ucum", change(lambda given: given["dosage"]["dose"].update(code="mcg"))
    yield "qty-3", change(lambda given: given["dosage"]["dose"].pop("system"))


def main():
    failed = False
    for path in sys.argv[1:]:
        text = open(path, encoding="utf-8").read()
        found = list(complaints(text))
        print(f"{'FAILED ' if found else 'ok     '} {path}: {len(json.loads(text)['entry'])} resources")
        for each in found[:10]:
            print(f"        {each}")
        failed |= bool(found)
        for judge, fault in broken(text):
            if not any(each.startswith(judge) for each in complaints(fault)):
                print(f"FAILED  {path}: {judge} does not see its fault")
                failed = True
    sys.exit(1 if failed else 0)


main()
