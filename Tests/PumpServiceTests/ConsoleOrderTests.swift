import PumpFirmware
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpService

@Suite("What a host says to a firmware's console")
struct ConsoleOrderTests {
  @Test("A line names ticket, user, role and position, and then the request with its numbers")
  func lines() throws {
    let bolus = try Bolus(
      volume: Volume(femtolitres: 0x1234), duration: TimeSpan(nanoseconds: 0xdf8475800))
    let any = "ffffffffffffffff"
    let clinician = Operator(user: 1_000, role: .clinician)
    for (command, request) in [
      (.suspend, "suspend"), (.resume, "resume"), (.cancelBolus, "cancel-bolus"),
      (.patientBolus, "patient-bolus"), (.stop, "stop"),
      (.bolus(bolus, isConfirmed: true), "bolus 1234 df8475800 1"),
      (.prime(bolus, isConfirmed: false), "prime 1234 df8475800 0"),
      (.anchor(place: TimeSpan(nanoseconds: 31)), "anchor 1f"),
      (.refill(Volume(femtolitres: 32)), "refill 20"),
      (.acknowledge(.driveSilent), "acknowledge \(String(Alarm.driveSilent.rawValue, radix: 16))"),
      (
        .silence(.driveSilent, TimeSpan(nanoseconds: 33)),
        "silence \(String(Alarm.driveSilent.rawValue, radix: 16)) 21"
      ),
    ] as [(Command, String)] {
      let line = Ordered(command, ticket: 0x7a, by: clinician).consoleLine
      #expect(line == "order 7a 3e8 1 \(any) \(request)")
    }
    let based = Ordered(
      .resume, ticket: 1, by: Operator(user: 0, role: .patient), basis: 255)
    #expect(based.consoleLine == "order 1 0 2 ff resume")
  }

  @Test("Every request has one name everywhere; all but a change of profile are a console's too")
  func names() {
    let forms = CommandKind.allCases.compactMap { ConsoleRequest.form(of: $0) }
    let words = forms.map { "\($0.word)" }
    let verbs = Verb.allCases.filter { ![.status, .adopt, .endOutage].contains($0) }
    #expect(Set(words) == Set(verbs.map(\.rawValue)) && words.count == verbs.count)
  }
}
