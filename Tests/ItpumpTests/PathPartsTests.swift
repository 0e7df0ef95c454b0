import Foundation
import PumpFiles
import Testing

@Suite("A path of any length has its parts")
struct PathPartsTests {
  @Test(
    "Folder, name and stem, of one letter too",
    arguments: [
      ("a", "", "a", "a"), (".", "", ".", "."), ("..", "", "..", "."), ("", "", "", ""),
      ("/", "/", "/", "/"),
      ("/a", "/", "a", "a"), ("a/", "", "a", "a"), ("b/a", "b", "a", "a"),
      ("b//a.c.d//", "b", "a.c.d", "a.c"),
      ("/x/y.yaml", "/x", "y.yaml", "y"), (".hidden", "", ".hidden", ".hidden"),
      ("ä/é.x", "ä", "é.x", "é"),
    ])
  func parts(path: String, folder: String, name: String, stem: String) {
    #expect(PathParts.folder(of: path) == folder)
    #expect(PathParts.name(of: path) == name)
    #expect(PathParts.stem(of: path) == stem)
  }

  @Test(
    "What a file names lies beside it",
    arguments: [
      ("Hardware/boards", "../drivers/x.yaml", "Hardware/drivers/x.yaml"), ("", "d", "d"),
      ("b", "d", "b/d"),
      ("b", "/d", "/d"), ("b", "./d/./e", "b/d/e"), ("b", "../../d", "../d"),
      ("/b", "../../d", "/d"), ("b", "..", "."),
    ])
  func joined(folder: String, path: String, expected: String) {
    #expect(PathParts.joined(folder, path) == expected)
  }

  @Test(
    "A command whose file has a name of one letter says what is wrong with it",
    arguments: ["a", ".", "./", "a/"])
  func oneLetter(path: String) throws {
    for command in ["plan", "check", "compile", "edit", "simulate"] {
      let run = try CommandLineTests.itpump(command, path)
      #expect(
        run.code == 1 && (run.out + run.err).contains("error: "),
        "\(command) \(path): \(run.code) \(run.err)")
    }
  }
}
