import Foundation
import PumpClinic
import PumpProfiles
import Testing

/// The patterns in which lots are really written; the records are made up, and carry no real lot.
@Suite("A lot is listed, can't be excluded, or was not found among so many reports of a day")
struct RecallTests {
  /// 2026-07-10, two days after the file's own day.
  private let today = Date(timeIntervalSince1970: 1_783_641_600)

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

  private func search(_ records: [[String: Any]], of day: String? = "2026-07-08") throws
    -> RecallSearch
  {
    var envelope: [String: Any] = ["results": records]
    if let day { envelope["meta"] = ["last_updated": day] }
    return RecallSearch(try RecallFile(JSONSerialization.data(withJSONObject: envelope)))
  }

  /// `listed`, `possible` or `not found`.
  private func answer(_ lot: String, _ records: [[String: Any]], of day: String? = "2026-07-08")
    throws -> String
  {
    switch try search(records, of: day).answer(lot: lot, of: "baclofen", today: today) {
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
      ("50V08131", "50V08131"), ("２０１１", "lots (2011)"), ("A1234", "Lots: A1233, A1234."),
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
      ("55", "Lot 007A1037, Ref 010-55-25."), ("10", "(01)04546540688743(17)201031(10)0000000563"),
      ("1503", "Lot TFRS130B1503KT34"),
    ])
  func otherLots(lot: String, codes: String) throws {
    #expect(try answer(lot, [record(codes)]) == "not found")
  }

  @Test(
    "Alike but for blanks, hyphens, leading zeros and the letter O: can't be excluded",
    arguments: [
      ("A-1234", "Lot A1234"), ("A1234", "Lot A 1234"), ("0563", "Lot 563"),
      ("563", "Lot 0000000563"),
      ("AO12", "Lot A012"), ("A012", "Lot AO12"), ("072915", "Lot:072915"), ("B7", "A6/B7"),
    ])
  func similar(lot: String, codes: String) throws {
    #expect(try answer(lot, [record(codes)]) == "possible")
  }

  @Test("A range that can be read decides; one that can't excludes nothing")
  func ranges() throws {
    let range = "1) Lot Number: 07110002 thru 07110009;2) none"
    for (lot, expected) in [
      ("07110002", "listed"), ("07110005", "listed"), ("07110009", "listed"),
      ("07110010", "not found"),
      ("07110001", "not found"), ("7110005", "possible"),
    ] {
      #expect(try answer(lot, [record(range)]) == expected, "\(lot)")
    }
    #expect(try answer("AB105", [record("Lots AB100 through AB110")]) == "listed")
    #expect(try answer("AC105", [record("Lots AB100 through AB110")]) == "not found")
    #expect(try answer("AB105", [record("Lots AB100 through CD110")]) == "possible")
    #expect(try answer("412", [record("lot number from 00112 through 10412")]) == "possible")
    #expect(try answer("05000", [record("lot number from 00112 through 10412")]) == "listed")
    #expect(
      try answer("A1", [record("Expiration dates from 01/19/2012 through 05/02/2012")])
        == "possible")
    // Numbers of products, and no lots.
    #expect(try answer("2", [record("1) - 5) Lot #030813")]) == "not found")
  }

  @Test(
    "A set that is open, or no lot at all, excludes nothing",
    arguments: [
      "All lots within expiry.", "All products.", "all lots:    AA141103  AB141103",
      "All lots manufactured between December 15, 2010 and November 15, 2011", "Not coded.",
      "lots including but not limited to: 02031103,",
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
      try answer("A1234", [record("Lot A1234", product: "Morphine sulfate injection")])
        == "not found")
    let spinal = record(
      "Lot A1234", product: "GABLOFEN 2000 mcg/mL",
      ["openfda": ["route": ["INTRATHECAL"], "generic_name": ["BACLOFEN INJECTION"]]])
    #expect(try answer("A1234", [spinal]) == "listed")
    var nameless = record("Lot A1234")
    nameless["product_description"] = nil
    #expect(try answer("A1234", [nameless]) == "listed")
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
    let found = try search([other, other]).answer(lot: "A1234", of: "baclofen", today: today)
    #expect(found == .notFound(among: 2, of: try #require(CalendarDay("2026-07-08"))))
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
      case .listed(let hits) = try search(records).answer(
        lot: "A1234", of: "baclofen", today: today)
    else {
      Issue.record("not listed")
      return
    }
    #expect(
      hits.map(\.classification) == ["Class I", "Not Yet Classified", "Class II", "Class III"])
    #expect(hits.allSatisfy { $0.status == "Terminated" })
  }

  @Test("A pump's serial number is held against the recalls of devices in the same way")
  func devices() throws {
    let device = record(
      "Serial numbers: NGP100 thru NGP199", product: "SynchroMed II implantable pump",
      ["openfda": [:]])
    let search = try search([device])
    func word(_ serial: String, _ name: String) -> String {
      switch search.answer(serial: serial, of: name, today: today) {
      case .listed: "listed"
      case .cannotBeExcluded: "possible"
      case .notFound: "not found"
      }
    }
    #expect(word("NGP150", "SynchroMed II") == "listed")
    #expect(word("NGP250", "SynchroMed II") == "not found")
    #expect(word("NGP150", "Prometra") == "not found")
  }
}
