import PumpReplay
import PumpService

/// A record's entries on their way back, shared by the hardware and the orders.
final class RecordedEntries {
  private let entries: [RunEntry]
  private var at = 0
  private var hasStopped = false
  /// Whether more was asked for than the record has.
  private(set) var isExhausted = false
  /// Whether the hardware was asked for something that is not the next entry.
  var hasDiverged = false

  init(_ entries: [RunEntry]) { self.entries = entries }

  var remaining: Int { entries.count - at }

  func nextCall() -> HardwareCall? {
    guard at < entries.count else {
      isExhausted = true
      return nil
    }
    guard case .call(let call) = entries[at] else { return nil }
    at += 1
    return call
  }

  /// Takes the next call only where it says that there was news.
  func takeNews() -> Bool {
    guard at < entries.count, entries[at] == .call(.hadNews) else { return false }
    at += 1
    return true
  }

  /// What was ordered here; a record that ends or was left stops the replay, once.
  func takeOrder() -> SessionOrder? {
    guard !hasDiverged, at < entries.count else {
      isExhausted = isExhausted || !hasDiverged
      defer { hasStopped = true }
      return hasStopped ? nil : .stop
    }
    guard case .ordered(let order) = entries[at] else { return nil }
    at += 1
    return order
  }
}

struct RecordSource: HardwareCallSource, ~Copyable {
  let entries: RecordedEntries

  mutating func next() -> HardwareCall? { entries.nextCall() }

  mutating func takeNews() -> Bool { entries.takeNews() }

  mutating func wasLeft() { entries.hasDiverged = true }
}

struct RecordedOrders: SessionOrders {
  let entries: RecordedEntries

  mutating func take() -> SessionOrder? { entries.takeOrder() }
}
