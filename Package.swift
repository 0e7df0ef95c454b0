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
    .library(name: "PumpDrive", targets: ["PumpDrive"]),
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
    // What drive, supervisor, operator and journal say to each other.
    .target(
      name: "PumpMessages", dependencies: ["PumpUnits", "PumpHAL", "PumpTherapy"],
      swiftSettings: settings),
    .target(
      name: "PumpPlan", dependencies: ["PumpUnits", "PumpHAL", "PumpTherapy", "PumpMessages"],
      swiftSettings: settings),
    // Never PumpPlan: the supervisor's sum is its own.
    .target(
      name: "PumpSafety", dependencies: ["PumpUnits", "PumpHAL", "PumpTherapy", "PumpMessages"],
      swiftSettings: settings),
    // The one truth after a crash.
    .target(
      name: "PumpJournal",
      dependencies: ["PumpUnits", "PumpHAL", "PumpTherapy", "PumpMessages", "PumpSafety"],
      swiftSettings: settings),
    .target(
      name: "PumpDrive",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety",
        "PumpJournal",
      ],
      swiftSettings: settings),

    // A running pump, once. Never PumpPlan or PumpDrive: the supervisor's side can't see the drive's.
    .target(
      name: "PumpSession",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpMessages", "PumpSafety", "PumpJournal",
      ],
      swiftSettings: settings),

    // The controller of a board without an operating system, all but the board: images, console, flash.
    .target(
      name: "PumpFirmware",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety",
        "PumpJournal", "PumpDrive", "PumpSession",
      ],
      swiftSettings: settings),

    // What a run is recorded by, and hardware that answers from a record.
    .target(name: "PumpReplay", dependencies: ["PumpUnits", "PumpHAL"], swiftSettings: settings),

    // What every backend and every way to a journal promises, tried on one.
    .target(
      name: "PumpConformance",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpMessages", "PumpSafety", "PumpJournal",
        "PumpSession",
      ], swiftSettings: settings),

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
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpMessages", "PumpSafety", "PumpJournal",
        "CPumpGPIO",
        "CPumpLinux",
      ],
      swiftSettings: settings),

    // Edges: Foundation allowed.
    .target(
      name: "PumpProfiles",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety",
        "PumpDrive",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    // What a clinic does between a prescription and a pump: values, no input and no output.
    .target(
      name: "PumpClinic", dependencies: ["PumpUnits", "PumpTherapy", "PumpProfiles"],
      swiftSettings: settings),
    .target(
      name: "PumpRecords",
      dependencies: ["PumpJournal", "PumpMessages", "PumpSafety", "PumpUnits", "CSQLite"],
      swiftSettings: settings),
    // Profiles, benches and images found, read whole, and results written without losing what was there.
    .target(
      name: "PumpFiles",
      dependencies: [
        "PumpUnits", "PumpTherapy", "PumpMessages", "PumpSafety", "PumpJournal", "PumpDrive",
        "PumpFirmware",
        "PumpProfiles",
      ],
      swiftSettings: settings),
    // Simulation: a whole pump on a virtual clock, and campaigns of many.
    .target(
      name: "PumpScenarios",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety",
        "PumpJournal",
        "PumpDrive", "PumpSession", "PumpPlant", "PumpProfiles", "PumpFiles", "PumpService",
      ],
      swiftSettings: settings),
    // A running pump on Linux: the two channels' processes, the journal's thread, and the socket that it is spoken to
    // over; a board's console. No printing.
    .target(
      name: "PumpService",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety",
        "PumpJournal", "PumpDrive",
        "PumpSession", "PumpFirmware", "PumpLinux", "PumpReplay", "PumpProfiles", "PumpFiles",
        "CPumpLinux",
      ],
      swiftSettings: settings),
    // Every word, table and plot that people read, and what programs read.
    .target(
      name: "PumpReports",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety",
        "PumpJournal", "PumpDrive",
        "PumpSession", "PumpPlant", "PumpRecords", "PumpProfiles", "PumpFiles", "PumpService",
        "PumpScenarios", "PumpClinic",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: settings),
    // Counts a thread's allocations, for `itpump bench edges` and the tests.
    .target(name: "CAllocationCounter"),
    // How fast and how exact this machine is: what `itpump bench` measures.
    .target(
      name: "PumpBenchmarks",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety",
        "PumpDrive", "PumpSession", "PumpPlant", "PumpLinux", "PumpReplay", "PumpService",
        "PumpFiles", "PumpJournal", "PumpRecords", "PumpReports", "CAllocationCounter",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: settings),
    // What is done at a bench, followed from outside its real-time threads: runs, replays, calibrations, single lines.
    .target(
      name: "PumpBench",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety",
        "PumpJournal", "PumpDrive", "PumpPlant", "PumpLinux", "PumpReplay", "PumpProfiles",
        "PumpFirmware", "PumpSession", "PumpService", "PumpFiles", "PumpReports",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "itpump",
      dependencies: [
        "PumpUnits", "PumpHAL", "PumpTherapy", "PumpPlan", "PumpMessages", "PumpSafety",
        "PumpJournal",
        "PumpDrive", "PumpPlant", "PumpLinux", "PumpReplay", "PumpConformance", "PumpProfiles",
        "PumpRecords", "PumpFirmware", "PumpSession", "PumpScenarios", "PumpService", "PumpFiles",
        "PumpReports", "PumpClinic", "PumpBenchmarks", "PumpBench",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: settings),

    .testTarget(
      name: "PumpDriveTests",
      dependencies: [
        "PumpDrive", "PumpConformance", "PumpScenarios", "PumpSession", "PumpHAL", "PumpJournal",
        "PumpPlan", "PumpPlant", "PumpReplay",
        "PumpMessages", "PumpSafety",
        "PumpTherapy", "PumpUnits", "CAllocationCounter",
        .product(name: "BigInt", package: "BigInt"),
      ],
      swiftSettings: settings),

    .testTarget(
      name: "PumpProfilesTests",
      dependencies: [
        "PumpProfiles", "PumpDrive", "PumpPlan", "PumpMessages", "PumpSafety", "PumpTherapy",
        "PumpUnits",
        .product(name: "BigInt", package: "BigInt"),
        .product(name: "Yams", package: "Yams"),
      ],
      exclude: ["validate.py"], swiftSettings: settings),

    .testTarget(
      name: "PumpClinicTests",
      dependencies: ["PumpClinic", "PumpProfiles", "PumpTherapy", "PumpUnits"],
      swiftSettings: settings),
    .testTarget(
      name: "PumpSafetyTests",
      dependencies: [
        "PumpMessages", "PumpSafety", "PumpHAL", "PumpPlant", "PumpTherapy", "PumpUnits",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PumpSessionTests",
      dependencies: [
        "PumpSession", "PumpConformance", "PumpHAL", "PumpJournal", "PumpMessages", "PumpPlant",
        "PumpSafety", "PumpTherapy", "PumpUnits",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PumpServiceTests",
      dependencies: [
        "PumpService", "CPumpLinux", "PumpConformance", "PumpDrive", "PumpFirmware", "PumpHAL",
        "PumpJournal", "PumpLinux", "PumpMessages", "PumpPlan", "PumpPlant", "PumpProfiles",
        "PumpReplay", "PumpSafety",
        "PumpSession", "PumpTherapy", "PumpUnits",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PumpJournalTests",
      dependencies: [
        "PumpJournal", "PumpHAL", "PumpMessages", "PumpSafety", "PumpTherapy", "PumpUnits",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PumpFirmwareTests",
      dependencies: [
        "PumpFirmware", "PumpConformance", "PumpDrive", "PumpJournal", "PumpPlan", "PumpMessages",
        "PumpSafety", "PumpHAL", "PumpPlant", "PumpSession", "PumpTherapy", "PumpUnits",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PumpRecordsTests",
      dependencies: ["PumpRecords", "PumpJournal", "PumpMessages", "PumpSafety", "PumpUnits"],
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
        "PumpLinux", "PumpHAL", "PumpJournal", "PumpPlant", "PumpMessages", "PumpSafety",
        "PumpUnits",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ItpumpTests",
      dependencies: [
        "itpump", "CAllocationCounter", "PumpBench", "PumpBenchmarks", "PumpFiles", "PumpReports",
        "PumpService", "PumpDrive",
        "PumpScenarios", "PumpSession", "PumpHAL",
        "PumpJournal", "PumpLinux",
        "PumpPlan", "PumpPlant", "PumpProfiles", "PumpRecords", "PumpReplay", "PumpMessages",
        "PumpSafety",
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
