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
    """The same bundle with one fault for each judge and rule: each must be told, or the judge sees nothing."""
    def changed(kind, is_meant, work):
        bundle = json.loads(text)
        for entry in bundle["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] == kind and is_meant(resource):
                work(resource)
                return json.dumps(bundle)
        return None

    def timing(resource, key):
        return next((each["timing"]["repeat"] for each in resource["dosageInstruction"]
                     if key in each.get("timing", {}).get("repeat", {})), None)

    def most(resource):
        return next((each["maxDosePerPeriod"] for each in resource["dosageInstruction"] if "maxDosePerPeriod" in each),
                    None)

    given, request = "MedicationAdministration", "MedicationRequest"
    faults = [
        ("fhirkit", given, lambda r: True, lambda r: r.pop("effectivePeriod")),
        ("fhir.resources", request, lambda r: True, lambda r: r.update(intents="order")),
        ("mad-1", given, lambda r: "dosage" in r, lambda r: r["dosage"].pop("dose")),
        ("ucum", given, lambda r: "dosage" in r, lambda r: r["dosage"]["dose"].update(code="mcg")),
        ("qty-3", given, lambda r: "dosage" in r, lambda r: r["dosage"]["dose"].pop("system")),
        ("per-1", given, lambda r: "end" in r["effectivePeriod"],
         lambda r: r["effectivePeriod"].update(end="2000-01-01T00:00:00Z")),
        ("tim-1", request, lambda r: timing(r, "duration"), lambda r: timing(r, "duration").pop("durationUnit")),
        ("tim-2", request, lambda r: timing(r, "period"), lambda r: timing(r, "period").pop("periodUnit")),
        ("tim-4", request, lambda r: timing(r, "duration"), lambda r: timing(r, "duration").update(duration=-1)),
        ("tim-10", request, lambda r: timing(r, "timeOfDay"), lambda r: timing(r, "timeOfDay").update(when=["HS"])),
        ("rat-1", request, most, lambda r: most(r).pop("denominator")),
    ]
    for judge, kind, is_meant, work in faults:
        fault = changed(kind, is_meant, work)
        if fault:
            yield judge, fault


def main():
    failed, seen = False, set()
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        found = list(complaints(text))
        print(f"{'FAILED ' if found else 'ok     '} {path}: {len(json.loads(text)['entry'])} resources")
        for each in found[:10]:
            print(f"        {each}")
        failed |= bool(found)
        for judge, fault in broken(text):
            if judge in seen:
                continue
            seen.add(judge)
            if not any(each.startswith(judge) for each in complaints(fault)):
                print(f"FAILED  {path}: {judge} does not see its fault")
                failed = True
    unproved = {"fhirkit", "fhir.resources", "ucum", "qty-3", *(name for _, name, _ in INVARIANTS)} - seen
    if unproved:
        print(f"FAILED  no bundle had what these judge: {', '.join(sorted(unproved))}")
    print(f"{len(seen)} judges and rules see their fault")
    sys.exit(1 if failed or unproved else 0)


main()
