import PumpHAL
import PumpJournal
import PumpMessages
import PumpTherapy
import PumpUnits
import Testing

@testable import PumpSession

@Suite("The patient's button is a wish in the patient's role, and no more often than it was let go")
struct ButtonTests {
  @Test(
    "The patient's button asks once for what was pressed since the last look, and nobody is answered"
  )
  func button() throws {
    let scene = Scene()
    // Pressed before the session, and before the therapy began: that asks for nothing.
    scene.readings.buttonPresses = 7
    var session = try Pump.running(scene)
    var now = scene.now
    var results: [Answered.Result] {
      scene.entries.compactMap {
        if case .answered(_, .patientBolus, _, let result) = $0 { result } else { nil }
      }
    }
    func boluses() -> Int { scene.asked.filter { $0.command.kind == .patientBolus }.count }
    func wait(_ seconds: UInt64) {
      for _ in 0..<seconds {
        now = now + TimeSpan(seconds: 1)
        session.turn(at: now)
      }
    }
    wait(30)
    #expect(boluses() == 0)
    scene.readings.buttonPresses = 8
    wait(11)
    #expect(boluses() == 1)
    #expect(results == [.accepted])
    let first = scene.entries.contains { entry in
      if case .asked(let ticket, .patientBolus, 0, let by) = entry {
        ticket != 0 && by == .button
      } else {
        false
      }
    }
    #expect(first, "the journal has it before the drive, with whose it is")
    let refusedUntil = now
    scene.refusal = .lockedOut(until: refusedUntil)
    scene.readings.buttonPresses = 13
    wait(11)
    #expect(boluses() == 2, "five presses in ten seconds are one wish")
    #expect(results == [.accepted, .refused(.lockedOut(until: refusedUntil))])
    wait(60)
    #expect(boluses() == 2)
    do {
      let isSilent = session.nextAnswer() == nil
      #expect(isSilent)
    }
    // Held down for longer than a press can be: it is stuck, and not heeded.
    scene.readings.isButtonPressed = true
    wait(75)
    scene.readings.buttonPresses = 14
    wait(20)
    #expect(boluses() == 2)
    scene.readings.isButtonPressed = false
    scene.readings.buttonPresses = 15
    wait(11)
    #expect(boluses() == 3, "let go, it is heard again")
  }

  @Test("A button that was pressed before the therapy begins gives nothing when it does")
  func pressedBefore() throws {
    let scene = Scene()
    scene.readings.buttonPresses = 0
    var session = try Pump.session(scene)
    var now = Instant.epoch
    func wait(_ seconds: UInt64) {
      for _ in 0..<(10 * seconds) {
        now = now + TimeSpan(milliseconds: 100)
        session.turn(at: now)
      }
    }
    wait(30)
    scene.readings.buttonPresses = 3
    wait(15)
    session.begin(Beginning(at: now, place: .zero), at: now)
    wait(30)
    #expect(scene.asked.isEmpty)
  }
}
