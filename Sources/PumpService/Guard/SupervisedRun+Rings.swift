import Foundation
import PumpDrive
import PumpFiles
import PumpHAL
import PumpJournal
package import PumpLinux
package import PumpMessages
import PumpPlan
import PumpSafety
import PumpSession
import PumpTherapy
import PumpUnits

extension SupervisedRun {
  /// The rings between the parts of a run; those to and from the drive lie in the memory that it shares.
  package struct Rings {
    package let drive: RunRing
    package let driveEvents: SlotRing<TimedEvent>
    package let supervisor: RunRing
    package let orders: SlotRing<GuardOrder>
    package let news: SlotRing<GuardNews>
    package let toJournal: SlotRing<JournalOrder>
    package let fromJournal: SlotRing<JournalAnswer>
    package let requests: SlotRing<ClientRequest>
    package let toClients: ClientRings
    package let commands: SlotRing<NumberedCommand>
    package let answers: SlotRing<DriveAnswer>
    package let parts: SlotRing<PrescriptionPart>
    package let prescriptions = PrescriptionTable()
    package let texts = TextSlot()

    package init?(_ memory: DriveMemory) {
      guard let supervisor = RunRing(slots: 1 << 12), let orders = SlotRing<GuardOrder>(slots: 16),
        let news = SlotRing<GuardNews>(slots: 256),
        let toJournal = SlotRing<JournalOrder>(slots: 1 << 12),
        let fromJournal = SlotRing<JournalAnswer>(slots: 256),
        let requests = SlotRing<ClientRequest>(slots: 64), let toClients = ClientRings()
      else { return nil }
      drive = memory.messages
      driveEvents = memory.events
      commands = memory.commands
      answers = memory.answers
      parts = memory.parts
      self.supervisor = supervisor
      self.orders = orders
      self.news = news
      self.toJournal = toJournal
      self.fromJournal = fromJournal
      self.requests = requests
      self.toClients = toClients
    }
  }
}
