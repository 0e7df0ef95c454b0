import PumpHAL
import PumpLinux
import Testing

@Suite("A GPIO failure names what it is about and what to do")
struct FailureTests {
  @Test("Every error number has a meaning for the engine; a chip that is gone is gone for good")
  func kinds() {
    #expect(LineFault(number: 19).kind == .deviceLost)
    #expect(LineFault(number: 6).kind == .deviceLost)
    #expect(LineFault(number: 22).kind == .notDelivered)
    #expect(LineFault(number: 16).kind == .notDelivered)
    // Whatever is unknown, a bus that did not answer first of all, may have moved the motor.
    #expect(LineFault(number: 5).kind == .deliveryUncertain)
    #expect(LineFault(number: 110).kind == .deliveryUncertain)
    #expect(LineFault(number: 12_345).kind == .deliveryUncertain)
  }

  @Test("The words name the subject and a remedy")
  func words() {
    func text(_ cause: GPIOFailure.Cause) -> String {
      "\(GPIOFailure(subject: "line '17' (step)", cause: cause))"
    }
    #expect(text(.busy(consumer: "gpioset")).contains("in use by 'gpioset'"))
    #expect(text(.system(13)).contains("usermod -aG gpio"))
    #expect(text(.system(19)).contains("the chip is gone"))
    #expect(text(.noGPIO).contains("no GPIO character device"))
    #expect(text(.noLibrary).contains("install libgpiod-dev"))
    #expect(text(.noSuchChip(present: ["/dev/gpiochip0 [x]"])).contains("/dev/gpiochip0 [x]"))
    #expect(text(.offsetBeyondChip(chip: "c", lineCount: 54)).contains("0 to 53"))
    #expect(text(.ambiguousLine(chip: "c", offsets: [3, 9])).contains("3, 9"))
    for cause in [GPIOFailure.Cause.noGPIO, .system(5), .busy(consumer: "")] {
      #expect(text(cause).hasPrefix("line '17' (step): "))
    }
  }

  @Test("A chip that is not there is refused by its name, whatever machine this is")
  func missingChip() {
    #expect(throws: GPIOFailure.self) { _ = try GPIOChip.find("no-such-chip") }
    #expect(throws: GPIOFailure.self) { _ = try GPIOChip.find("/dev/null") }
    #expect(throws: GPIOFailure.self) { _ = try GPIOChip.find("/no/such/device") }
    let wiring = BenchWiring(chip: "no-such-chip", lines: [:])
    #expect(throws: GPIOFailure.self) { _ = try wiring.resolve() }
  }
}
