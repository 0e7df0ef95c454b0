import Foundation
import PumpDrive
import PumpHAL
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits
import Testing

@Suite("What a command answers in each state is the documented table's")
struct CommandStateTests {
  private enum State: String, CaseIterable { case idle, delivering, suspended, tripped, bolus }

  /// The table: a command's answers by its name, in the order of the states.
  private func table() throws -> [String: [String]] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Hardware/alarms-and-commands.md")
    let text = try String(contentsOf: path, encoding: .utf8)
    let part = try #require(text.components(separatedBy: "## ").first { $0.hasPrefix("Commands") })
    var table: [String: [String]] = [:]
    for line in part.split(separator: "\n") where line.hasPrefix("|") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      table[cells[0]] = Array(cells.dropFirst())
    }
    #expect(table["command"] == State.allCases.map(\.rawValue))
    return table
  }

  private func bolus() throws -> Bolus {
    try Bolus(volume: Volume(microlitres: 5), duration: TimeSpan(seconds: 600))
  }

  private func engine(_ state: State) throws -> ControlLoop<SimulatedBench<DigestTrace>> {
    let rule = try PatientBolusRule(bolus: bolus(), lockout: .hour, maximumPerDay: 4)
    var loop = ControlLoop(
      engine: Engine(
        settings: try Fixture.settings(),
        prescription: Fixture.prescription(
          .continuous(FlowRate(microlitresPerDay: 240)), patient: rule), grant: .unlimited),
      hardware: SimulatedBench(settings: Fixture.plant(), trace: DigestTrace()))
    if state == .idle { return loop }
    try loop.engine.perform(.begin(isConfirmed: true), at: .epoch)
    switch state {
    case .suspended: try loop.engine.perform(.suspend, at: .epoch)
    case .tripped: loop.engine.stop(because: .overDelivery, at: .epoch)
    case .bolus: try loop.engine.perform(.bolus(bolus(), isConfirmed: true), at: .epoch)
    case .idle, .delivering: break
    }
    return loop
  }

  private func commands() throws -> [(String, Command)] {
    let other = Fixture.prescription(.continuous(FlowRate(microlitresPerDay: 120)))
    return [
      ("begin", .begin(isConfirmed: true)), ("suspend", .suspend), ("resume", .resume),
      ("adopt", .adopt(other, place: .zero, isConfirmed: true)),
      ("bolus", .bolus(try bolus(), isConfirmed: true)),
      ("prime", .prime(try bolus(), isConfirmed: true)), ("cancel-bolus", .cancelBolus),
      ("patient-bolus", .patientBolus), ("anchor", .anchor(place: .hour)),
      ("refill", .refill(Volume(microlitres: 20_000))),
      ("acknowledge", .acknowledge(.overDelivery)), ("silence", .silence(.overDelivery, .hour)),
      ("stop", .stop),
    ]
  }

  @Test("Every command in every state")
  func everyCommand() throws {
    let table = try table()
    let commands = try commands()
    #expect(Set(table.keys) == Set(commands.map(\.0) + ["command", "---"]))
    for (name, command) in commands {
      let expected = try #require(table[name])
      var answers: [String] = []
      for state in State.allCases {
        var loop = try engine(state)
        let before = loop.engine.state
        do throws(Refusal) {
          try loop.engine.perform(command, at: .epoch)
          answers.append("yes")
        } catch {
          switch error {
          case .notPossible(let told):
            #expect(told == before, "\(name) while \(state)")
            answers.append("not-possible")
          case .bolusInProgress: answers.append("bolus-in-progress")
          case .noBolusInProgress: answers.append("no-bolus-in-progress")
          case .noSuchAlarm: answers.append("no-such-alarm")
          default: answers.append("\(error)")
          }
        }
      }
      #expect(answers == expected, "\(name)")
    }
  }
}
