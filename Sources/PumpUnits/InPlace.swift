#if hasFeature(Embedded)
  /// Keeps whatever contains it in memory, where it is made: an empty part of a state that is never
  /// copied.
  ///
  /// Without it a compiler loads a state of a thousand bytes into registers that there are not, word by
  /// word, and back: most of a firmware's stack was nothing else.
  @_rawLayout(size: 0, alignment: 1)
  public struct InPlace: ~Copyable {
    public init() {}
  }

  extension InPlace: @unchecked Sendable {}
#else
  /// Keeps whatever contains it in memory on bare metal; elsewhere it does nothing.
  public struct InPlace: ~Copyable, Sendable {
    @inlinable public init() {}
  }
#endif
