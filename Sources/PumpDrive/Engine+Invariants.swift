import PumpMessages
import PumpPlan
import PumpSafety

extension Engine {
  /// Holds the engine against what must be true of it after every turn and command.
  ///
  /// - Parameter broken: Is told each sentence that is not.
  public func checkInvariants(_ broken: (StaticString) -> Void) {
    books.checkInvariants(due: planner.planned, broken)
    purse.checkInvariants(count: count, broken)
    alarms.checkInvariants(broken)
    if (state == .delivering) == program.isSuspended {
      broken("the therapy runs while the pump delivers, and only then")
    }
    if program.isSuspended, nextScheduled != nil {
      broken("no bolus of the pattern waits while the therapy is held back")
    }
    if let next = nextScheduled, next.at < next.due {
      broken("a bolus of the pattern begins no earlier than the pattern has it")
    }
    if case .tripped(let alarm) = state {
      if program.bolus != nil || books.owed > 0 { broken("a tripped pump owes nothing") }
      if !alarms[alarm].isStanding {
        broken("a pump is tripped as long as its alarm stands, and no longer")
      }
      if sequencer.next == .rise { broken("a tripped pump plans no step") }
    }
    if isHeld, sequencer.next == .rise { broken("a held pump plans no step") }
    if guarded > books.delivered + books.uncertain {
      broken("the dose guard has counted no step that was not made")
    }
    if books.owed > settings.backlogLimit { broken("no more is owed than the backlog's limit") }
    if stepsBeforeFill > count { broken("the reservoir was filled before the last step") }
  }
}
