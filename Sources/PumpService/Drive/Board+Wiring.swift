import PumpHAL
package import PumpLinux
package import PumpProfiles

extension Board {
  /// Whether no chip is behind it.
  package var isSimulated: Bool { chip == "simulated" }

  /// The lines as the GPIO backend asks for them.
  package var wiring: BenchWiring {
    var wired: [BenchLine: BenchWiring.Line] = [:]
    for role in BenchLine.allCases {
      guard let line = lines[role.role] else { continue }
      wired[role] = BenchWiring.Line(
        name: line.name, isActiveLow: line.isActiveLow, bias: line.bias.onTheChip,
        drive: line.drive.onTheChip, debounce: line.debounce)
    }
    return BenchWiring(chip: chip, lines: wired)
  }
}

extension Board.Bias {
  fileprivate var onTheChip: LineRequest.Bias {
    switch self {
    case .asIs: .asIs
    case .disabled: .disabled
    case .pullUp: .pullUp
    case .pullDown: .pullDown
    }
  }
}

extension Board.Drive {
  fileprivate var onTheChip: LineRequest.Drive {
    switch self {
    case .pushPull: .pushPull
    case .openDrain: .openDrain
    case .openSource: .openSource
    }
  }
}
