public import PumpUnits

/// What stands between the reservoir and the catheter's tip, as a line of solutions that push one another along: plug
/// flow.
///
/// Real fronts mix: what is new reaches the tip earlier than here, and the last of the old later [S42].
public struct CatheterLine: Equatable, Sendable {
  /// A length of the line that holds one solution.
  public struct Part: Equatable, Sendable {
    /// `nil` is saline, or nothing: no drug.
    public var solution: Concentration?
    public var volume: Volume

    public init(of solution: Concentration?, _ volume: Volume) {
      (self.solution, self.volume) = (solution, volume)
    }
  }

  /// From the tip to the reservoir; neighbours are never alike, and none is empty.
  public private(set) var parts: [Part]

  /// A line full of one solution.
  public init(of volume: Volume, filledWith solution: Concentration?) {
    parts = volume.isZero ? [] : [Part(of: solution, volume)]
  }

  /// All that it holds.
  public var volume: Volume {
    Volume(femtolitres: parts.reduce(0) { $0 + $1.volume.femtolitres })
  }

  /// Pushes a volume in at the reservoir's end.
  ///
  /// - Returns: What leaves the tip, in order; as much as is pushed.
  public mutating func push(_ volume: Volume, of solution: Concentration?) -> [Part] {
    guard !volume.isZero else { return [] }
    if parts.last?.solution == solution, let last = parts.indices.last {
      parts[last].volume = Volume(
        femtolitres: parts[last].volume.femtolitres + volume.femtolitres)
    } else {
      parts.append(Part(of: solution, volume))
    }
    var left: [Part] = []
    var rest = volume.femtolitres
    while rest > 0, let first = parts.first {
      let taken = min(rest, first.volume.femtolitres)
      left.append(Part(of: first.solution, Volume(femtolitres: taken)))
      rest -= taken
      if taken == first.volume.femtolitres {
        parts.removeFirst()
      } else {
        parts[0].volume = Volume(femtolitres: first.volume.femtolitres - taken)
      }
    }
    return left
  }

  /// The drug in some parts, rounded up.
  ///
  /// - Throws: `QuantityError.overflow`.
  public static func dose(in parts: [Part]) throws(QuantityError) -> Mass {
    var sum = Mass.zero
    for part in parts {
      guard let solution = part.solution else { continue }
      sum = try sum.adding(solution.mass(in: part.volume, .up))
    }
    return sum
  }
}
