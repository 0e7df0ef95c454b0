import BigInt
import PumpDrive
import PumpMessages
import PumpPlant
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSafety

/// What the second channel may permit, by definition and in exact fractions: the therapy's flow and that of its
/// boluses from the instant on that it runs, and a commanded bolus evenly over its time, until it is cut.
private struct AllowanceOracle {
  var flow = FlowOracle()
  var therapy = Therapy.stopped
  var anchor: UInt64 = 0
  var place: UInt64 = 0
  var laid: (bolus: Bolus, from: UInt64, until: UInt64)?
  var laidTo: UInt64 = 0

  private static let day = BigInt(86_400_000_000_000)

  private static func flow(_ bolus: Bolus) -> Rational {
    Rational(BigInt(bolus.volume.femtolitres) * day, BigInt(bolus.duration.nanoseconds))
  }

  mutating func lay(to end: UInt64) {
    var at = laidTo
    while at < end {
      var level = Rational(0)
      var next = end
      if let laid, at < laid.until {
        level = level + Self.flow(laid.bolus)
        next = min(next, laid.until)
      }
      switch therapy {
      case .stopped: break
      case .minimumRate(let flow), .continuous(let flow):
        level = level + Rational(BigInt(flow.femtolitresPerDay))
      case .flex(let pattern):
        let period = pattern.period.nanoseconds
        let here = (place % period + (at - anchor) % period) % period
        let basal = pattern.segments.filter { $0.start.nanoseconds <= here }.last?.flow ?? .zero
        level = level + Rational(BigInt(basal.femtolitresPerDay))
        next = min(
          next,
          at + (pattern.segments.map(\.start.nanoseconds).filter { $0 > here }.min() ?? period)
            - here)
        for entry in pattern.boluses {
          let since = (here + period - entry.start.nanoseconds) % period
          let duration = entry.bolus.duration.nanoseconds
          // One that had begun before the therapy did is not taken up.
          if since < duration, since <= at - anchor {
            level = level + Self.flow(entry.bolus)
            next = min(next, at + duration - since)
          } else {
            next = min(next, at + period - since)
          }
        }
      }
      flow.flow(from: at, level: level)
      at = next
    }
    laidTo = max(laidTo, end)
  }

  func volume(at instant: UInt64) -> Rational { flow.volume(at: instant) }
}

@Suite("The second channel's sum is the exact integral of what was prescribed and commanded")
struct AllowanceOracleTests {
  private static let braking = TimeSpan(milliseconds: 700)

  private static func supervisor(_ prescription: Prescription, place: TimeSpan) throws -> Supervisor
  {
    let settings = SupervisorSettings(
      step: try Fixture.step(), limits: Fixture.limits(),
      reservoir: try Fixture.settings().reservoir,
      backlogLimit: 64, maximumRate: 4_000, braking: braking, stepsPerIndex: nil)
    return Supervisor(settings: settings, prescription: prescription, place: place, start: .epoch)
  }

