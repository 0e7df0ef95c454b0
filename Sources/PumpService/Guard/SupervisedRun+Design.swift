package import PumpLinux
package import PumpSafety
package import PumpUnits

extension SupervisedRun {
  /// What a run is made of.
  package struct Design {
    package var plan: DrivePlan
    /// The drive's program, its lines, and what is held as long as it lives.
    package var program: String
    package var lines: DriveLines
    package var locks: [RunLock]
    package var supervisor: SupervisorSettings
    /// Whether the journal is not as its last session left it.
    package var isSuspect = false
    /// Whether a changed profile waits, and the one before it runs.
    package var hasWaitingProfile = false
    package var wish: RealTimeThread.Wish
    /// A drive that has not its plan and its lines by then is not waited for.
    package var longestStart: TimeSpan

    package init(
      plan: DrivePlan, program: String, lines: DriveLines,
      locks: [RunLock], supervisor: SupervisorSettings, isSuspect: Bool = false,
      hasWaitingProfile: Bool = false, wish: RealTimeThread.Wish, longestStart: TimeSpan
    ) {
      self.plan = plan
      self.program = program
      self.lines = lines
      self.locks = locks
      self.supervisor = supervisor
      self.isSuspect = isSuspect
      self.hasWaitingProfile = hasWaitingProfile
      self.wish = wish
      self.longestStart = longestStart
    }
  }
}
