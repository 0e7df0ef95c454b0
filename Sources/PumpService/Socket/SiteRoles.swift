import Foundation
import PumpFiles

/// The site's file of roles.
package enum SiteRoles {
  package static let path = "\(SearchPath.site)/roles"

  /// Reads it; without it only root and the pump's own user may command.
  package static func read() throws -> Roles {
    guard FileManager.default.fileExists(atPath: path) else { return Roles() }
    let text = try InputFile(path).text
    do { return try Roles(reading: text, named: path) } catch {
      throw ProjectFiles.Problem(description: "\(error)")
    }
  }
}
