import Foundation

/// What the kernel does with an output whose program has died.
///
/// A Raspberry Pi kernel keeps its level unless `dtparam=strict_gpiod` is set
/// (https://github.com/raspberrypi/linux/pull/6117 and 6150): ENABLE may then stay asserted.
package enum ReleasedOutputs: Equatable {
  /// They become inputs: the pull resistor decides.
  case returned
  case kept
  /// The pin controller has no such setting, or does not show it.
  case untold

  /// As the pin controllers' parameter `persist_gpio_outputs` says.
  ///
  /// - Parameter modules: The folder of the kernel's modules.
  package static func ofThisKernel(modules: String = "/sys/module") -> ReleasedOutputs {
    let settings = ["pinctrl_bcm2835", "pinctrl_rp1"].compactMap {
      try? String(
        contentsOfFile: "\(modules)/\($0)/parameters/persist_gpio_outputs", encoding: .utf8)
    }
    guard !settings.isEmpty else { return .untold }
    return settings.allSatisfy { $0.hasPrefix("N") } ? .returned : .kept
  }

  package var words: String {
    switch self {
    case .returned: "become inputs, so ENABLE's pull-up holds"
    case .kept: "KEEP THEIR LEVEL: add dtparam=strict_gpiod to /boot/firmware/config.txt and reboot"
    case .untold: "not told by this kernel; a Raspberry Pi needs dtparam=strict_gpiod in config.txt"
    }
  }
}
