import Foundation
import PumpFiles
import PumpService

/// The site's file of roles.
enum SiteRoles {
  static let path = "\(SearchPath.site)/roles"

  /// Reads it; without it only root and the pump's own user may command.
  static func read() throws -> Roles {
    guard FileManager.default.fileExists(atPath: path) else { return Roles() }
    let text = try InputFile(path).text
    do { return try Roles(reading: text, named: path) } catch {
      throw ProjectFiles.Problem(description: "\(error)")
    }
  }
}
