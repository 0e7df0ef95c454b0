// swift-tools-version: 6.0
import PackageDescription

// A package of its own: the controller never depends on a parser of Swift.
let package = Package(
  name: "mutants",
  dependencies: [
    // The compiler's own parser: a mutant is a place in its tree.
    .package(url: "https://github.com/swiftlang/swift-syntax", exact: "603.0.1")
  ],
  targets: [
    .executableTarget(
      name: "schemata",
      dependencies: [
        .product(name: "SwiftParser", package: "swift-syntax"),
        .product(name: "SwiftSyntax", package: "swift-syntax"),
      ])
  ]
)
