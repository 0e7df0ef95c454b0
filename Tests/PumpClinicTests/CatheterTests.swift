import Foundation
import PumpClinic
import PumpProfiles
import PumpTherapy
import PumpUnits
import Testing

@Suite("The catheter's line: what is pushed in leaves at the tip, in its order")
struct CatheterTests {
  private let strong = Concentration(microgramsPerMillilitre: 2_000)
  private let weak = Concentration(microgramsPerMillilitre: 500)

  @Test("A front travels by what is pushed, and mixes with nothing")
  func plugFlow() throws {
    var line = CatheterLine(of: Volume(microlitres: 300), filledWith: strong)
    // 100 µL of the weak solution push out 100 µL of the strong one: 200 µg.
    let first = line.push(Volume(microlitres: 100), of: weak)
    #expect(first == [.init(of: strong, Volume(microlitres: 100))])
    #expect(try CatheterLine.dose(in: first) == Mass(micrograms: 200))
    // 250 µL more: 200 µL of the strong one are left, then 50 µL of the weak: 400 + 25 µg.
    let second = line.push(Volume(microlitres: 250), of: weak)
    #expect(
      second == [
        .init(of: strong, Volume(microlitres: 200)), .init(of: weak, Volume(microlitres: 50)),
      ])
    #expect(try CatheterLine.dose(in: second) == Mass(micrograms: 425))
    #expect(line.parts == [.init(of: weak, Volume(microlitres: 300))])
    // More than the line holds, in one go, and nothing at all.
    #expect(line.push(.zero, of: strong).isEmpty)
    #expect(
      line.push(Volume(microlitres: 700), of: strong) == [
        .init(of: weak, Volume(microlitres: 300)), .init(of: strong, Volume(microlitres: 400)),
      ])
  }

  @Test(
    "Whatever is pushed in pieces: the volume stays, and as much leaves as comes", arguments: 1...40
  )
  func conserved(seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    func draw(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    let whole = Volume(femtolitres: 1 + draw(400_000_000_000))
    var line = CatheterLine(of: whole, filledWith: draw(2) == 0 ? nil : strong)
    for _ in 0..<60 {
      let pushed = Volume(femtolitres: draw(90_000_000_000))
      let left = line.push(pushed, of: [strong, weak, nil][Int(draw(3))])
      let sum = left.reduce(UInt64(0)) { $0 + $1.volume.femtolitres }
      #expect(sum == pushed.femtolitres && line.volume == whole, "seed \(seed)")
      #expect(zip(line.parts, line.parts.dropFirst()).allSatisfy { $0.solution != $1.solution })
      #expect(line.parts.allSatisfy { !$0.volume.isZero }, "seed \(seed)")
    }
  }

  /// A profile of a constant dose; 72 cm of catheter at 2.2 µL/cm are 158.4 µL, and 140 of tubing make 0.2984 mL.
  private func profile(_ solution: String, _ therapy: String) throws -> Profile {
    let text = """
      profile: p
      population: adult-spinal
      drug: {name: baclofen, concentration: \(solution), lot: "A1", expires: 2028-03-31}
      reservoir: {capacity: 20 mL, volume: 18 mL, low-alarm: 2 mL}
      catheter: {length: 72 cm, volume-per-length: 2.2 uL/cm}
      \(therapy)
      """
    return try #require(try ClinicFiles.loader().load(text).profile)
  }

  private let tubing = Volume(microlitres: 140)

  private func hours(_ span: TimeSpan) -> Double { Double(span.nanoseconds) / 3.6e12 }

  /// V·C_old/D with V = 0.2984 mL, D = 300 µg a day: 0.2984 × 2000 / 300 × 24 = 47.744 h, 0.2984 × 500 / 300 × 24 =
  /// 11.936 h.
  @Test(
    "300 µg a day: 2000 to 500 takes 47.74 h, or gives 4 times for 11.94 h; 500 to 2000 the other way round"
  )
  func golden() throws {
    let therapy = "therapy: {continuous: 300 ug/day}"
    let (old, new) = (try profile("2000 ug/mL", therapy), try profile("500 ug/mL", therapy))
    let down = try Bridge(from: old, to: new, tubing: tubing)
    #expect(down.line == Volume(femtolitres: 298_400_000_000))
    #expect(
      abs(hours(down.lasting) - 47.744) < 0.0001 && abs(hours(down.unbridged) - 11.936) < 0.0001)
    #expect(down.factor == 4_000)
    #expect(
      down.dose == Mass(femtograms: 596_800_000_000)
        && down.prescribed == Mass(femtograms: 149_200_000_000))
    let up = try Bridge(from: new, to: old, tubing: tubing)
    #expect(abs(hours(up.lasting) - 11.936) < 0.0001 && abs(hours(up.unbridged) - 47.744) < 0.0001)
    #expect(up.factor == 250)
  }

  /// The published value of another line: 60 cm, 800 µg a day, 1000 to 2000: (0.132 + 0.14) × 1000 / 800 × 24 = 8.16 h.
  @Test("800 µg a day through 60 cm, 1000 to 2000, takes 8.16 h")
  func second() throws {
    var old = try profile("1000 ug/mL", "therapy: {continuous: 800 ug/day}")
    var new = try profile("2000 ug/mL", "therapy: {continuous: 800 ug/day}")
    old.catheterVolume = Volume(microlitres: 132)
    new.catheterVolume = Volume(microlitres: 132)
    let bridge = try Bridge(from: old, to: new, tubing: tubing)
    #expect(abs(hours(bridge.lasting) - 8.16) < 0.0001)
  }

  /// The line's own model as the witness: minute by minute, the old therapy pushes until the new solution is at the tip.
  @Test("Of a pattern too, the bridge ends in the minute in which the new solution reaches the tip")
  func pattern() throws {
    let flex = """
      therapy:
        flex:
          time-zone: UTC
          every-day:
            - {from: "00:00", rate: 12 ug/h}
            - {from: "06:30", rate: 8 ug/h}
            - {from: "22:00", rate: 12 ug/h}
            - {from: "22:00", dose: 25 ug, over: 10 min}
      """
    let (old, new) = (try profile("2000 ug/mL", flex), try profile("500 ug/mL", flex))
    for place in [0, 7 * 3_600, 22 * 3_600] {
      let start = TimeSpan(seconds: UInt64(place))
      let bridge = try Bridge(from: old, to: new, tubing: tubing, oldPlace: start, newPlace: start)
      var line = CatheterLine(of: bridge.line, filledWith: old.concentration)
      var minutes: UInt64 = 0
      var isThrough = false
      while !isThrough {
        let from = TimeSpan(seconds: UInt64(place) + minutes * 60)
        let pushed = try old.prescription.therapy.volume(from: from, lasting: TimeSpan(seconds: 60))
        isThrough = line.push(pushed, of: new.concentration).contains {
          $0.solution == new.concentration
        }
        minutes += 1
      }
      let found = bridge.lasting.nanoseconds
      // What leaves in the last minute may be the old solution to its end.
      #expect(
        found <= minutes * 60_000_000_000 && found + 120_000_000_000 > minutes * 60_000_000_000)
    }
  }

  @Test("Another catheter, and another patient's profile, are no change of concentration")
  func otherPump() throws {
    let therapy = "therapy: {continuous: 300 ug/day}"
    let old = try profile("2000 ug/mL", therapy + "\nprescribed: {patient: \"P-1\"}")
    var new = try profile("500 ug/mL", therapy)
    #expect(throws: Never.self) { try Bridge(from: old, to: new, tubing: tubing) }
    new.prescribed.patient = "P-2"
    #expect(throws: Bridge.Problem.otherPump) { try Bridge(from: old, to: new, tubing: tubing) }
    new.prescribed.patient = "P-1"
    new.catheterVolume = Volume(microlitres: 100)
    #expect(throws: Bridge.Problem.otherPump) { try Bridge(from: old, to: new, tubing: tubing) }
  }

  @Test("The same solution needs no bridge, and what does not flow has none")
  func none() throws {
    let therapy = "therapy: {continuous: 300 ug/day}"
    let old = try profile("2000 ug/mL", therapy)
    #expect(throws: Bridge.Problem.sameConcentration) {
      try Bridge(from: old, to: old, tubing: tubing)
    }
    let stopped = try profile("500 ug/mL", "therapy: stopped")
    #expect(throws: Bridge.Problem.neverThrough(isOld: false)) {
      try Bridge(from: old, to: stopped, tubing: tubing)
    }
    #expect(throws: Bridge.Problem.neverThrough(isOld: true)) {
      try Bridge(from: stopped, to: old, tubing: tubing)
    }
  }
}
