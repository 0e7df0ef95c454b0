import Foundation
import Glibc
public import PumpMessages

extension Verb {
  /// The roles that may ask for it; everybody who reaches the socket may look.
  public var roles: Set<Role> {
    switch self {
    case .status: Set(Role.people)
    case .bolus, .anchor, .adopt, .endOutage: [.clinician]
    case .patientBolus: [.patient, .clinician]
    case .cancelBolus, .silence: [.patient, .clinician, .bench]
    case .suspend, .resume, .acknowledge, .refill, .prime, .stop: [.clinician, .bench]
    }
  }
}

/// Who may ask for what: users and groups by role, from one file of a site.
///
/// Without the file only root and the user that the pump runs as may command, in every role.
public struct Roles: Sendable {
  private var users: [Role: Set<UInt32>] = [:]
  private var groups: [Role: Set<UInt32>] = [:]

  /// Nobody but root and the pump's own user.
  public init() {}

  /// What a line of the file can be wrong in.
  public struct Problem: Error, CustomStringConvertible {
    public var description: String
  }

  /// Reads the file: a line a role, `clinician: anna, @ward3`, where `@` marks a group; `#` begins a remark.
  ///
  /// - Throws: `Problem`, with the line.
  public init(reading text: String, named path: String) throws(Problem) {
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let content = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
      guard !content.isEmpty else { continue }
      let parts = content.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let names = Role.people.map { "\($0)" }.joined(separator: ", ")
      guard parts.count == 2,
        let role = Role.people.first(where: {
          "\($0)" == parts[0].trimmingCharacters(in: .whitespaces)
        })
      else {
        throw Problem(
          description: "\(path):\(number + 1): error: expected a role (\(names)), a colon and names"
        )
      }
      for name in parts[1].split(whereSeparator: { $0 == "," || $0 == " " }) {
        if name.first == "@" {
          guard let group = getgrnam(String(name.dropFirst())) else {
            throw Problem(
              description: "\(path):\(number + 1): error: there is no group '\(name.dropFirst())'")
          }
          groups[role, default: []].insert(group.pointee.gr_gid)
        } else {
          guard let user = getpwnam(String(name)) else {
            throw Problem(
              description: "\(path):\(number + 1): error: there is no user '\(name)'; a group is "
                + "written with @")
          }
          users[role, default: []].insert(user.pointee.pw_uid)
        }
      }
    }
  }

  /// The role in which a peer may ask for something; `nil` where it may not.
  func role(of peer: Peer, for verb: Verb) -> Role? {
    // Who reaches the socket may look.
    guard verb != .status else { return .patient }
    let own = peer.user == 0 || peer.user == geteuid()
    // The role that prescribes comes first: it is the one that the journal should name.
    let order: [Role] =
      verb == .patientBolus ? [.patient, .clinician] : [.clinician, .bench, .patient]
    let memberships = Self.groups(of: peer)
    return order.first { role in
      guard verb.roles.contains(role) else { return false }
      return own || users[role]?.contains(peer.user) == true
        || !(groups[role] ?? []).isDisjoint(with: memberships)
    }
  }

  private static func groups(of peer: Peer) -> Set<UInt32> {
    guard let entry = getpwuid(peer.user) else { return [peer.group] }
    var count: Int32 = 256
    var list = [gid_t](repeating: 0, count: Int(count))
    guard getgrouplist(entry.pointee.pw_name, peer.group, &list, &count) >= 0 else {
      return [peer.group]
    }
    return Set(list.prefix(Int(count)))
  }
}

/// Who is at the other end of a connection, by the kernel's word.
public struct Peer: Equatable, Sendable {
  public var process: Int32
  public var user: UInt32
  public var group: UInt32

  /// The user's name, where the system knows it.
  public var name: String {
    getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "user \(user)"
  }
}
