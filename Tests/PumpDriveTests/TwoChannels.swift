import PumpDrive
import PumpHAL
import PumpJournal
import PumpMessages
import PumpPlan
import PumpPlant
import PumpSafety
import PumpScenarios
import PumpSession
import PumpTherapy
import PumpUnits

typealias TestLoop<Wire: ChannelWire> = SupervisedLoop<
  SimulatedBench<WitnessTrace>, WitnessStore, Wire
>

extension Fixture {
  static func guarding(_ settings: EngineSettings, stepsPerIndex: UInt64? = 100)
    -> SupervisorSettings
  {
    SupervisorSettings(
      step: settings.step, limits: settings.limits, reservoir: settings.reservoir,
      backlogLimit: settings.backlogLimit, maximumRate: settings.motor.maximumRate,
      braking: TimeSpan(seconds: 2), stepsPerIndex: stepsPerIndex)
  }

  /// A bench with an index pulse every so many steps, that a witness watches.
  static func watchedBench(
    _ witness: Witness, stepsPerIndex: UInt64 = 100, faults: [ScheduledFault] = [],
    seed: UInt64 = 1
  ) -> SimulatedBench<WitnessTrace> {
    var plant = plant(faults: faults, seed: seed)
    plant.head.indexPulses = plant.head.stepsPerRevolution / stepsPerIndex
    return SimulatedBench(settings: plant, trace: WitnessTrace(witness: witness))
  }

  /// Both channels on a bench, from what a journal says; the drive may run another prescription.
  static func channels<Wire: ChannelWire>(
    _ settings: EngineSettings, _ prescription: Prescription, place: TimeSpan = .zero,
    on bench: consuming SimulatedBench<WitnessTrace>, journal: consuming Journal<WitnessStore>,
    wire: Wire, grant: Grant = .none, guarding: SupervisorSettings? = nil,
    drive: Prescription? = nil
  ) -> TestLoop<Wire> {
    let start = bench.now
    let carried = journal.state.carried
    let supervisor = Supervisor(
      settings: guarding ?? Fixture.guarding(settings), prescription: prescription, place: place,
      carried: carried, start: start, servedSince: journal.state.servedSince)
    let engine = Engine(
      settings: settings, prescription: drive ?? prescription, place: place, start: start,
      carried: carried, grant: grant)
    return TestLoop<Wire>(
      drive: ControlLoop(engine: engine, hardware: bench), supervisor: supervisor,
      journal: journal, wire: wire)
  }
}

/// Somebody beside the controller who sees every edge.
final class Witness {
  /// STEP rises so far, and when each was.
  private(set) var rises: [Instant] = []
  private(set) var enableFalls: [Instant] = []
  private(set) var isEnergised = false

  func saw(_ line: BenchLine, _ isAsserted: Bool, _ instant: Instant) {
    if line == .step, isAsserted { rises.append(instant) }
    guard line == .enable else { return }
    isEnergised = isAsserted
    if !isAsserted { enableFalls.append(instant) }
  }
}

/// Tells a witness every edge.
struct WitnessTrace: EdgeTrace {
  let witness: Witness
  private var digesting = DigestTrace()

  init(witness: Witness) { self.witness = witness }

  var digest: TraceDigest { digesting.digest }

  mutating func record(_ line: BenchLine, isAsserted: Bool, at instant: Instant) {
    digesting.record(line, isAsserted: isAsserted, at: instant)
    witness.saw(line, isAsserted, instant)
  }
}

/// A store in memory that keeps every write in order, with how many steps there were before it; the
/// process can die at one of them.
struct WitnessStore: JournalStore {
  struct Dead: Error {}

  struct Write {
    var block: JournalBlock
    var slot: UInt64
    var rises: Int
  }

  var base: MemoryStore
  let witness: Witness
  private(set) var writes: [Write] = []
  /// Before write number so many, counted from 1, the process dies; or after so many of its bytes.
  var diesAt: (write: Int, bytes: Int)?
  private(set) var isDead = false

  init(_ base: MemoryStore, _ witness: Witness) {
    self.base = base
    self.witness = witness
  }

  var slots: Range<UInt64> { base.slots }
  func slot(of sequence: UInt64) -> UInt64 { base.slot(of: sequence) }
  func read(_ slot: UInt64) throws(Dead) -> JournalBlock { base.blocks[Int(slot)] }

  mutating func write(_ block: JournalBlock, to slot: UInt64) throws(Dead) {
    guard !isDead else { throw Dead() }
    writes.append(Write(block: block, slot: slot, rises: witness.rises.count))
    guard let diesAt, writes.count == diesAt.write else { return base.write(block, to: slot) }
    isDead = true
    base.blocks[Int(slot)] = torn(base.blocks[Int(slot)], block, after: diesAt.bytes)
    throw Dead()
  }

  /// The same memory in a process that lives.
  func revived() -> Self { Self(base, witness) }
}

/// A record of which only so many bytes were written over what was there.
func torn(_ old: JournalBlock, _ new: JournalBlock, after bytes: Int) -> JournalBlock {
  var torn = old
  torn.withMutableBytes { target in
    new.withBytes { source in
      for index in 0..<bytes { target[index] = source[index] }
    }
  }
  return torn
}
