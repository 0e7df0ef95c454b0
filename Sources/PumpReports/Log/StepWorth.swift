package import PumpJournal
import PumpProfiles
import PumpUnits

/// What a journal's steps and volumes hold in drug: each session says it of its own.
package struct StepWorth {
  private var sessions: [UInt32: JournalBinding] = [:]

  package init() {}

  /// Takes note of a record that begins a session.
  package mutating func note(_ record: JournalRecord) {
    guard case .opened(_, _, _, let binding, _) = record.entry else { return }
    sessions[record.session] = binding
  }

  /// What is in force in a record's session; `nil` where that does not say, or its beginning is lost.
  package func of(_ record: JournalRecord) -> JournalBinding? { sessions[record.session] }
}

extension JournalBinding {
  /// The mass in so many steps; `nil` beyond the arithmetic.
  func mass(ofSteps steps: UInt64) -> Mass? {
    (try? step.volume(ofSteps: steps)).flatMap { mass(in: $0) }
  }

  func mass(in volume: Volume) -> Mass? { try? concentration.mass(in: volume) }
}

extension JournalBinding? {
  /// The dose in brackets, to stand behind a number of steps; nothing where nobody knows it.
  func dose(ofSteps steps: UInt64) -> String {
    self?.mass(ofSteps: steps).map { " (\(Format.mass($0)))" } ?? ""
  }

  /// The dose in brackets, to stand behind a volume.
  func dose(in volume: Volume) -> String {
    self?.mass(in: volume).map { " (\(Format.mass($0)))" } ?? ""
  }
}
