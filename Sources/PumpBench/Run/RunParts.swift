import Foundation
package import PumpDrive
import PumpFiles
import PumpHAL
import PumpJournal
package import PumpLinux
import PumpMessages
package import PumpProfiles
import PumpReports
package import PumpSafety
package import PumpService
import PumpSession
package import PumpUnits

/// The parts that a run on Linux is put together of.
package struct RunParts {
  /// How long it runs; until it is stopped, if not given.
  package var span: TimeSpan?
  /// Whether a clinician has confirmed doses beyond a soft limit.
  package var isConfirmed: Bool
  /// Whether a changed profile waits for somebody's word.
  package var hasWaitingProfile: Bool
  package var isRecording: Bool
  package var fault: DriveFault?
  /// What no second run may have, as long as this one's drive lives.
  package var locks: [RunLock]
  package var wish: RealTimeThread.Wish
  package var guardsWish: RealTimeThread.Wish
  package var pace: PacedClock.Pace
  /// The drive's program: this one, called by another name.
  package var program = ChildProcess.ownProgram
  /// How long it may take to have its plan and its lines: well beyond a slow card's reading of the program.
  package var longestStart = TimeSpan(seconds: 30)
  /// Sizes the grants.
  package var sizeGrants: (inout SupervisorSettings) -> Void

  package init(
    span: TimeSpan?, isConfirmed: Bool, hasWaitingProfile: Bool, isRecording: Bool,
    fault: DriveFault?, locks: [RunLock], wish: RealTimeThread.Wish,
    guardsWish: RealTimeThread.Wish,
    pace: PacedClock.Pace, sizeGrants: @escaping (inout SupervisorSettings) -> Void
  ) {
    self.span = span
    self.isConfirmed = isConfirmed
    self.hasWaitingProfile = hasWaitingProfile
    self.isRecording = isRecording
    self.fault = fault
    self.locks = locks
    self.wish = wish
    self.guardsWish = guardsWish
    self.pace = pace
    self.sizeGrants = sizeGrants
  }

  /// Puts drive, supervisor and journal together.
  package func control<Store: RunStore & ~Copyable>(
    _ profile: Profile, _ bench: Bench, _ session: consuming RunOpening<Store>
  ) throws -> SupervisedRun {
    var supervisor = profile.supervisorSettings(on: bench)
    // As often as the drive tells: evidence is then seen in half of the time that is allowed for it.
    supervisor.poll = RunSlice.length
    sizeGrants(&supervisor)
    var design = SupervisedRun.Design(
      plan: profile.drivePlan(
        on: bench, carried: session.plan.carried,
        recalled: session.memory.doses.map {
          RecalledDose(steps: $0.steps, by_ns: $0.by.nanoseconds)
        }, patientBoluses: session.memory.patientBoluses, lastBolus: session.memory.lastBolus,
        task: RunTask(
          singleBolus: session.plan.bolus, span: span, isConfirmed: isConfirmed,
          isSupervised: true),
        wish: wish, pace: pace, isRecording: isRecording, fault: fault),
      program: program, lines: .simulated, locks: locks, supervisor: supervisor,
      isSuspect: !session.suspicions.isEmpty,
      hasWaitingProfile: hasWaitingProfile, wish: guardsWish,
      longestStart: longestStart)
    guard !bench.board.isSimulated else {
      return try SupervisedRun(design, session: session) {
        SimulatedGuard(channel: $0, stepsPerIndex: bench.stepsPerIndex)
      }
    }
    do {
      let wiring = try bench.board.wiring.resolve()
      design.lines = DriveLines(wiring, board: bench.board.name)
      return try SupervisedRun(design, session: session) { _ in
        try Self.guardBench(wiring, bench.board)
      }
    } catch let problem as ProjectFiles.Problem {
      throw problem
    } catch {
      throw ProjectFiles.Problem(description: "\(bench.board.name): error: \(error)")
    }
  }

  static func guardBench(_ wiring: BenchWiring.Resolved, _ board: Board)
    throws(GPIOFailure) -> GPIOGuard
  {
    var watchdog: Watchdog?
    if let named = board.watchdog {
      watchdog = try Watchdog(path: named.device, timeout: named.timeout)
    }
    return try GPIOGuard(wiring, watchdog: watchdog)
  }
}
