import PumpMessages

extension DeliveryLedger {
  /// Holds the ledger against what must be true of it after every entry.
  ///
  /// - Parameters:
  ///   - due: How many steps were ever due by the plan.
  ///   - broken: Is told each sentence that is not.
  public func checkInvariants(due: UInt64, _ broken: (StaticString) -> Void) {
    if planned != due { broken("every step that was due is delivered, uncertain, missed or owed") }
  }
}
