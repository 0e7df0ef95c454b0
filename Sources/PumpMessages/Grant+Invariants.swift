extension GrantPurse {
  /// Holds the purse against what must be true of it after every call.
  ///
  /// - Parameters:
  ///   - count: The pump's count of steps, made or maybe made.
  ///   - broken: Is told each sentence that is not.
  public func checkInvariants(count: UInt64, _ broken: (StaticString) -> Void) {
    if left > 0, count > grant.upTo || left > grant.upTo - count {
      broken("what is left of a grant leads no further than the grant")
    }
    if left > 0, until > grant.until {
      broken("what is left of a grant ends no later than the grant")
    }
  }
}
