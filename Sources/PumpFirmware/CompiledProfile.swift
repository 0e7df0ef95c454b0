public import PumpDrive
public import PumpJournal
import PumpMessages
import PumpSafety
public import PumpTherapy
public import PumpUnits

/// A profile and the bench it runs on, compiled.
public struct CompiledProfile: Sendable {
  /// What a person calls it, at most 40 bytes of UTF-8 each.
  public var name: JournalText
  public var population: JournalText
  public var drug: JournalText
  public var lot: JournalText
  /// The name of the zone that the pattern's times are read in.
  public var timeZone: JournalText
  /// The last day that the drug may be given, as year × 10,000 + month × 100 + day.
  public var expires: UInt64
  /// Which kind of therapy a person wrote, counted in the order of the profile's modes.
  public var mode: UInt64
  /// From the reservoir's outlet to the catheter's tip.
  public var catheterVolume: Volume
  public var run: CompiledRun

  public init(
    name: JournalText, population: JournalText, drug: JournalText, lot: JournalText,
    timeZone: JournalText, expires: UInt64, mode: UInt64, catheterVolume: Volume, run: CompiledRun
  ) {
    self.name = name
    self.population = population
    self.drug = drug
    self.lot = lot
    self.timeZone = timeZone
    self.expires = expires
    self.mode = mode
    self.catheterVolume = catheterVolume
    self.run = run
  }
}

/// What a controller without files needs to know of a compiled profile.
public struct CompiledRun: Sendable {
  public var prescription: Prescription
  /// A bolus to give once when the therapy begins.
  public var singleBolus: Bolus?
  public var engine: EngineSettings
  /// Steps from one index pulse to the next; `nil` without an index line.
  public var stepsPerIndex: UInt64?
  /// Index distances that a stalled motor gets to turn again.
  public var stallTries: UInt64

  public init(
    prescription: Prescription, singleBolus: Bolus?, engine: EngineSettings, stepsPerIndex: UInt64?,
    stallTries: UInt64
  ) {
    self.prescription = prescription
    self.singleBolus = singleBolus
    self.engine = engine
    precondition(
      stallTries <= SupervisorSettings.mostStallTries && (stepsPerIndex ?? 0) < 1 << 56,
      "a bench's loader permits no more than an image has room for")
    self.stepsPerIndex = stepsPerIndex
    self.stallTries = stallTries
  }
}

/// Why an image can't be used; firmware answers with the number.
public enum ImageProblem: UInt8, Error, Equatable, Sendable {
  /// It does not begin like one.
  case notAnImage = 1
  /// A later version wrote it.
  case laterVersion = 2
  /// It is shorter or longer than it says.
  case wrongLength = 3
  /// Its checksum is wrong.
  case damaged = 4
  /// It is whole, and a value in it can't be.
  case outOfRange = 5
  /// Its pattern has more entries than the board can search in time.
  case tooManyEntries = 6
}