  @Test(
    "Over random programmes of begin, bolus, cancel, suspend, resume, adopt, refill, prime and fall-back",
    arguments: 0..<8)
  func randomProgrammes(block: Int) throws {
    var (boluses, patterns) = (0, 0)
    for seed in UInt64(block * 250)..<UInt64(block * 250 + 250) {
      var random = SplitMix64(seed: seed &+ 0xA110)
      let step = try Fixture.step()
      var prescription = Fixture.prescription(OracleRun.therapy(&random, step: step))
      var place = TimeSpan(nanoseconds: random.next() % TimeSpan.day.nanoseconds)
      var placedAt: UInt64 = 0
      var supervisor = try Self.supervisor(prescription, place: place)
      var oracle = AllowanceOracle()
      var (now, running, operations) = (Instant.epoch, false, UInt64(1))

      func hold(_ when: String, _ allowed: Volume, _ exact: Rational) -> Bool {
        let told = Rational(BigInt(allowed.femtolitres))
        // Each piece is rounded up by less than a femtolitre; a step is 156,250 of them.
        return told + Rational(1) > exact && told - exact < Rational(BigInt(400 + operations * 40))
      }
      func run(_ therapy: Therapy, from place: UInt64) {
        oracle.therapy = therapy
        oracle.anchor = now.nanoseconds
        oracle.place = place
      }

      for _ in 0..<24 {
        oracle.lay(to: now.nanoseconds)
        let at = now.nanoseconds
        operations += 1
        switch random.next() % 10 {
        case 0, 1:
          supervisor.began(at: now)
          running = prescription.therapy != .stopped
          run(prescription.therapy, from: place.nanoseconds + at - placedAt)
        case 2, 3:
          // A bolus, or a prime where nothing runs.
          let seconds = 1 + random.next() % 30
          let volume = try step.volume(ofSteps: 1 + random.next() % (3_000 * seconds))
          let bolus = try Bolus(volume: volume, duration: TimeSpan(seconds: seconds))
          supervisor.laid(bolus, at: now)
          oracle.laid = (bolus, at, at + bolus.duration.nanoseconds)
          boluses += 1
        case 4:
          supervisor.cancelled(at: now)
          if let laid = oracle.laid {
            oracle.laid?.until = max(min(laid.until, at + Self.braking.nanoseconds), laid.from)
          }
        case 5:
          supervisor.rested(at: now)
          running = false
          run(.stopped, from: 0)
          if let laid = oracle.laid {
            oracle.laid?.until = min(laid.until, at + Self.braking.nanoseconds)
          }
        case 6, 7:
          prescription = Fixture.prescription(OracleRun.therapy(&random, step: step))
          place = TimeSpan(nanoseconds: random.next() % TimeSpan.day.nanoseconds)
          placedAt = at
          supervisor.adopted(prescription, place: place, at: now)
          // Of a pump that rests only the prescription changes.
          if running {
            run(prescription.therapy, from: place.nanoseconds)
            running = prescription.therapy != .stopped
          }
          if case .flex(let pattern) = prescription.therapy, !pattern.boluses.isEmpty {
            patterns += 1
          }
        case 8:
          supervisor.refilled(Volume(microlitres: 20_000), at: now)
        default:
          let flow = supervisor.fallBackFlow
          supervisor.fellBack(to: flow, at: now)
          prescription = Fixture.prescription(flow.isZero ? .stopped : .minimumRate(flow))
          (place, placedAt) = (.zero, at)
          if let laid = oracle.laid {
            oracle.laid?.until = min(laid.until, at + Self.braking.nanoseconds)
          }
          if running {
            run(prescription.therapy, from: 0)
            running = prescription.therapy != .stopped
          }
        }
        let isDelivering = supervisor.isDelivering
        #expect(isDelivering == running, "seed \(seed)")
        // Ahead, before anything has asked for the time between; then step by step on the way there.
        let ahead = now + TimeSpan(nanoseconds: random.next() % 90_000_000_000)
        let told = supervisor.allowance.volume(ahead: ahead)
        var future = oracle
        future.lay(to: ahead.nanoseconds)
        #expect(
          hold("ahead", told, future.volume(at: ahead.nanoseconds)),
          "seed \(seed): ahead of \(now.nanoseconds) ns")
        for _ in 0..<3 {
          now = now + TimeSpan(nanoseconds: random.next() % 12_000_000_000)
          oracle.lay(to: now.nanoseconds)
          let allowed = supervisor.allowance.volume(by: now)
          #expect(
            hold("by", allowed, oracle.volume(at: now.nanoseconds)),
            "seed \(seed): at \(now.nanoseconds) ns")
        }
      }
    }
    #expect(boluses > 500 && patterns > 100, "\(boluses) \(patterns)")
  }

  @Test(
    "A bolus is near for twice its time and a minute, to the nanosecond, commanded or of the pattern"
  )
  func near() throws {
    let step = try Fixture.step()
    let bolus = try Bolus(volume: step.volume(ofSteps: 100), duration: TimeSpan(seconds: 30))
    let pattern = try FlexPattern(
      period: .hour, segments: [.init(start: .zero, flow: .zero)],
      boluses: [.init(start: TimeSpan(minutes: 10), bolus: bolus)])
    var commanded = Allowance(from: .epoch)
    commanded.lay(bolus, at: .epoch + TimeSpan(minutes: 10))
    var scheduled = Allowance(from: .epoch)
    scheduled.begin(.flex(pattern), place: .zero, at: .epoch)
    let last = Instant.epoch + TimeSpan(minutes: 12)
    for (at, isNear) in [(last, true), (last + TimeSpan(nanoseconds: 1), false)] {
      let (one, other) = (commanded.isBolusNear(at), scheduled.isBolusNear(at))
      #expect(one == isNear && other == isNear)
    }
    let before = scheduled.isBolusNear(.epoch + TimeSpan(minutes: 9))
    #expect(!before)
  }
}
