import PumpHAL
import PumpLinux
import PumpMessages
import PumpPlant
import PumpService
import PumpUnits

/// A simulated bench in real time that notes when each step is made.
struct TimedBench: PumpHardware, ~Copyable {
  private var paced: PacedBench<SimulatedBench<DigestTrace>>
  private let clock: PacedClock
  private var noted: [Instant]
  private var count = 0

  init(
    _ bench: consuming SimulatedBench<DigestTrace>, _ clock: consuming PacedClock, _ capacity: Int
  ) {
    clock.restart(ahead: TimeSpan(milliseconds: 100))
    self.clock = clock.copy
    paced = PacedBench(base: bench, clock: clock)
    noted = [Instant](repeating: .epoch, count: capacity)
  }

  /// When each step since `forget` was made.
  var rises: ArraySlice<Instant> { noted[..<count] }

  mutating func forget() { count = 0 }

  mutating func readClock() -> Instant { paced.readClock() }

  mutating func wait(until deadline: Instant) -> Instant { paced.wait(until: deadline) }

  mutating func readWallClock() -> Int64 { paced.readWallClock() }

  mutating func set(_ line: DriverLine, _ level: LineLevel) throws(PlantFailure) {
    // Rises only: a fall comes right after its rise and would flatter the figures.
    if line == .step, level == .asserted, count < noted.count {
      noted[count] = clock.read()
      count += 1
    }
    try paced.set(line, level)
  }

  mutating func readBack(_ line: DriverLine) throws(PlantFailure) -> LineLevel {
    try paced.readBack(line)
  }

  mutating func readSensors() throws(PlantFailure) -> SensorReadings { try paced.readSensors() }

  mutating func sound(_ tone: AlarmTone) throws(NoFault) { try paced.sound(tone) }

  mutating func kickWatchdog() throws(NoFault) { try paced.kickWatchdog() }
}
