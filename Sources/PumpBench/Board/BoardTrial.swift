import PumpFiles
import PumpHAL
package import PumpLinux
package import PumpProfiles
import PumpService

/// Single lines of a board, set by hand.
package struct BoardTrial {
  private let board: Board
  private let wiring: BenchWiring.Resolved

  package init(_ board: Board, _ wiring: BenchWiring.Resolved) {
    self.board = board
    self.wiring = wiring
  }

  /// Asserts and releases an output twice a second, until a stop signal comes.
  ///
  /// - Returns: How often.
  /// - Throws: `ProjectFiles.Problem`.
  package func blink(_ request: LineRequest, times: Int) throws -> Int {
    do {
      let output = try OutputLine(request, on: wiring.chip)
      var count = 0
      while count < times {
        try output.set(.asserted)
        let signal = StopSignal.take(within: 250)
        try output.set(.released)
        count += 1
        if signal != nil || StopSignal.take(within: 250) != nil { break }
      }
      return count
    } catch let failure as GPIOFailure {
      throw ProjectFiles.Problem(description: "error: \(failure)")
    } catch let fault as LineFault {
      throw ProjectFiles.Problem(description: "error: \(request.title): \(fault)")
    }
  }

  /// De-energises the motor, and reads that back.
  ///
  /// - Returns: Whether the board has the line.
  /// - Throws: `ProjectFiles.Problem`, where the motor may still be energised.
  package func release() throws -> Bool {
    let byHand = "cut the motor's supply by hand"
    do {
      // ENABLE alone: no other line may stand in its way.
      guard let request = wiring.requests[.enable] else { return false }
      let enable = try OutputLine(request, on: wiring.chip)
      try enable.set(.released)
      guard try enable.read() == .released else {
        throw ProjectFiles.Problem(
          description: "\(board.name): error: ENABLE reads back as asserted: \(byHand)")
      }
      if let step = wiring.requests[.step] {
        // A STEP that stays high moves nothing while the motor is de-energised.
        try? OutputLine(step, on: wiring.chip).set(.released)
      }
      return true
    } catch let failure as GPIOFailure {
      throw ProjectFiles.Problem(description: "\(board.name): error: \(failure): \(byHand)")
    } catch let fault as LineFault {
      throw ProjectFiles.Problem(description: "\(board.name): error: \(fault): \(byHand)")
    }
  }
}
