import CPumpLinux
import PumpLinux

/// What this program is: its version, the commit that it was built from, and what built it.
package enum Version {
  package static let number = "0.1.0"

  package static var text: String {
    "itpump \(number), commit \(String(cString: pump_build_commit())), Swift \(compiler), "
      + GPIOChip.library
  }

  /// The oldest compiler that this one can be; a later one of the same line says so too.
  private static var compiler: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3.1)
      "6.3.1 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #elseif compiler(>=6.2)
      "6.2"
    #elseif compiler(>=6.1)
      "6.1"
    #elseif compiler(>=6.0.3)
      "6.0.3"
    #else
      "6.0"
    #endif
  }
}
