import PumpDrive
import PumpProfiles
import PumpSafety
import PumpPlan
import PumpUnits
import Testing

@Suite("What a bench's files say of its motor reaches drive and supervisor")
struct MotorFigureTests {
  /// A profile's settings on the simulator's bench, with lines added to its driver's and its pump's file.
  private func bench(
    motion: String = "", pump more: String = ""
  ) throws -> (profile: Profile, bench: Bench) {
    let board = BenchLoader.board(try Files.text("Hardware/boards/simulator.yaml")).board
    let driver = try Files.text("Hardware/drivers/drv8825.yaml")
      .replacing(
        "  acceleration: 4000 steps/s2\n", with: "  acceleration: 4000 steps/s2\n" + motion)
    let pump = try Files.text("Hardware/pumps/peristaltic-50ul.yaml")
      .replacing("index-pulses: 32\n", with: "index-pulses: 32\n" + more)
    let sum = try #require(BenchLoader.checksum(of: pump))
    let sealed = pump.replacing(/checksum: ".*"/, with: "checksum: \"\(sum)\"")
    let made = BenchLoader.bench(
      board: try #require(board), driver: try #require(BenchLoader.driver(driver).driver),
      pump: try #require(BenchLoader.pump(sealed).pump))
    let profile = try Files.loader().load(try Files.text("Profiles/adult-spinal-night.yaml"))
    return (try #require(profile.profile), try #require(made.0))
  }

  @Test(
    "A delay that the motor follows, as given",
    arguments: [
      ("", 0), ("  follows-delay: 1.5 ms\n", 1_500), ("  follows-delay: 100 ms\n", 100_000),
    ])
  func followsDelay(line: String, microseconds: UInt64) throws {
    let (profile, bench) = try bench(motion: line)
    let settings = profile.engineSettings(on: bench)
    #expect(settings.motor.followsDelay == TimeSpan(microseconds: microseconds))
  }

  @Test(
    "Tries of a stalled motor, as given",
    arguments: [("", 2), ("stall-tries: 0\n", 0), ("stall-tries: 20\n", 20)])
  func stallTries(line: String, tries: UInt64) throws {
    let (profile, bench) = try bench(pump: line)
    #expect(profile.supervisorSettings(on: bench).stallTries == tries)
  }
}
