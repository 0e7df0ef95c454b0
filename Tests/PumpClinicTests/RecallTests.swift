import Foundation
import PumpClinic
import PumpProfiles
import Testing

/// The patterns in which lots are really written; the records are made up, and carry no real lot.
@Suite("A lot is listed, can't be excluded, or was not found among so many reports of a day")
struct RecallTests {
  /// 2026-07-10, two days after the file's own day.
  private let today = Date(timeIntervalSince1970: 1_783_641_600)

  private static let names = ["baclofen", "Lioresal", "Gablofen"]

  private func record(
    _ codes: String?, more: String? = nil, product: String = "Baclofen injection, intrathecal",
    _ other: [String: Any] = [:]
  ) -> [String: Any] {
    var record: [String: Any] = [
      "recall_number": "D-0001-2026", "classification": "Class II", "status": "Ongoing",
      "product_description": product, "reason_for_recall": "synthetic",
      "recalling_firm": "Made Up Inc",
    ]
    record["code_info"] = codes
    record["more_code_info"] = more
    for (key, value) in other { record[key] = value }
    return record
  }

  private func search(
    _ records: [[String: Any]], of day: String? = "2026-07-08", total: Int? = nil
  ) throws -> RecallSearch {
    var envelope: [String: Any] = ["results": records]
    var meta: [String: Any] = [:]
    if let day { meta["last_updated"] = day }
    if let total { meta["results"] = ["skip": 0, "limit": records.count, "total": total] }
    envelope["meta"] = meta
    return RecallSearch(try RecallFile(JSONSerialization.data(withJSONObject: envelope)))
  }

  /// `listed`, `possible` or `not found`.
  private func answer(_ lot: String, _ records: [[String: Any]], of day: String? = "2026-07-08")
    throws -> String
  {
    switch try search(records, of: day).answer(lot: lot, of: Self.names, today: today) {
    case .listed: "listed"
    case .cannotBeExcluded: "possible"
    case .notFound: "not found"
    }
  }

