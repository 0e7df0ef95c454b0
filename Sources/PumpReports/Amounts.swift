package import PumpUnits

extension Mass {
  /// For JSON, CSV and plots, to the nanogram's thousandth.
  package var micrograms: Double { (Double(femtograms) / 1e3).rounded() / 1e6 }
}

extension Volume {
  /// For JSON, CSV and plots, to the femtolitre.
  package var microlitres: Double { Double(femtolitres) / 1e9 }
}
