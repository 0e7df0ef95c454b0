import ArgumentParser
import Foundation
import PumpDrive
import PumpFiles
import PumpHAL
import PumpJournal
import PumpLinux
import PumpMessages
import PumpProfiles
import PumpReports
import PumpSafety
import PumpService
import PumpSession
import PumpUnits

/// The parts that a run is put together of.
extension RunCommand {
  /// Serves whoever speaks to the pump.
  ///
  /// A pump that can't be spoken to runs all the same: what it does is prescribed.
  func server(
    _ control: SupervisedRun, _ plan: SessionPlan, _ profile: Profile, _ earlier: [Profile],
    _ bench: Bench, _ inputs: ProfileInputs, _ path: String?
  ) throws -> ServerThread? {
    var facts = PumpFacts(
      profile: profile, drugs: try InputFile.drugs(inputs.drugs), bench: bench, step: bench.step,
      board: bench.board.name, journal: path,
      startedBy: NSUserName(), openedOn: control.openedOn, opened: control.opened)
    if profile.mode == .periodic {
      facts.place = (place: plan.place ?? .zero, at: control.opened)
    }
    facts.ahead =
      try start.map { try StartArgument.resolve($0, in: profile.timeZone) }?.timeIntervalSinceNow
      ?? 0
    // Until when each was in force the journal does not say: until now, at the latest.
    facts.earlier = earlier.map { ($0, until: control.opened) }
    facts.unjudgedSince = plan.unjudgedSince.map { Date(timeIntervalSince1970: Double($0)) }
    // Two runs that start at once may choose the same free name.
    var attempts = socket == nil ? 5 : 1
    while true {
      attempts -= 1
      do {
        let server = try ServerThread(
          at: try socket ?? PumpSocket.new(for: bench.board.name), facts, try SiteRoles.read(),
          control.served)
        server.start()
        return server
      } catch {
        guard attempts == 0 else { continue }
        Console.note("warning: nobody can speak to this pump: \(error)")
        return nil
      }
    }
  }

  /// Puts drive, supervisor and journal together.
  func control<Store: RunStore & ~Copyable>(
    _ profile: Profile, _ bench: Bench, _ session: consuming RunOpening<Store>, isConfirmed: Bool,
    waits: Bool
  ) throws -> SupervisedRun {
    guard let channel = Channel(), let rings = SupervisedRun.Rings() else {
      throw ProjectFiles.Problem(description: "error: no memory for the channel")
    }
    var supervisor = profile.supervisorSettings(on: bench)
    // As often as the drive tells: evidence is then seen in half of the time that is allowed for it.
    supervisor.poll = RunSlice.length
    journaling.apply(to: &supervisor)
    let design = SupervisedRun.Design(
      plan: profile.drivePlan(
        on: bench, carried: session.plan.carried,
        recalled: session.memory.doses.map {
          RecalledDose(steps: $0.steps, by_ns: $0.by.nanoseconds)
        }, patientBoluses: session.memory.patientBoluses, lastBolus: session.memory.lastBolus,
        task: RunTask(
          singleBolus: session.plan.bolus, span: span?.span, isConfirmed: isConfirmed,
          isSupervised: true),
        realTime: realTime, isRecording: record != nil, fault: driveFault),
      supervisor: supervisor, isSuspect: !session.suspicions.isEmpty,
      hasWaitingProfile: waits, wish: realTime.guardsWish, note: Console.note)
    guard !bench.board.isSimulated else {
      return try SupervisedRun(
        design, session: session, channel: channel, rings: rings,
        claiming: { SimulatedGuard(channel: $0, stepsPerIndex: bench.stepsPerIndex) },
        drive: { $0.run(SimulatedStepperLines()) })
    }
    do {
      let wiring = try bench.board.wiring.resolve()
      return try SupervisedRun(
        design, session: session, channel: channel, rings: rings,
        claiming: { _ in try Self.guardBench(wiring, bench.board) },
        drive: { process in
          do throws(GPIOFailure) { return process.run(try GPIOStepperLines(wiring)) } catch {
            Console.note("\(bench.board.name): error: \(error)")
            return 3
          }
        })
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

extension Profile {
  /// What the drive is to do, in a run and in its replay.
  func drivePlan(
    on bench: Bench, carried: StepCounts, recalled: [RecalledDose], patientBoluses: [Instant],
    lastBolus: Instant?,
    task: RunTask,
    realTime: RealTimeOptions, isRecording: Bool, fault: DriveFault?
  ) -> DrivePlan {
    DrivePlan(
      settings: engineSettings(on: bench), prescription: prescription, carried: carried,
      recalled: recalled, patientBoluses: patientBoluses, lastBolus: lastBolus,
      task: task, wish: realTime.wish,
      pace: realTime.pace,
      supervisorTimeout: bench.board.supervisorTimeout,
      isRecording: isRecording, fault: fault)
  }
}
