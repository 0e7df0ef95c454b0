import Foundation
import PumpLinux

/// SHA-256 as FIPS 180-4 defines it, written for tests: the journal's own is held against it.
enum SHA256Reference {
  static func digest(_ message: [UInt8]) -> [UInt8] {
    let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
    func fraction(_ root: Double) -> UInt32 {
      UInt32(truncatingIfNeeded: UInt64((root - root.rounded(.down)) * 4_294_967_296))
    }
    var state = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
    let constants = primes.prefix(64).map { fraction(cbrt(Double($0))) }
    var padded = message + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      padded.append(UInt8(truncatingIfNeeded: (UInt64(message.count) * 8) >> UInt64(shift)))
    }
    func turn(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
    for from in stride(from: 0, to: padded.count, by: 64) {
      var words = (0..<16).map { index in
        padded[(from + 4 * index)..<(from + 4 * index + 4)].reduce(UInt32(0)) {
          $0 << 8 | UInt32($1)
        }
      }
      for index in 16..<64 {
        let (early, late) = (words[index - 15], words[index - 2])
        let first = turn(early, 7) ^ turn(early, 18) ^ early >> 3
        let second = turn(late, 17) ^ turn(late, 19) ^ late >> 10
        words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
      }
      var now = state
      for index in 0..<64 {
        let sum = turn(now[4], 6) ^ turn(now[4], 11) ^ turn(now[4], 25)
        let choice = now[4] & now[5] ^ ~now[4] & now[6]
        let first = now[7] &+ sum &+ choice &+ constants[index] &+ words[index]
        let other = turn(now[0], 2) ^ turn(now[0], 13) ^ turn(now[0], 22)
        let majority = now[0] & now[1] ^ now[0] & now[2] ^ now[1] & now[2]
        now = [
          first &+ other &+ majority, now[0], now[1], now[2], now[3] &+ first, now[4], now[5],
          now[6],
        ]
      }
      for index in 0..<8 { state[index] = state[index] &+ now[index] }
    }
    return state.flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) }
    }
  }
}

/// A seal as a run would read it.
enum JournalSealProbe {
  static func read(_ journal: String) -> JournalSeal? { JournalSeal(ofJournal: journal) }
}
