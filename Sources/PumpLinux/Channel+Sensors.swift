import CPumpLinux
import Glibc
public import PumpHAL
import PumpMessages
import PumpSafety
import PumpTherapy
import PumpUnits

extension Channel {
  /// Lets the drive have what the sensors say.
  public func tell(_ readings: SensorReadings?) {
    var words = BoxWords()
    // A fault that was short is still there for a drive that looks late.
    if readings?.driverFault == true { faults += 1 }
    words[2] = faults
    if let readings {
      words[0] =
        (readings.driverFault ? 2 : 0) | (readings.isReservoirLow == true ? 4 : 0)
        | (readings.isReservoirLow == nil ? 0 : 8) | (readings.indexPulses == nil ? 0 : 16)
      words[1] = readings.indexPulses ?? 0
    } else {
      words[0] = 1
    }
    put(.sensors, words)
  }

  /// What the sensors say.
  ///
  /// - Throws: `LineFault`, where they could not be read.
  public func sensors() throws(LineFault) -> SensorReadings {
    guard let words = get(.sensors) else { return SensorReadings() }
    guard words[0] & 1 == 0 else { throw LineFault(number: EIO) }
    let hasFaulted = words[2] != faultsSeen
    faultsSeen = words[2]
    return SensorReadings(
      indexPulses: words[0] & 16 == 0 ? nil : words[1],
      driverFault: words[0] & 2 != 0 || hasFaulted,
      isReservoirLow: words[0] & 8 == 0 ? nil : words[0] & 4 != 0)
  }
}
