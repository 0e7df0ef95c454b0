import Foundation
import PumpDrive
import PumpLinux
import PumpMessages
import PumpTherapy
import PumpUnits

/// What the drive's process is given when it starts: its plan, its lines, and whose it is.
///
/// The same program reads what it wrote, so values stand as they lie in memory; what has no fixed size follows as
/// words, and the lines as JSON.
package struct DriveHandover {
  package var plan: DrivePlan
  package var lines: DriveLines
  /// The process that supervises it.
  package var supervisor: Int32

  /// Why what was given is none.
  package enum Problem: Error, Equatable, Sendable {
    /// It was cut, changed, or written by another program.
    case damaged
  }

  /// Everything of a fixed size, and how much of the rest there is.
  private struct Head: BitwiseCopyable {
    var settings: EngineSettings
    var carried: StepCounts
    var lastBolus: Instant?
    var task: RunTask
    var wish: RealTimeThread.Wish
    var pace: PacedClock.Pace
    var supervisorTimeout: TimeSpan
    var isRecording: Bool
    var fault: DriveFault?
    var supervisor: Int32
    var recalled: Int
    var patientBoluses: Int
    var prescriptionWords: Int
    var linesBytes: Int
  }

  package init(plan: DrivePlan, lines: DriveLines, supervisor: Int32) {
    self.plan = plan
    self.lines = lines
    self.supervisor = supervisor
  }

  /// It as bytes: the sum of the rest, their number, and they.
  package func bytes() throws -> [UInt8] {
    let lines = Array(try JSONEncoder().encode(lines))
    var words: [UInt64] = []
    plan.prescription.encode { words.append($0) }
    var rest: [UInt8] = []
    rest.add(
      Head(
        settings: plan.settings, carried: plan.carried, lastBolus: plan.lastBolus,
        task: plan.task, wish: plan.wish, pace: plan.pace,
        supervisorTimeout: plan.supervisorTimeout, isRecording: plan.isRecording,
        fault: plan.fault, supervisor: supervisor, recalled: plan.recalled.count,
        patientBoluses: plan.patientBoluses.count, prescriptionWords: words.count,
        linesBytes: lines.count))
    for dose in plan.recalled { rest.add(dose) }
    for instant in plan.patientBoluses { rest.add(instant) }
    for word in words { rest.add(word) }
    rest += lines
    var all: [UInt8] = []
    all.add(UInt64(CRC32C.sum(of: rest)))
    all.add(UInt64(rest.count))
    return all + rest
  }

  /// Reads it.
  ///
  /// - Parameter bytes: What `bytes` gave, and anything behind.
  package init(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
    var reader = Reader(bytes: bytes)
    let sum: UInt64 = try reader.next()
    let count: UInt64 = try reader.next()
    guard let count = Int(exactly: count), count <= bytes.count - reader.place,
      CRC32C.sum(of: Array(bytes[reader.place..<reader.place + count])) == sum
    else { throw .damaged }
    reader.bytes = UnsafeRawBufferPointer(rebasing: bytes[..<(reader.place + count)])
    let head: Head = try reader.next()
    let recalled: [RecalledDose] = try reader.next(head.recalled)
    let patientBoluses: [Instant] = try reader.next(head.patientBoluses)
    let words: [UInt64] = try reader.next(head.prescriptionWords)
    let text: [UInt8] = try reader.next(head.linesBytes)
    guard let prescription = try? Prescription(count: words.count, word: { words[$0] }),
      let lines = try? JSONDecoder().decode(DriveLines.self, from: Data(text))
    else { throw .damaged }
    plan = DrivePlan(
      settings: head.settings, prescription: prescription, carried: head.carried,
      recalled: recalled, patientBoluses: patientBoluses, lastBolus: head.lastBolus,
      task: head.task, wish: head.wish, pace: head.pace,
      supervisorTimeout: head.supervisorTimeout, isRecording: head.isRecording, fault: head.fault)
    self.lines = lines
    supervisor = head.supervisor
  }

  /// Values one behind the other, wherever they lie.
  private struct Reader {
    var bytes: UnsafeRawBufferPointer
    var place = 0

    mutating func next<Value: BitwiseCopyable>() throws(Problem) -> Value {
      let size = MemoryLayout<Value>.size
      guard bytes.count - place >= size else { throw .damaged }
      defer { place += size }
      return bytes.loadUnaligned(fromByteOffset: place, as: Value.self)
    }

    mutating func next<Value: BitwiseCopyable>(_ count: Int) throws(Problem) -> [Value] {
      guard count >= 0, count <= bytes.count - place else { throw .damaged }
      var values: [Value] = []
      for _ in 0..<count { values.append(try next()) }
      return values
    }
  }
}

extension [UInt8] {
  fileprivate mutating func add<Value: BitwiseCopyable>(_ value: Value) {
    Swift.withUnsafeBytes(of: value) { append(contentsOf: $0) }
  }
}
