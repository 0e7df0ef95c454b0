package import PumpPlant
package import PumpProfiles
import PumpSafety
import PumpUnits

extension Profile {
  /// The simulated plant that this profile would run on.
  package func plant(on bench: Bench, wallSecondsAtStart: Int64) -> PlantSettings {
    let pump = bench.pump
    let steps = pump.fullStepsPerRevolution * bench.driver.microsteps * pump.gear.motor
    var head = PumpHead(
      volumePerRevolution: Volume(
        femtolitres: pump.volumePerRevolution.femtolitres * pump.gear.head),
      stepsPerRevolution: steps, rollers: pump.rollers * pump.gear.head,
      pulsationPermille: pump.pulsationPermille)
    head.indexPulses = pump.indexPulses * pump.gear.head
    return PlantSettings(
      head: head,
      filled: reservoir.filled, lowSwitch: reservoir.lowAlarm,
      catheter: Catheter(
        volume: pump.tubingVolume + catheterVolume, old: concentration, new: concentration),
      wallSecondsAtStart: wallSecondsAtStart)
  }
}
