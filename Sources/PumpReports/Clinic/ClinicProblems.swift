package import PumpClinic
import PumpProfiles

extension TitrationStep.Problem {
  /// Why there is no such step, and what to do instead.
  package var words: String {
    switch self {
    case .nothingToTitrate:
      "nothing is given, or the minimum rate, which is no treatment: 'itpump edit' or 'itpump new' begins a therapy"
    case .leavesNothing(let path):
      "'\(path)' would be nothing: a stop is 'therapy: stopped' in the file, and brings withdrawal"
    case .beyondArithmetic(let path): "'\(path)' would be beyond any dose"
    case .text(let problem): ProfileEditing.words(problem)
    }
  }
}

extension Bridge.Problem {
  /// Why there is no bridge between two profiles' files.
  package func words(from old: String, to new: String) -> String {
    switch self {
    case .sameConcentration: "its solution is that of \(old): no bridge is needed"
    case .otherPump:
      "its drug, catheter or patient is another than that of \(old): that is no change of concentration"
    case .neverThrough(let isOld):
      "\(isOld ? old : new) would not push the line through in a century: prime it by hand"
    case .beyondArithmetic: "the volumes are beyond the arithmetic"
    }
  }
}
