import Foundation
import PumpDrive
import PumpMessages
package import PumpPlant
import PumpProfiles
package import PumpService
import PumpSession
import PumpTherapy
package import PumpUnits

/// Gives a simulated pump its scripted commands, as a server gives a running one its clients', and keeps what it
/// answers.
package struct CommandScript {
  /// What became of a command.
  package struct Asked {
    package var at: Instant
    package var verb: Verb
    package var result: WireReply.Result
    /// Why, by its name and in words; `nil` where it was accepted.
    package var refusal: (code: String, words: String)?
  }

  package private(set) var asked: [Asked] = []
  /// What was prescribed from when on, and where in its pattern it began then.
  private var prescribed: [(from: Instant, profile: Profile, place: TimeSpan?)]
  private var facts: PumpFacts
  private let commands: [ScriptedCommand]
  private let start: Date

  package init(_ simulation: Simulation) {
    commands = simulation.commands
    start = simulation.start
    prescribed = [(.epoch, simulation.profile, nil)]
    facts = PumpFacts(
      profile: simulation.profile, drugs: simulation.drugs, bench: simulation.bench,
      step: simulation.bench.step, board: simulation.bench.board.name, journal: nil,
      startedBy: "", openedOn: simulation.start, opened: .epoch)
  }

  /// When the next command is due; `never` after the last.
  package var nextAt: Instant { asked.count < commands.count ? commands[asked.count].at : .never }

  /// Gives the next command.
  package mutating func give<Trace: EdgeTrace>(_ loop: inout SimulatedLoop<Trace>) {
    let scripted = commands[asked.count]
    let now = loop.session.pump.loop.hardware.now
    var entry = Asked(at: now, verb: scripted.verb, result: .accepted)
    do throws(RequestReader.Problem) {
      let adopted = try adoption(scripted, loop.session.status(at: now))
      let command: Command
      if let adopted {
        command = adopted.command(isConfirmed: scripted.request.confirm ?? false)
      } else {
        command = try scripted.request.command(facts.profile.concentration)
      }
      let ordered = Ordered(
        command, ticket: UInt64(asked.count) + 1, by: Operator(user: 0, role: .clinician))
      loop.session.ask(ordered, at: now)
      switch loop.session.nextAnswer()?.result {
      case .accepted:
        if let adopted {
          facts.adopt(adopted.profile, place: adopted.place, at: now)
          prescribed.append((now, adopted.profile, adopted.place))
        }
        if case .anchor(let place) = command {
          facts.moved(to: place, at: now)
          prescribed.append((now, facts.profile, place))
        }
      case .refused(let refusal):
        entry.result = .refused
        entry.refusal = (refusal.name, refusal.words)
      case .unknown, nil: entry.result = .unknown
      }
      loop.session.turn(at: now)
    } catch {
      entry.result = .refused
      entry.refusal = (error.code, error.message)
    }
    asked.append(entry)
  }

  private func adoption(
    _ scripted: ScriptedCommand, _ status: SessionStatus
  ) throws(RequestReader.Problem) -> Adoption? {
    let date = start.after(status.at)
    return switch scripted.verb {
    case .adopt: try Adoption(scripted.request, instead: facts, status, at: date)
    case .endOutage: try Adoption(endingOutage: facts, status, at: date)
    default: nil
    }
  }

  /// The volume that was prescribed between two instants, each profile for as long as it was in force.
  package func prescribed(from: Instant, to: Instant) -> Volume {
    var volume = Volume.zero
    for (place, part) in prescribed.enumerated() {
      let end = place + 1 < prescribed.count ? prescribed[place + 1].from : .never
      let (first, last) = (max(from, part.from), min(to, end))
      guard first < last else { continue }
      volume +=
        part.place.map { part.profile.prescribed(from: first, to: last, beganAt: $0, part.from) }
        ?? part.profile.prescribed(from: first, to: last, startingAt: start)
    }
    return volume
  }
}

extension Profile {
  /// The volume that the therapy asks for between two instants, where it began at a place of its pattern.
  fileprivate func prescribed(
    from: Instant, to: Instant, beganAt place: TimeSpan, _ began: Instant
  ) -> Volume {
    let therapy = prescription.therapy
    let first = from.elapsed(since: began)
    let all = (try? therapy.volume(from: place + first, lasting: to - from)) ?? .zero
    // A bolus that would have begun before is none of its business.
    func tail(_ span: TimeSpan) -> Volume {
      (try? therapy.bolusBegun(before: place, within: span)) ?? .zero
    }
    return all.lessening(by: tail(to.elapsed(since: began)).lessening(by: tail(first)))
  }
}
