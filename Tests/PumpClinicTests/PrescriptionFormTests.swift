import Foundation
import PumpClinic
import PumpProfiles
import PumpUnits
import Testing

@Suite(
  "A profile by questions is the one that was meant, and a dangerous answer is asked for again")
struct PrescriptionFormTests {
  /// What a prescription begins with, as a person answers.
  private let head = [
    "night", "P-0042", "A. B., neurology", "night spasms", "baclofen", "adult-spinal", "2000 ug/mL",
    "A1234",
    "2028-03-31", "20 mL", "18 mL", "2 mL", "72 cm", "2.2 uL/cm",
  ]

  private func form(_ answers: [String]) throws -> PrescriptionForm {
    var form = PrescriptionForm(try ClinicFiles.loader())
    for answer in answers { _ = try form.answer(answer) }
    return form
  }

  private func profile(_ form: PrescriptionForm) throws -> Profile {
    let (profile, problems) = try ClinicFiles.loader().load(try #require(form.text))
    return try #require(profile, "\(problems.map(\.message))")
  }

  private func refusal(_ answers: [String], _ wrong: String) throws -> String {
    var form = try form(answers)
    let question = form.next?.path
    do throws(PrescriptionForm.Refusal) {
      _ = try form.answer(wrong)
    } catch {
      #expect(form.next?.path == question, "the same is asked again")
      return error.messages.joined(separator: "; ")
    }
    return ""
  }

  @Test("Every kind of therapy comes out as answered")
  func kinds() throws {
    let continuous = try profile(form(head + ["continuous", "300 ug/day"]))
    #expect(continuous.mode == .continuous && continuous.meanDosePerDay == Mass(micrograms: 300))
    #expect(
      continuous.prescribed
        == .init(patient: "P-0042", prescriber: "A. B., neurology", reason: "night spasms"))
    #expect(
      continuous.lot == "A1234" && continuous.concentration == .init(microgramsPerMillilitre: 2_000)
    )
    let periodic = try profile(form(head + ["periodic", "100 ug/day", "40 ug", "5 min", "6 h"]))
    #expect(periodic.mode == .periodic && Format.mass(periodic.meanDosePerDay) == "260 µg")
    let flex = try profile(
      form(
        head + [
          "flex", "Europe/Berlin", "00:00 12 ug/h", "06:30 8 ug/h", "22:00 12 ug/h",
          "22:00 25 ug over 10 min", "",
        ]))
    #expect(flex.mode == .flexDaily && Format.mass(flex.meanDosePerDay) == "251 µg")
    #expect(flex.timeZone.identifier == "Europe/Berlin")
    #expect(try profile(form(head + ["minimum-rate", "6 uL/day"])).mode == .minimumRate)
    #expect(try profile(form(head + ["stopped"])).mode == .stopped)
  }

  @Test("A flex profile by questions prescribes what the shipped one does")
  func shipped() throws {
    let form = try form(
      head + [
        "flex", "Europe/Berlin", "00:00 12 ug/h", "06:30 8 ug/h", "22:00 12 ug/h",
        "22:00 25 ug over 10 min", "",
      ])
    let shipped = try #require(
      try ClinicFiles.loader().load(try ClinicFiles.text("Profiles/adult-spinal-night.yaml"))
        .profile)
    #expect(try profile(form).prescription == shipped.prescription)
    #expect(try profile(form).reservoir == shipped.reservoir)
  }

  @Test("What has killed is refused where it is typed")
  func dangers() throws {
    // Ten times the concentration; a dose an hour for a dose a day; milligrams; a bolus beyond the limit, and in no time.
    #expect(try refusal(Array(head.prefix(6)), "20000 ug/mL").contains("no solution"))
    #expect(try refusal(Array(head.prefix(6)), "").contains("no default"))
    #expect(try refusal(head + ["continuous"], "300").contains("no unit"))
    #expect(try refusal(head + ["continuous"], "300 ug/h").contains("300 ug/h"))
    #expect(try refusal(head + ["continuous"], "300 mg/day") != "")
    #expect(try refusal(head + ["periodic", "0 ug/day"], "201 ug").contains("above the limit"))
    #expect(
      try refusal(head + ["periodic", "0 ug/day", "40 ug"], "5 s").contains("at least 1 min"))
    #expect(try refusal(Array(head.prefix(10)), "21 mL").contains("do not fit"))
    #expect(try refusal(Array(head.prefix(11)), "1 mL").contains("above the reserve"))
    #expect(try refusal(Array(head.prefix(8)), "2020-03-31").contains("expired"))
    #expect(try refusal(head, "bolus").contains("not one of"))
    #expect(try refusal(head + ["flex", "Europe/Berlin"], "06:30 8 ug/h").contains("00:00"))
    #expect(
      try refusal(head + ["flex", "Europe/Berlin", "00:00 8 ug/h"], "22:00 25 ug").contains(
        "how long"))
    // The whole day, with the answer that makes it so.
    #expect(try refusal(head + ["continuous"], "2500 ug/day").contains("2500"))
    #expect(
      try refusal(head + ["periodic", "1800 ug/day", "100 ug", "10 min"], "6 h").contains("2200"))
    #expect(try refusal(head + ["flex", "UTC"], "00:00 90 ug/h").contains("2160"))
    #expect(try refusal([], "Night Pump") != "")
    #expect(try refusal(["night"], "P\"1").contains("quotation marks"))
    // What YAML would read as something else.
    for zone in ["'UTC", "UTC # Europe/Berlin", "&a UTC"] {
      #expect(try refusal(head + ["flex"], zone).contains("not a time zone"), "\(zone)")
    }
    #expect(try refusal(head + ["flex", "UTC"], "00:00 12 ug/h} # /").contains("is not a unit"))
    #expect(try refusal(head + ["flex", "UTC"], "00:00 90000 ug/h").contains("no pump delivers"))
  }

  @Test("A rate says what it is in a day, a concentration what it is in mg/mL")
  func meaning() throws {
    var form = try form(Array(head.prefix(6)))
    #expect(try form.answer("2000 ug/mL") == "2000 µg/mL, 2 mg/mL")
    var flex = try self.form(head + ["flex", "UTC"])
    #expect(try flex.answer("00:00 12 ug/h") == "288 µg in a whole day")
  }

  @Test("One goes back to the question before, as far as the first, and rows one by one")
  func back() throws {
    var form = try form(head + ["flex", "UTC", "00:00 12 ug/h", "06:30 8 ug/h"])
    form.back()
    _ = try form.answer("07:00 9 ug/h")
    form.back()
    _ = try form.answer("07:30 10 ug/h")
    _ = try form.answer("")
    let text = try #require(form.text)
    #expect(text.contains("07:30") && !text.contains("07:00") && !text.contains("06:30"))
    for _ in 0..<40 { form.back() }
    #expect(form.next?.path == "profile" && form.text == nil)
  }
}
