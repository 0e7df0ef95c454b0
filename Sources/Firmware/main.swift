import CBoard
import PumpFirmware
import PumpHAL
import PumpUnits

/// The drive that the interrupt serves.
nonisolated(unsafe) var attached: UnsafeMutableRawPointer?

/// The timer's interrupt: the first channel.
@c(board_drive_interrupt) func driveInterrupt() {
  TheBoard.acknowledge()
  guard let attached else { return }
  attached.assumingMemoryBound(to: DriveSide<TheBoard>.self).pointee.serve()
}

/// The other timer's and the console's: it only ends the main loop's sleep.
@c(board_wake_interrupt) func wakeInterrupt() { TheBoard.acknowledgeWake() }

/// An invariant broke: the motor loses its power at once, and the watchdog resets the board.
@c(board_panic) func panic() { TheBoard.set(.enable, false) }

TheBoard.setUp()
Controller<TheBoard>.run(arena: board_arena_start(), bytes: board_arena_bytes())
