package import PumpFiles
package import PumpHAL
package import PumpPlant
package import PumpProfiles

extension VCDTrace {
  /// A dump of some of a board's lines, into a file.
  package init(_ board: Board, _ lines: [BenchLine], _ file: OutputFile) {
    let named = lines.filter { board.lines[$0.role] != nil }
    self.init(
      names: Dictionary(uniqueKeysWithValues: named.map { ($0, $0.role) }),
      activeLow: Set(named.filter { board.lines[$0.role]?.isActiveLow ?? false }),
      write: file.append)
  }
}
