// swift-tools-version: 6.0
import PackageDescription

/// Settings of every Swift target; CI adds warnings as errors on the command line.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Settings of every C target; unsafe flags are for root packages, which this is.
let warnings: [CSetting] = [.unsafeFlags(["-Wall", "-Wextra"])]

/// The commit that `itpump --version` names.
///
/// The environment is asked, which `make` and the packages set, and not git: the package manager keeps a
/// manifest's answers from one commit to the next.
let commit: [CSetting] =
  (Context.environment["ITPUMP_COMMIT"]).map {
    [.define("PUMP_COMMIT", to: "\"\($0)\"")]
  } ?? []

let package = Package(
  name: "itpump",
  products: [
    .executable(name: "itpump", targets: ["itpump"]),
    .library(name: "PumpEngine", targets: ["PumpEngine"]),
    .library(name: "PumpPlant", targets: ["PumpPlant"]),
  ],
  dependencies: [
    // Arguments, help and shell completions: the tool every Swift reader knows.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    // YAML nodes with line and column; its decoder is not used, for it guesses types.
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    // Lateness percentiles, without keeping every edge.
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    // Tests only: the oracle's arbitrary-precision integers.
    .package(url: "https://github.com/attaswift/BigInt", from: "6.0.0"),
  ],
  targets: [
    // Pure: no Foundation, no clock, no I/O; also compiled as Embedded Swift.
    .target(name: "PumpUnits", swiftSettings: settings),
    .target(name: "PumpHAL", dependencies: ["PumpUnits"], swiftSettings: settings),
    .target(name: "PumpTherapy", dependencies: ["PumpUnits"], swiftSettings: settings),
    .target(
      name: "PumpPlan", dependencies: ["PumpUnits", "PumpHAL", "PumpTherapy", "PumpSafety"],
      swiftSettings: settings),
    // Never PumpPlan: the supervisor's sum is its own.
    .target(
      name: "PumpSafety", dependencies: ["PumpUnits", "PumpHAL", "PumpTherapy"],
      swiftSettings: settings),
    // The one truth after a crash.
    .target(
      name: "PumpJournal", dependencies: ["PumpUnits", "PumpHAL", "PumpTherapy", "PumpSafety"],
      swiftSettings: settings),
    .target(
      name: "PumpEngine",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpSafety", "PumpJournal",
      ],
      swiftSettings: settings),

    // The controller of a board without an operating system, all but the board: images, console, flash.
    .target(
      name: "PumpFirmware",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpSafety", "PumpJournal",
        "PumpEngine",
      ],
      swiftSettings: settings),

    // What a run is recorded by, and hardware that answers from a record.
    .target(name: "PumpReplay", dependencies: ["PumpUnits", "PumpHAL"], swiftSettings: settings),

    // What every backend promises, tried on one.
    .target(
      name: "PumpConformance", dependencies: ["PumpUnits", "PumpHAL"], swiftSettings: settings),

    // Backends: each implements PumpHAL and knows no engine.
    .target(name: "PumpPlant", dependencies: ["PumpUnits", "PumpHAL"], swiftSettings: settings),
    // The history's index: SQLite is the one database that is everywhere.
    .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CGpiod", pkgConfig: "libgpiod", providers: [.apt(["libgpiod-dev"])]),
    .target(name: "CPumpGPIO", dependencies: ["CGpiod"], cSettings: warnings),
    .target(name: "CPumpLinux", cSettings: warnings + commit),
    .target(
      name: "PumpLinux",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpSafety", "PumpJournal", "CPumpGPIO", "CPumpLinux",
      ],
      swiftSettings: settings),

    // Edges: Foundation allowed.
    .target(
      name: "PumpProfiles",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpSafety", "PumpEngine",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    .target(
      name: "PumpRecords", dependencies: ["PumpJournal", "PumpSafety", "PumpUnits", "CSQLite"],
      swiftSettings: settings),
    // Counts a thread's allocations, for `itpump bench edges` and the tests.
    .target(name: "CAllocationCounter"),
    .executableTarget(
      name: "itpump",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpSafety", "PumpJournal",
        "PumpEngine", "PumpPlant", "PumpLinux", "PumpReplay", "PumpConformance", "PumpProfiles",
        "PumpRecords", "PumpFirmware", "CAllocationCounter",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: settings),

    .testTarget(
      name: "PumpEngineTests",
      dependencies: [
        "PumpEngine", "PumpHAL", "PumpJournal", "PumpPlan", "PumpPlant", "PumpReplay", "PumpSafety",
        "PumpTherapy", "PumpUnits", "CAllocationCounter",
        .product(name: "BigInt", package: "BigInt"),
      ],
      swiftSettings: settings),

    .testTarget(
      name: "PumpProfilesTests",
      dependencies: [
        "PumpProfiles", "PumpEngine", "PumpPlan", "PumpSafety", "PumpTherapy", "PumpUnits",
        .product(name: "BigInt", package: "BigInt"),
        .product(name: "Yams", package: "Yams"),
      ],
      exclude: ["validate.py"], swiftSettings: settings),

    .testTarget(
      name: "PumpSafetyTests",
      dependencies: ["PumpSafety", "PumpHAL", "PumpPlant", "PumpTherapy", "PumpUnits"],
      swiftSettings: settings),
    .testTarget(
      name: "PumpJournalTests",
      dependencies: ["PumpJournal", "PumpHAL", "PumpSafety", "PumpTherapy", "PumpUnits"],
      swiftSettings: settings),
    .testTarget(
      name: "PumpFirmwareTests",
      dependencies: [
        "PumpFirmware", "PumpEngine", "PumpJournal", "PumpPlan", "PumpSafety", "PumpTherapy",
        "PumpUnits",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PumpRecordsTests",
      dependencies: ["PumpRecords", "PumpJournal", "PumpSafety", "PumpUnits"],
      swiftSettings: settings),
    .testTarget(
      name: "PumpTherapyTests", dependencies: ["PumpTherapy", "PumpPlant", "PumpUnits"],
      swiftSettings: settings),
    .testTarget(
      name: "PumpPlantTests", dependencies: ["PumpPlant", "PumpHAL", "PumpUnits"],
      swiftSettings: settings),

    .testTarget(
      name: "PumpConformanceTests",
      dependencies: [
        "PumpConformance", "PumpHAL", "PumpLinux", "PumpPlant", "PumpReplay", "PumpUnits",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PumpLinuxTests",
      dependencies: [
        "PumpLinux", "PumpHAL", "PumpJournal", "PumpPlant", "PumpSafety", "PumpUnits",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ItpumpTests",
      dependencies: [
        "itpump", "CAllocationCounter", "PumpEngine", "PumpHAL", "PumpJournal", "PumpLinux",
        "PumpPlan", "PumpPlant", "PumpProfiles", "PumpRecords", "PumpReplay", "PumpSafety",
        "PumpTherapy", "PumpUnits",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
    .testTarget(name: "TidyTests", swiftSettings: settings),
  ])

// Coverage-guided fuzzing is a program of its own over the same sources: `make fuzz`.
if Context.environment["ITPUMP_FUZZ"] == "1",
  let itpump = package.targets.first(where: { $0.name == "itpump" })
{
  package.targets += [
    .target(name: "CFuzz", path: "Tests/CoverageFuzz/CFuzz"),
    .executableTarget(
      name: "CoverageFuzz", dependencies: ["CFuzz"] + itpump.dependencies,
      path: "Tests/CoverageFuzz/Tests", swiftSettings: settings + [.define("FUZZING")]),
  ]
}
