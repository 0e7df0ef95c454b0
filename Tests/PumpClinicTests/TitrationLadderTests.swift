import PumpClinic
import PumpProfiles
import PumpUnits
import Testing

@Suite(
  "A ladder reaches the wanted dose in usual steps, a day apart, and in no more of them than needed"
)
struct TitrationLadderTests {
  private func limits(_ population: String) throws -> Drug.Population {
    try #require(try ClinicFiles.loader().drugs.first?.populations[population])
  }

  private func doses(_ from: UInt64, _ to: UInt64, _ population: String) throws -> [String] {
    try TitrationLadder(
      from: Mass(micrograms: from), to: Mass(micrograms: to), limits(population)
    ).doses.map(Format.mass)
  }

  // 100 × 1.3 = 130, × 1.3 = 169, × 1.3 = 219.7, × 1.3 = 285.61, and 300 is within 30 % of that. By 15 %: 115, 132.25,
  // and 150 is within 15 % of 132.25 (152.0875).
  @Test(
    "Up by at most 30 % for an adult of spinal origin, by at most 15 % of cerebral origin and for a child"
  )
  func up() throws {
    #expect(
      try doses(100, 300, "adult-spinal") == [
        "130 µg", "169 µg", "219.7 µg", "285.61 µg", "300 µg",
      ])
    #expect(try doses(100, 150, "adult-cerebral") == ["115 µg", "132.25 µg", "150 µg"])
    #expect(try doses(100, 150, "paediatric") == ["115 µg", "132.25 µg", "150 µg"])
    #expect(try doses(100, 130, "adult-spinal") == ["130 µg"])
    #expect(try doses(100, 100, "adult-spinal").isEmpty)
  }

  /// 300 × 0.8 = 240, × 0.8 = 192, × 0.8 = 153.6, and 150 is within 20 % of that.
  @Test("Down by at most 20 %")
  func down() throws {
    #expect(try doses(300, 150, "adult-spinal") == ["240 µg", "192 µg", "153.6 µg", "150 µg"])
  }

  @Test(
    "No step is larger than usual, to the femtogram, and none could be left out", arguments: 1...60)
  func everyStep(seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    func draw(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    let limits = try limits(["adult-spinal", "adult-cerebral", "paediatric"][Int(draw(3))])
    let from = Mass(femtograms: 20_000_000_000 + draw(1_000_000_000) * 1_000)
    let to = Mass(femtograms: 20_000_000_000 + draw(1_000_000_000) * 1_000)
    let ladder = try TitrationLadder(from: from, to: to, limits)
    #expect(ladder.doses.last == to || from == to, "seed \(seed)")
    let all = [from] + ladder.doses
    for (before, after) in zip(all, all.dropFirst()) {
      let (old, new) = (UInt128(before.femtograms), UInt128(after.femtograms))
      if to > from {
        #expect(
          new > old && new * 100_000 <= old * UInt128(100_000 + limits.softIncrease), "seed \(seed)"
        )
      } else {
        #expect(
          new < old && new * 100_000 >= old * UInt128(100_000 - limits.softDecrease), "seed \(seed)"
        )
      }
    }
    // Two steps at once would be more than one may be, but for the grain.
    for (before, after) in zip(all, all.dropFirst(2)) {
      let (old, new) = (Double(before.femtograms), Double(after.femtograms))
      let most = to > from ? Double(limits.softIncrease) : Double(limits.softDecrease)
      #expect(abs(new - old) / old * 100_000 > most - 1, "seed \(seed)")
    }
  }

  @Test("From nothing and to nothing there is no ladder, and none beyond the limit")
  func none() throws {
    let limits = try limits("adult-spinal")
    let dose = Mass(micrograms: 100)
    #expect(throws: TitrationLadder.Problem.fromNothing) {
      try TitrationLadder(from: .zero, to: dose, limits)
    }
    #expect(throws: TitrationLadder.Problem.toNothing) {
      try TitrationLadder(from: dose, to: .zero, limits)
    }
    #expect(throws: TitrationLadder.Problem.aboveLimit(Mass(micrograms: 2_003))) {
      try TitrationLadder(from: dose, to: Mass(femtograms: 2_003_000_000_001), limits)
    }
    var fixed = limits
    fixed.softIncrease = 0
    #expect(throws: TitrationLadder.Problem.noStep) {
      try TitrationLadder(from: dose, to: Mass(micrograms: 101), fixed)
    }
  }
}
