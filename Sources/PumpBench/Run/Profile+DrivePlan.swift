package import PumpDrive
package import PumpLinux
package import PumpMessages
package import PumpProfiles
package import PumpService
package import PumpUnits

extension Profile {
  /// What the drive is to do, in a run and in its replay.
  package func drivePlan(
    on bench: Bench, carried: StepCounts, recalled: [RecalledDose], patientBoluses: [Instant],
    lastBolus: Instant?,
    task: RunTask,
    wish: RealTimeThread.Wish, pace: PacedClock.Pace, isRecording: Bool, fault: DriveFault?
  ) -> DrivePlan {
    DrivePlan(
      settings: engineSettings(on: bench), prescription: prescription, carried: carried,
      recalled: recalled, patientBoluses: patientBoluses, lastBolus: lastBolus,
      task: task, wish: wish,
      pace: pace,
      supervisorTimeout: bench.board.supervisorTimeout,
      isRecording: isRecording, fault: fault)
  }
}
