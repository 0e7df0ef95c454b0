public import PumpHAL
public import PumpUnits

/// Hardware whose every call is told to a sink, with what came back.
public struct RecordedHardware<
  Base: PumpHardware & ~Copyable, Sink: HardwareCallSink & ~Copyable
>: PumpHardware, ~Copyable {
  public typealias Failure = Base.Failure
  public typealias SensorFailure = Base.SensorFailure
  public typealias AnnunciatorFailure = Base.AnnunciatorFailure
  public typealias WatchdogFailure = Base.WatchdogFailure

  public var base: Base
  public var sink: Sink

  /// Takes the hardware and the sink.
  public init(base: consuming Base, sink: consuming Sink) {
    self.base = base
    self.sink = sink
  }

  @inlinable
  public mutating func readClock() -> Instant {
    let now = base.readClock()
    sink.take(.readClock(now))
    return now
  }

  @inlinable
  public mutating func wait(until deadline: Instant) -> Instant {
    let woke = base.wait(until: deadline)
    sink.take(.waited(until: deadline, woke: woke))
    return woke
  }

  @inlinable
  public mutating func hasNews() -> Bool {
    guard base.hasNews() else { return false }
    sink.take(.hadNews)
    return true
  }

  @inlinable
  public mutating func readWallClock() -> Int64 {
    let seconds = base.readWallClock()
    sink.take(.readWallClock(seconds))
    return seconds
  }

  @inlinable
  public mutating func set(_ line: DriverLine, _ level: LineLevel) throws(Failure) {
    do throws(Failure) {
      try base.set(line, level)
    } catch {
      sink.take(.set(line, level, error.kind))
      throw error
    }
    sink.take(.set(line, level, nil))
  }

  @inlinable
  public mutating func readBack(_ line: DriverLine) throws(Failure) -> LineLevel {
    let level: LineLevel
    do throws(Failure) {
      level = try base.readBack(line)
    } catch {
      sink.take(.readBack(line, nil))
      throw error
    }
    sink.take(.readBack(line, level))
    return level
  }

  @inlinable
  public mutating func readSensors() throws(SensorFailure) -> SensorReadings {
    let readings: SensorReadings
    do throws(SensorFailure) {
      readings = try base.readSensors()
    } catch {
      sink.take(.sensorsFailed(error.kind))
      throw error
    }
    sink.take(.readSensors(readings))
    return readings
  }

  @inlinable
  public mutating func sound(_ tone: AlarmTone) throws(AnnunciatorFailure) {
    do throws(AnnunciatorFailure) {
      try base.sound(tone)
    } catch {
      sink.take(.sounded(tone, error.kind))
      throw error
    }
    sink.take(.sounded(tone, nil))
  }

  @inlinable
  public mutating func kickWatchdog() throws(WatchdogFailure) {
    do throws(WatchdogFailure) {
      try base.kickWatchdog()
    } catch {
      sink.take(.kickedWatchdog(error.kind))
      throw error
    }
    sink.take(.kickedWatchdog(nil))
  }
}
