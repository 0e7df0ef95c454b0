package import Foundation
import PumpDrive
package import PumpFirmware
package import PumpJournal
import PumpMessages
package import PumpProfiles
import PumpSafety
package import PumpTherapy
import PumpUnits

/// A compiled profile as a file: the words of `ImageFormat`, little-endian.
///
/// Commands that read a profile read its image too: there its bytes stand for the text.
package enum ImageFile {
  private static let mark = "ITPIMAGE"

  /// The image's bytes.
  package static func data(_ compiled: CompiledProfile) -> Data {
    var data = Data()
    compiled.encode { word in
      withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) }
    }
    return data
  }

  /// The bytes of an image as the text of a file; `nil` for any other file.
  package static func text(of data: Data) -> String? {
    guard data.starts(with: Data(mark.utf8)) else { return nil }
    return mark + " " + data.base64EncodedString()
  }

  /// The image that a text stands for; `nil` for any other text.
  ///
  /// - Throws: What is wrong with it.
  package static func compiled(from text: String, _ path: String) throws -> CompiledProfile? {
    guard text.hasPrefix(mark + " "), let data = Data(base64Encoded: String(text.dropFirst(9)))
    else { return nil }
    let words = Array(data)
    func word(_ place: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(words[8 * place + $1]) << UInt64(8 * $1) }
    }
    do throws(ImageProblem) {
      guard words.count % 8 == 0, words.count >= 16 else { throw .wrongLength }
      guard Int(word(1) >> 16 & 0xFFFF_FFFF) == words.count / 8 else { throw .wrongLength }
      return try CompiledProfile(count: words.count / 8, word: word)
    } catch {
      throw ProjectFiles.Problem(
        description: "\(path): error: \(describe(error)); compile the profile anew")
    }
  }

  package static func describe(_ problem: ImageProblem) -> String {
    switch problem {
    case .notAnImage: "not an image"
    case .laterVersion: "an image of a later version of itpump"
    case .wrongLength: "an image that is shorter or longer than it says"
    case .damaged: "a damaged image: its checksum is wrong"
    case .tooManyEntries: "a pattern with more entries than the board can search in time"
    case .outOfRange: "an image with a value that can't be"
    }
  }
}

extension JournalText {
  /// The first 40 bytes of a text, no character cut in two.
  package init(_ text: String) {
    self.init()
    var place = 0
    for character in text {
      let bytes = Array(String(character).utf8)
      guard place + bytes.count <= Self.size else { return }
      for byte in bytes {
        self[place] = byte
        place += 1
      }
    }
  }

  /// The text, without the zeros that pad it.
  package var text: String {
    String(decoding: (0..<Self.size).map { self[$0] }.prefix { $0 != 0 }, as: UTF8.self)
  }
}

extension Profile {
  /// The profile compiled for a bench.
  package func compiled(on bench: Bench) -> CompiledProfile {
    CompiledProfile(
      name: JournalText(name), population: JournalText(population), drug: JournalText(drug),
      lot: JournalText(lot), timeZone: JournalText(timeZone.identifier),
      expires: UInt64(expires.year * 10_000 + expires.month * 100 + expires.day),
      mode: UInt64(Mode.allCases.firstIndex(of: mode) ?? 0), catheterVolume: catheterVolume,
      run: CompiledRun(
        prescription: prescription, singleBolus: singleBolus, engine: engineSettings(on: bench),
        stepsPerIndex: bench.board.lines["index"] == nil ? nil : bench.stepsPerIndex,
        stallTries: bench.pump.stallTries))
  }

  /// The profile that was compiled, if it was for this bench.
  ///
  /// - Throws: `ProjectFiles.Problem`, where it was for another bench, or says what can't be.
  package init(_ image: CompiledProfile, on bench: Bench, _ path: String) throws {
    func problem(_ text: String) -> ProjectFiles.Problem {
      ProjectFiles.Problem(description: "\(path): error: \(text)")
    }
    let day = CalendarDay(
      String(
        format: "%04d-%02d-%02d", Int(image.expires / 10_000), Int(image.expires / 100 % 100),
        Int(image.expires % 100)))
    guard let day, let zone = TimeZone(identifier: image.timeZone.text),
      image.mode < UInt64(Mode.allCases.count)
    else { throw problem("an image with a date, a time zone or a mode that can't be") }
    let mode = Mode.allCases[Int(image.mode)]
    guard mode.fits(image.run.prescription.therapy) else {
      throw problem("an image whose kind of therapy is another than it says")
    }
    // A reservoir and a catheter of a person: what is beyond is no profile that was ever written.
    guard image.run.engine.reservoir.capacity <= Volume(microlitres: 100_000),
      image.catheterVolume <= Volume(microlitres: 5_000)
    else { throw problem("an image with a volume that can't be") }
    self.init(
      name: image.name.text, population: image.population.text, drug: image.drug.text,
      concentration: image.run.prescription.concentration, lot: image.lot.text, expires: day,
      reservoir: image.run.engine.reservoir, catheterVolume: image.catheterVolume, timeZone: zone,
      mode: mode, prescription: image.run.prescription,
      limits: image.run.engine.limits, singleBolus: image.run.singleBolus, patientBolusReason: nil)
    let own = compiled(on: bench)
    guard own.run.engine.step == image.run.engine.step,
      own.run.engine.driver == image.run.engine.driver,
      own.run.engine.motor == image.run.engine.motor,
      own.run.engine.backlogLimit == image.run.engine.backlogLimit,
      own.run.stepsPerIndex == image.run.stepsPerIndex, own.run.stallTries == image.run.stallTries
    else {
      throw problem(
        "it was compiled for another pump head, driver or board (stall-tries and follows-delay too) than \(bench.board.name); compile "
          + "the profile with --board for this one")
    }
  }
}

extension Profile.Mode {
  /// Whether a therapy is of this kind.
  package func fits(_ therapy: Therapy) -> Bool {
    switch (self, therapy) {
    case (.stopped, .stopped), (.minimumRate, .minimumRate), (.continuous, .continuous),
      (.periodic, .flex):
      true
    case (.flexDaily, .flex(let pattern)): pattern.period == .day
    case (.flexWeekly, .flex(let pattern)): pattern.period == TimeSpan(days: 7)
    default: false
    }
  }
}
