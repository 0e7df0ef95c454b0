import PumpMessages
import PumpTherapy
import PumpUnits

extension Supervisor {
  /// Holds the supervisor against what must be true of it after every turn and command.
  ///
  /// - Parameter broken: Is told each sentence that is not.
  public func checkInvariants(_ broken: (StaticString) -> Void) {
    alarms.checkInvariants(broken)
    if guarded > report.count { broken("the dose guard has counted no step that nobody told of") }
    if cutBy == nil, report.count > grantedCount {
      broken("a step beyond the grant takes the motor's power")
    }
    if let alarm = cutBy, alarm != .driveDisagrees, !alarms[alarm].isStanding {
      broken("the power is kept away as long as its alarm stands, and no longer")
    }
    if pendingCut != nil, pendingCut != cutBy {
      broken("the power goes for the reason that is told")
    }
    if let pendingGrant, pendingGrant.renewal > pendingGrant.until {
      broken("a grant is renewed before it ends")
    }
    if renewal > grantedUntil { broken("the grant in force is renewed before it ends") }
    if isStalling, stalledFrom > report.count {
      broken("a stall began no later than the last step")
    }
    if reservoir.filled > reservoir.capacity {
      broken("the reservoir holds no more than its capacity")
    }
    if !isBegun, demand != .none { broken("a therapy that rests demands nothing") }
  }
}
