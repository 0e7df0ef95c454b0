import PumpUnits

extension Prescription {
  /// The CRC-32C of everything that it prescribes, never 0.
  ///
  /// Both channels work it out now and then: memory that was damaged is noticed by it.
  public var checksum: UInt32 {
    var sum = CRC32C()
    sum.add(concentration.nanogramsPerMillilitre)
    add(therapy, to: &sum)
    if let rule = patientBolus {
      add(rule.bolus, to: &sum)
      sum.add(rule.lockout.nanoseconds)
      sum.add(UInt64(rule.maximumPerDay))
    }
    return sum.value == 0 ? 1 : sum.value
  }

  private func add(_ therapy: Therapy, to sum: inout CRC32C) {
    switch therapy {
    case .stopped: sum.add(0 as UInt64)
    case .minimumRate(let flow):
      sum.add(1 as UInt64)
      sum.add(flow.femtolitresPerDay)
    case .continuous(let flow):
      sum.add(2 as UInt64)
      sum.add(flow.femtolitresPerDay)
    case .flex(let pattern):
      sum.add(3 as UInt64)
      sum.add(pattern.period.nanoseconds)
      for segment in pattern.segments {
        sum.add(segment.start.nanoseconds)
        sum.add(segment.flow.femtolitresPerDay)
      }
      for entry in pattern.boluses {
        sum.add(entry.start.nanoseconds)
        add(entry.bolus, to: &sum)
      }
    }
  }

  private func add(_ bolus: Bolus, to sum: inout CRC32C) {
    sum.add(bolus.volume.femtolitres)
    sum.add(bolus.duration.nanoseconds)
  }
}
