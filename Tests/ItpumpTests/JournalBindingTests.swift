import PumpJournal
import PumpMessages
import PumpSession
import PumpUnits
import Testing

@testable import itpump

@Suite("Doses of earlier sessions in the steps of this one")
struct JournalBindingTests {
  private func binding(_ femtolitres: UInt64, _ microgramsPerMillilitre: UInt64) throws
    -> JournalBinding
  {
    JournalBinding(
      step: try StepVolume(delivering: Volume(femtolitres: femtolitres), inSteps: 1),
      concentration: Concentration(microgramsPerMillilitre: microgramsPerMillilitre))
  }

  @Test("They carry at least as much drug, and no more than two steps more")
  func carriesAsMuch() throws {
    let bindings = try [
      binding(156_250, 500), binding(78_125, 500), binding(312_500, 500), binding(156_250, 2_000),
      binding(156_250, 250), binding(1_000, 50), binding(999_983, 1_999),
    ]
    for old in bindings {
      for new in bindings {
        for steps: UInt64 in [0, 1, 2, 1_000, 999_999_937] {
          let converted = old.steps(steps, as: new)
          // In picolitres times nanograms a millilitre, exactly.
          func drug(_ steps: UInt64, _ binding: JournalBinding) -> UInt128 {
            UInt128(steps) * UInt128(binding.step.numerator) / UInt128(binding.step.divisor)
              * UInt128(binding.concentration.nanogramsPerMillilitre)
          }
          let (was, is_, two) = (drug(steps, old), drug(converted, new), drug(2, new))
          #expect(is_ >= was, "\(steps) steps")
          #expect(old == new ? is_ == was : is_ <= was + two, "\(steps) steps")
        }
      }
    }
  }

  @Test("Half the step is twice the steps, and half the strength too")
  func examples() throws {
    let usual = try binding(156_250, 500)
    #expect(usual.steps(1_000, as: usual) == 1_000)
    #expect(usual.steps(1_000, as: try binding(78_125, 500)) == 2_001)
    #expect(usual.steps(1_000, as: try binding(312_500, 500)) == 501)
    #expect(usual.steps(1_000, as: try binding(156_250, 250)) == 2_001)
    #expect(usual.steps(1_000, as: try binding(156_250, 1_000)) == 501)
  }
}
