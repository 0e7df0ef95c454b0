import Foundation

/// A part of a FHIR resource: what JSON can hold, and nothing that is empty.
///
/// FHIR forbids empty strings, arrays and objects; `nil` members are left out where a resource is put together.
package enum FHIRValue: Encodable, Equatable, ExpressibleByStringLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
  case text(String)
  case whole(Int)
  case decimal(Double)
  case truth(Bool)
  case list([FHIRValue])
  case object([String: FHIRValue])

  package init(stringLiteral text: String) { self = .text(text) }
  package init(integerLiteral number: Int) { self = .whole(number) }
  package init(booleanLiteral truth: Bool) { self = .truth(truth) }
  package init(arrayLiteral values: FHIRValue...) { self = .list(values) }

  /// An object of the members that are there.
  package static func of(_ members: KeyValuePairs<String, FHIRValue?>) -> FHIRValue {
    var kept: [String: FHIRValue] = [:]
    for (name, value) in members {
      guard let value, !value.isEmpty else { continue }
      kept[name] = value
    }
    return .object(kept)
  }

  private var isEmpty: Bool {
    switch self {
    case .text(let text): text.isEmpty
    case .list(let values): values.isEmpty
    case .object(let members): members.isEmpty
    case .whole, .decimal, .truth: false
    }
  }

  /// A member of an object.
  package subscript(name: String) -> FHIRValue? {
    guard case .object(let members) = self else { return nil }
    return members[name]
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .whole(let number): try container.encode(number)
    case .decimal(let number): try container.encode(number)
    case .truth(let truth): try container.encode(truth)
    case .list(let values): try container.encode(values)
    case .object(let members): try container.encode(members)
    }
  }
}

extension FHIRValue {
  /// A quantity with its UCUM unit: `ug`, `ug/h`, `ug/d`, `ug/mL`, `uL`, `mL`, `min`, `h`, `d`.
  static func quantity(_ value: Double, _ unit: String) -> FHIRValue {
    .of([
      "value": .decimal(value), "unit": .text(unit), "system": "http://unitsofmeasure.org",
      "code": .text(unit),
    ])
  }

  static func coding(_ system: String, _ code: String, _ display: String) -> FHIRValue {
    .of(["system": .text(system), "code": .text(code), "display": .text(display)])
  }

  /// A concept of which only words are known.
  static func words(_ text: String) -> FHIRValue { .of(["text": .text(text)]) }

  /// Somebody or something that has no resource of its own here.
  static func named(_ display: String) -> FHIRValue { .of(["display": .text(display)]) }
}
