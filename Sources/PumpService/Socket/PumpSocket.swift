import Foundation
import Glibc
import PumpFiles

/// Where running pumps are found.
package enum PumpSocket {
  /// The folders in which sockets are: a service's, a session's, a user's.
  private static var folders: [String] {
    let environment = ProcessInfo.processInfo.environment
    var folders: [String] = []
    if let given = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first {
      folders.append(String(given))
    }
    if let given = environment["XDG_RUNTIME_DIR"], !given.isEmpty {
      folders.append("\(given)/itpump")
    }
    folders.append("/tmp/itpump-\(geteuid())")
    folders.append("/run/itpump")
    return folders
  }

  /// A path for a new pump's socket, in a folder that is made where it is not there.
  package static func new(for board: String) throws -> String {
    let folder = folders[0]
    mkdir(folder, 0o750)
    var status = stat()
    // A folder in /tmp that somebody else has made is somebody else's.
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
      status.st_uid == geteuid()
    else {
      throw ProjectFiles.Problem(
        description: "\(folder): error: is not this user's folder; name a --socket")
    }
    let name = String(board.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "-" })
    for number in 1...99 {
      let path = "\(folder)/\(name)\(number == 1 ? "" : "-\(number)").socket"
      if access(path, F_OK) != 0 || (try? PumpClient(path)) == nil { return path }
    }
    throw ProjectFiles.Problem(description: "\(folder): error: too many pumps; name a --socket")
  }

  /// The pump that a name or a path means, or the one that runs.
  package static func find(_ named: String?) throws -> PumpClient {
    if let named, named.contains("/") { return try connect(named) }
    var found: [(name: String, client: PumpClient)] = []
    var isForbidden = false
    for folder in folders {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for name in names.sorted() where name.hasSuffix(".socket") {
        let short = String(name.dropLast(7))
        guard named == nil || named == short else { continue }
        if let client = try? PumpClient("\(folder)/\(name)") {
          found.append((short, client))
        } else if access("\(folder)/\(name)", W_OK) != 0 {
          isForbidden = true
        }
      }
    }
    if found.count > 1 {
      let names = found.map(\.name).joined(separator: ", ")
      throw ProjectFiles.Problem(
        description: "error: several pumps run: name one of \(names) with --pump")
    }
    guard let only = found.first else {
      let what = named.map { "no pump '\($0)' runs" } ?? "no pump runs"
      throw ProjectFiles.Problem(
        description: "error: \(what) here that this user can reach"
          + (isForbidden ? "; a socket is there that is not this user's to use" : "")
          + "; 'itpump run' starts one, and --pump takes a socket's path as well")
    }
    return only.client
  }

  private static func connect(_ path: String) throws -> PumpClient {
    do { return try PumpClient(path) } catch {
      throw ProjectFiles.Problem(description: "\(error)")
    }
  }
}

extension PumpClient {
  /// Asks, with the problem as the command line tells it.
  package func reply(to request: WireRequest) throws -> WireReply {
    do { return try ask(request) } catch {
      throw ProjectFiles.Problem(description: "\(error)")
    }
  }
}
