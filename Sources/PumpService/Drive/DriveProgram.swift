package import PumpLinux

/// The drive as a program: this one, called by another name, with the memory that it shares with its supervisor.
package enum DriveProgram {
  /// What it is called by, and named as.
  package static var name: String { "itpump-drive" }

  /// The descriptor of the memory; those of locks come behind.
  private static var memoryFile: Int32 { 3 }

  /// What the program ends with where it was not started by a supervisor.
  package static var wrongStart: Int32 { 64 }

  /// What it ends with where it can't read its plan.
  package static var damagedPlan: Int32 { 65 }

  /// Whether a program was called as the drive.
  package static func isCalled(_ arguments: [String]) -> Bool {
    arguments.first?.split(separator: "/").last.map { $0 == name } ?? false
  }

  /// Starts it.
  ///
  /// - Parameters:
  ///   - program: The program's file.
  ///   - memory: What it shares with the caller.
  ///   - held: Files whose locks are held as long as it lives.
  /// - Throws: `LineFault`, with the error's number.
  package static func start(_ program: String, _ memory: DriveMemory, _ held: [Int32])
    throws(LineFault) -> ChildProcess
  {
    try ChildProcess(program, named: name, files: [memory.shared.file] + held)
  }

  /// What it does: claims its lines and runs to the end.
  ///
  /// - Parameter note: Tells people what nobody else can tell them any more.
  /// - Returns: The exit code.
  package static func run(note: @escaping (String) -> Void) -> Int32 {
    // A signal that ends it would leave the motor energised, whatever its supervisor does with signals.
    StopSignal.block()
    guard let memory = DriveMemory(opening: memoryFile) else {
      note("error: \(name) is a part of itpump run, which starts it; say itpump run")
      return wrongStart
    }
    let given: DriveHandover
    do throws(DriveHandover.Problem) { given = try memory.handover() } catch {
      note("error: \(name): its plan is damaged; start the run anew")
      return damagedPlan
    }
    ChildProcess.name(name)
    let process = DriveProcess(
      plan: given.plan, memory: memory, supervisor: given.supervisor, note: note)
    switch given.lines {
    case .simulated: return process.run(SimulatedStepperLines())
    case .chip(let chip, let requests, let board):
      do throws(GPIOFailure) {
        return process.run(
          try GPIOStepperLines(BenchWiring.Resolved(chip: chip, requests: requests)))
      } catch {
        note("\(board): error: \(error)")
        return 3
      }
    }
  }
}
