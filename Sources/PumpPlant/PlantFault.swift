public import PumpHAL
public import PumpUnits

/// Something that goes wrong with the plant.
public enum PlantFault: Equatable, Sendable {
  /// The motor does not turn, whatever it is told.
  case stall(TimeSpan)
  /// The next so many steps do not turn it.
  case missedSteps(UInt64)
  /// The driver pulls its fault line.
  case driverFault(TimeSpan)
  /// The next wake-up comes this late.
  case lateWake(TimeSpan)
  /// The next edge comes this long after it was asked for.
  case slowEdge(TimeSpan)
  /// The next edge fails like this.
  case lineFailure(FaultKind)
  /// The sensors can't be read.
  case sensorsDead(TimeSpan)
  /// The battery's voltage falls to this many millivolts, and goes on from there.
  case battery(UInt32)
  /// The temperature becomes this many thousandths of a degree Celsius.
  case temperature(Int32)
  /// The wall clock is moved by so many seconds.
  case wallClock(Int64)
  /// The motor turns by itself as long as it is energised, at 200 steps a second.
  case creep(TimeSpan)
  /// Each of the next so many steps turns the motor twice as far.
  case doubledSteps(UInt64)
  /// The patient's button is held down.
  case buttonHeld(TimeSpan)
  /// The slow sensors say what can't be.
  case wildSensors(TimeSpan)
  /// The reservoir's sensor reads so much too low, for good: a leak, or a sensor that drifted.
  case reservoirLoss(Volume)
  /// A part of the bench fails its self-test.
  case testFails(SelfTestPart, TimeSpan)
}

/// When a fault happens.
public enum FaultTrigger: Equatable, Sendable {
  /// At the first wake-up from an instant on.
  case at(Instant)
  /// At the edge of this number, counted from 1 over all the driver's lines.
  case edge(UInt64)
}

/// A fault and when it happens.
public struct ScheduledFault: Equatable, Sendable {
  public var trigger: FaultTrigger
  public var fault: PlantFault

  public init(_ trigger: FaultTrigger, _ fault: PlantFault) {
    self.trigger = trigger
    self.fault = fault
  }
}

/// The faults of a run, in order.
public struct FaultSchedule: Sendable {
  private(set) var timed: [(at: Instant, fault: PlantFault)] = []
  private(set) var counted: [(edge: UInt64, fault: PlantFault)] = []

  /// Creates a schedule; faults of one instant keep their order.
  public init(_ faults: [ScheduledFault] = []) {
    for scheduled in faults {
      switch scheduled.trigger {
      case .at(let instant): timed.append((instant, scheduled.fault))
      case .edge(let edge): counted.append((max(1, edge), scheduled.fault))
      }
    }
    // Latest first, so that the next one is taken from the end; equal ones keep their order.
    timed = timed.enumerated().sorted { ($0.element.at, $0.offset) > ($1.element.at, $1.offset) }
      .map(\.element)
    counted = counted.enumerated()
      .sorted { ($0.element.edge, $0.offset) > ($1.element.edge, $1.offset) }.map(\.element)
  }

  /// A schedule drawn by chance: so many faults of all kinds over a time.
  public static func random(seed: UInt64, count: Int, over span: TimeSpan) -> [ScheduledFault] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in
      let at = Instant(nanoseconds: random.next() % max(1, span.nanoseconds))
      return ScheduledFault(.at(at), PlantFault.random(using: &random))
    }
  }

  /// When the next timed fault happens, and at which edge the next counted one.
  var nextInstant: Instant { timed.last?.at ?? .never }
  var nextEdge: UInt64 { counted.last?.edge ?? .max }

  mutating func takeTimed() -> PlantFault? { timed.popLast()?.fault }
  mutating func takeCounted() -> PlantFault? { counted.popLast()?.fault }
}

extension PlantFault {
  /// A fault of any kind, of a size that a bench may meet.
  public static func random(using random: inout SplitMix64) -> Self {
    let span = TimeSpan(milliseconds: 1 + random.next() % 600_000)
    switch random.next() % 16 {
    case 0: return .stall(span)
    case 1: return .missedSteps(1 + random.next() % 500)
    case 2: return .driverFault(span)
    case 3: return .lateWake(TimeSpan(microseconds: 1 + random.next() % 10_000_000))
    case 4: return .lineFailure(FaultKind(rawValue: UInt8(random.next() % 2)) ?? .notDelivered)
    case 5: return .sensorsDead(span)
    case 6: return .battery(UInt32(2_000 + random.next() % 1_000))
    case 7: return .slowEdge(TimeSpan(microseconds: 1 + random.next() % 10_000))
    case 8: return .temperature(Int32(20_000 + random.next() % 60_000))
    case 9: return .creep(span)
    case 10: return .doubledSteps(1 + random.next() % 50_000)
    case 11: return .buttonHeld(span)
    case 12: return .wildSensors(span)
    case 13: return .reservoirLoss(Volume(microlitres: random.next() % 6_000))
    case 14:
      let parts: [SelfTestPart] = [.enable, .watchdog, .index, .alarm, .clock]
      return .testFails(parts[Int(random.next() % 5)], span * 12)
    default: return .wallClock(Int64(random.next() % 14_400) - 7_200)
    }
  }
}
