import Foundation

/// Where files are looked for that nobody named: the drug library, boards, profiles.
///
/// The first place that has one is taken:
/// 1. beside the file that needs it, and upwards from there;
/// 2. the working folder, and upwards from there;
/// 3. the folder that `ITPUMP_HOME` names;
/// 4. `/etc/itpump`, a site's own;
/// 5. `/usr/share/itpump`, what the package brought.
package enum SearchPath {
  /// A kind of file that can be left unnamed.
  package enum Kind: String, CaseIterable {
    case drugs
    case boards
    case profiles

    /// Its folder, as a site and as the project keep it.
    package var folders: [String] {
      switch self {
      case .drugs: ["drugs", "Profiles/drugs"]
      case .boards: ["boards", "Hardware/boards"]
      case .profiles: ["profiles", "Profiles"]
      }
    }

    /// The option that names one.
    package var option: String {
      switch self {
      case .drugs: "--drugs"
      case .boards: "--board"
      case .profiles: "the profile's path"
      }
    }
  }

  /// A folder that is looked in, and why.
  package struct Place {
    package var folder: String
    package var reason: String
  }

  package static let site = "/etc/itpump"
  package static let shared = "/usr/share/itpump"

  /// Every folder that is looked in, in order.
  ///
  /// - Parameter file: The file that needs another; `nil` for none.
  package static func places(beside file: String?) -> [Place] {
    var places: [Place] = []
    if let file {
      let folder = PathParts.folder(of: file)
      for (up, at) in upwards(from: folder.isEmpty ? "." : folder).enumerated() {
        places.append(Place(folder: at, reason: up == 0 ? "beside the file" : "above the file"))
      }
    }
    for (up, at) in upwards(from: ".").enumerated() {
      places.append(
        Place(folder: at, reason: up == 0 ? "the working folder" : "above the working folder"))
    }
    if let home = ProcessInfo.processInfo.environment["ITPUMP_HOME"], !home.isEmpty {
      places.append(Place(folder: home, reason: "$ITPUMP_HOME"))
    }
    places.append(Place(folder: site, reason: "the site's own"))
    places.append(Place(folder: shared, reason: "the package's"))
    var seen: Set<String> = []
    return places.filter { seen.insert($0.folder).inserted }
  }

  /// The first file or folder of a kind.
  ///
  /// - Parameters:
  ///   - name: A file of that kind; `nil` for the folder itself.
  ///   - file: The file that needs it.
  /// - Returns: Its path and where it was found; `nil` where no place has it.
  package static func find(_ kind: Kind, _ name: String? = nil, beside file: String?) -> Place? {
    for place in places(beside: file) {
      for folder in kind.folders {
        let path = joined(place.folder, name.map { "\(folder)/\($0)" } ?? folder)
        // A folder without such files is another one of the same name.
        guard name != nil || holdsYAML(path) else { continue }
        if FileManager.default.fileExists(atPath: path) {
          return Place(folder: path, reason: place.reason)
        }
      }
    }
    return nil
  }

  /// The YAML files of a folder, by name.
  package static func yaml(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.sorted()
  }

  private static func holdsYAML(_ folder: String) -> Bool { !yaml(in: folder).isEmpty }

  private static func joined(_ folder: String, _ path: String) -> String {
    folder == "." ? path : folder == "/" ? "/" + path : "\(folder)/\(path)"
  }

  /// A folder and all above it; the first one as it was named.
  private static func upwards(from folder: String) -> [String] {
    var at = URL(fileURLWithPath: folder).standardizedFileURL
    var folders = [folder]
    for _ in 0..<64 where at.path != "/" {
      at.deleteLastPathComponent()
      folders.append(at.path)
    }
    return folders
  }
}