  @Test(
    "As it is written: a list, pairs, sub-products, a date-like lot, blanks within, a scanned code",
    arguments: [
      ("69403B", "Lot #: 69403A, 69403B, Exp 10/15; 69404A, 69405A, Exp 11/15"),
      ("10111510", "Lot numbers and exp dates:  10108716  31-Mar-2013, \n10111510  30-Apr-2013"),
      ("90A026", "Lot #'s: a) 90A024, 90A026, Exp 09/13; b) 90A028, Exp 09/13"),
      ("072915", "Lot #: 072915, Exp 10/29/2015"),
      ("01052018@46", "Lot: 01052018@46 Use By: 2/9/2018"),
      ("20130130-B", "Lot #: 20130130-B, Exp 4/30/2013"),
      ("007a1037", "Lot 007A1037, Ref 010-55-25."),
      ("TFRS 130B 1503 KT34", "Lot TFRS 130B 1503 KT34"),
      ("439605-02", "Lot # 439605-01, Lot # 439605-02"),
      ("50V08131", "50V08131"), ("２０１１", "lots (2011)"), ("A1234", "A1234*"), ("A1234", "A1234®"),
      ("A1234", "A1234\u{200B}"), ("A1234", "A1234/"),
      ("0000000563", "0000000563/ (01)04546540688743(17)201031(10)0000000564;"),
      ("Lot A1234", "Lots B1, A1234"),
      ("A1234", "Lots: A1233, A1234."),
    ])
  func listed(lot: String, codes: String) throws {
    #expect(try answer(lot, [record(codes)]) == "listed")
    // Only in the second field, or only in the product's description.
    #expect(try answer(lot, [record("Lot 1", more: codes)]) == "listed")
    #expect(
      try answer(lot, [record("Lot 1", product: "Baclofen intrathecal \(codes)")]) == "listed")
  }

  @Test(
    "A part of a lot is no lot, nor is a date or a catalogue number",
    arguments: [
      ("2011", "Lot 20118000, Exp 04/30/2011"), ("6940", "69403A, 69403B"),
      ("A123", "Lots: A1234, XA123"),
      ("55", "Lot 007A1037, Ref 010-55-25."),
      ("1503", "Lot TFRS130B1503KT34"),
    ])
  func otherLots(lot: String, codes: String) throws {
    #expect(try answer(lot, [record(codes)]) == "not found")
  }

  @Test(
    "Alike but for blanks, punctuation, leading zeros and the letter O: can't be excluded",
    arguments: [
      ("A-1234", "Lot A1234"), ("A1234", "Lot A 1234"), ("0563", "Lot 563"),
      ("563", "Lot 0000000563"),
      ("AO12", "Lot A012"), ("A012", "Lot AO12"), ("072915", "Lot:072915"), ("B7", "A6/B7"),
      ("A1234", "Lot#A1234"), ("A1234", "A1234(exp 03/28)"), ("A1234", "A1234&B1"),
      ("A1234", "(10)A1234"), ("A1234", "Lot.A1234"), ("A1234", "A1234+B22"), ("A1234", "A1234@46"),
      ("A1234", "A1234_B"), ("A1234", "A1234|B1"),
      ("0000000564", "0000000563/ (01)04546540688743(17)201031(10)0000000564;"),
    ])
  func similar(lot: String, codes: String) throws {
    #expect(try answer(lot, [record(codes)]) == "possible")
  }

  @Test("A range that can be read decides; one that can't excludes nothing")
  func ranges() throws {
    let range = "1) Lot Number: 07110002 thru 07110009;2) Ref 12"
    for (lot, expected) in [
      ("07110002", "listed"), ("07110005", "listed"), ("07110009", "listed"),
      ("07110010", "not found"), ("07110001", "not found"), ("7110005", "possible"),
    ] {
      #expect(try answer(lot, [record(range)]) == expected, "\(lot)")
    }
    for (lot, codes, expected) in [
      ("AB105", "Lots AB100 through AB110", "listed"),
      ("AC105", "Lots AB100 through AB110", "not found"),
      ("AB105", "Lots AB100 through CD110", "possible"),
      ("412", "lot number from 00112 through 10412", "possible"),
      ("05000", "lot number from 00112 through 10412", "listed"),
      ("A1", "Expiration dates from 01/19/2012 through 05/02/2012", "possible"),
      ("A1250", "A1200-A1299", "listed"), ("A1250", "A1200\u{2013}A1299", "listed"),
      ("A1250", "A1200- A1299", "listed"), ("A1250", "A1200 -A1299", "listed"),
      ("A1250", "A1200 ~ A1299", "listed"), ("A1250", "A1200 up to A1299", "listed"),
      ("A1250", "A1200 through and including A1299", "listed"),
      ("A1300", "A1200-A1299", "not found"),
      ("A1250", "A1200 and up", "possible"), ("A1250", "A1299 thru A1200", "possible"),
      ("A-0050", "A0001 thru A0100", "listed"), ("A0050", "A-0001 thru A-0100", "listed"),
      ("42", "Lots 1 through 99", "possible"), ("42", "Lots 10 through 99", "listed"),
      ("12345678901234567890", "1 thru 99999999999999999999", "possible"),
      ("A1250", "THRU", "possible"), ("A1250", "A1 to", "not found"),
      ("A1250", "- A1 -", "not found"),
    ] {
      #expect(try answer(lot, [record(codes)]) == expected, "\(lot) in \(codes)")
    }
    // Numbers of products, and no lots.
    #expect(try answer("2", [record("1) - 5) Lot #030813")]) == "not found")
  }

  @Test(
    "A set that is open, or no lot at all, excludes nothing",
    arguments: [
      "All lots within expiry.", "All products.", "all lots:    AA141103  AB141103",
      "All lots manufactured between December 15, 2010 and November 15, 2011", "Not coded.",
      "lots including but not limited to: 02031103,", "All unexpired lots", "Any lot", "All", "N/A",
      "None.",
      "Unknown", "various", "See attachment", ".", " ", "All sterile products within expiry",
      "all codes",
    ])
  func openSets(codes: String) throws {
    #expect(try answer("A1234", [record(codes)]) == "possible")
    #expect(try answer("A1234", [record(nil)]) == "possible")
    #expect(try answer("A1234", [record("")]) == "possible")
  }

  @Test("Another drug, and the same name by mouth, are none of ours; what tells no product may be")
  func products() throws {
    let oral = record(
      "Lot A1234", product: "Baclofen",
      ["openfda": ["route": ["ORAL"], "generic_name": ["BACLOFEN"]]])
    #expect(try answer("A1234", [oral]) == "not found")
    #expect(
      try answer("A1234", [record("Lot A1234", product: "Baclofen Tablets USP 10 mg")])
        == "not found")
    #expect(
      try answer("A1234", [record("Lots A1-A2000", product: "Morphine sulfate injection")])
        == "not found")
    let spinal = record(
      "Lot A1234", product: "GABLOFEN 2000 mcg/mL",
      ["openfda": ["route": ["INTRATHECAL"], "generic_name": ["BACLOFEN INJECTION"]]])
    #expect(try answer("A1234", [spinal]) == "listed")
    var nameless = record("Lot A1234")
    nameless["product_description"] = nil
    #expect(try answer("A1234", [nameless]) == "listed")
  }

  @Test(
    "Recalls name the drug in many ways, and an oral word in a spinal product's text excludes nothing",
    arguments: [
      "Gablofen 500 mcg/mL prefilled syringe", "Lioresal Intrathecal 2000 mcg/mL",
      "Baclofen® injection",
      "Baclofen-PF 2000mcg/mL", "Baclofen/Sodium chloride injection",
      "hydromorphone/baclofen intrathecal",
      "Baclofen injection, intrathecal; not for oral use", "Baclofen suspension, compounded", "",
      "-",
    ])
  func named(product: String) throws {
    #expect(try answer("A1234", [record("Lot A1234", product: product)]) == "listed")
    let annotated = record(
      "Lot A1234", product: "Baclofen injection, intrathecal", ["openfda": ["route": ["ORAL"]]])
    #expect(try answer("A1234", [annotated]) == "listed")
    // A brand that only the annotation has; and the very lot beside another name.
    let branded = record(
      "Lot A1234", product: "2000 mcg", ["openfda": ["brand_name": ["GABLOFEN"]]])
    #expect(try answer("A1234", [branded]) == "listed")
    #expect(try answer("A1234", [record("Lot A1234", product: "Kit, pain")]) == "possible")
    #expect(try answer("A1234", [record("All lots", product: "Kit, pain")]) == "not found")
  }

  @Test(
    "A part of a file, an empty one, one of the other kind and one of a day to come clear nothing")
  func uselessFiles() throws {
    func because(_ search: RecallSearch, _ serial: String? = nil) -> String? {
      let answer =
        serial.map { search.answer(serial: $0, of: [], today: today) }
        ?? search.answer(lot: "A1234", of: Self.names, today: today)
      guard case .cannotBeExcluded(_, let because) = answer else { return nil }
      return because
    }
    let other = record("Lot B1")
    #expect(try because(search([other], total: 17_000)) == "the file is a part: 1 of 17000 reports")
    #expect(try because(search([other], total: 1)) == nil)
    #expect(try because(search([])) == "the file has no report")
    #expect(try because(search([other], of: "2099-01-01"))?.contains("has not come") == true)
    let device = record("Lot B1", product: "Baclofen injection", ["product_type": "Devices"])
    #expect(try because(search([device])) == "the file is of devices, not of drugs")
    let drug = record("Lot B1", product: "Baclofen injection", ["product_type": "Drugs"])
    #expect(try because(search([drug])) == nil)
    #expect(try because(search([drug]), "NGP1") == "the file is of drugs, not of devices")
  }

  @Test("A listed recall does not hide one that can't be excluded")
  func both() throws {
    let records = [
      record(
        "Lot A1234", product: "Baclofen injection",
        ["classification": "Class III", "recall_number": "D-3"]),
      record(
        "All lots", product: "Baclofen injection",
        ["classification": "Class I", "recall_number": "D-1"]),
    ]
    guard
      case .listed(let hits, let possible) = try search(records).answer(
        lot: "A1234", of: Self.names, today: today)
    else {
      Issue.record("not listed")
      return
    }
    #expect(hits.map(\.number) == ["D-3"] && possible.map(\.number) == ["D-1"])
  }

  @Test("What is no lot is not asked for")
  func lots() {
    for text in ["", "#", "A1234, C5", "A1;B2", "  "] {
      #expect(!RecallSearch.isLot(text), "\(text)")
    }
    for text in ["A1234", "TFRS 130B 1503 KT34", "Lot A1", "0"] {
      #expect(RecallSearch.isLot(text))
    }
  }

  @Test("A file that is old, or does not say its day, clears nothing; a hit in it is one")
  func age() throws {
    let other = record("Lot B1")
    #expect(try answer("A1234", [other], of: "2026-06-26") == "not found")
    #expect(try answer("A1234", [other], of: "2026-06-25") == "possible")
    #expect(try answer("A1234", [other], of: nil) == "possible")
    #expect(try answer("A1234", [other], of: "lately") == "possible")
    #expect(try answer("B1", [other], of: nil) == "listed")
    #expect(throws: RecallFile.Problem.self) { try RecallFile(Data("[]".utf8)) }
    let found = try search([other, other]).answer(lot: "A1234", of: Self.names, today: today)
    let day = try #require(CalendarDay("2026-07-08"))
    #expect(found == .notFound(among: 2, of: day))
    for text in ["20260708", "2026-07-08", "07/08/2026", "7/8/2026"] {
      #expect(RecallFile.day(text) == CalendarDay("2026-07-08"), "\(text)")
    }
  }

  @Test(
    "The gravest comes first, what is ended stays a hit, and what is not classified ranks after class I"
  )
  func order() throws {
    let classes = ["Class III", "Not Yet Classified", "Class I", "Class II"]
    let records = classes.enumerated().map { number, name in
      record(
        "Lot A1234",
        ["classification": name, "recall_number": "D-\(number)", "status": "Terminated"])
    }
    guard
      case .listed(let hits, _) = try search(records).answer(
        lot: "A1234", of: Self.names, today: today)
    else {
      Issue.record("not listed")
      return
    }
    #expect(
      hits.map(\.classification) == ["Class I", "Not Yet Classified", "Class II", "Class III"])
    #expect(hits.allSatisfy { $0.status == "Terminated" })
  }

  @Test(
    "A pump's serial number is looked for in every recall of implantable pumps, and of what has its name"
  )
  func devices() throws {
    func word(_ serial: String, _ name: [String], _ code: String) throws -> String {
      let device = record(
        "Serial numbers: NGP100 thru NGP199", product: "SynchroMed® II Infusion Systems",
        ["product_code": code])
      switch try search([device]).answer(serial: serial, of: name, today: today) {
      case .listed: return "listed"
      case .cannotBeExcluded: return "possible"
      case .notFound: return "not found"
      }
    }
    #expect(try word("NGP150", [], "LKK") == "listed" && word("NGP250", [], "LKK") == "not found")
    #expect(try word("NGP150", ["SynchroMed II"], "ABC") == "listed")
    // A range of another kind of device says nothing; the very number does.
    #expect(try word("NGP150", [], "ABC") == "not found")
    #expect(try word("NGP100", [], "ABC") == "possible")
  }
}
