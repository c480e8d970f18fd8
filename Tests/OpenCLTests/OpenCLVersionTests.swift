import OpenCL
import Testing

struct OpenCLVersionTests {
  @Test(arguments: [
    ("OpenCL 3.0 PoCL 3.1+debian  Linux", 3, 0), ("OpenCL 1.2 CUDA 11.4.557", 1, 2), ("OpenCL 2.1 LINUX", 2, 1),
    ("OpenCL C 1.2 PoCL", 1, 2), ("OpenCL 1.1 ", 1, 1), ("", 1, 0), ("OpenCL", 1, 0), ("OpenCL 3", 1, 0),
    ("OpenCL x.y 3.0", 3, 0), ("a b c 3.0", 1, 0), ("OpenCL 99999999999999999999.0", 1, 0),
  ])
  func parsed(text: String, major: Int, minor: Int) {
    #expect(OpenCLVersion(text) == OpenCLVersion(major: major, minor: minor))
  }

  @Test func order() {
    #expect(OpenCLVersion("OpenCL 1.2 a") < OpenCLVersion("OpenCL 2.0 b"))
    #expect(OpenCLVersion("OpenCL 2.0 a") < OpenCLVersion("OpenCL 2.1 b"))
    #expect(OpenCLVersion("OpenCL 10.0 a") > OpenCLVersion("OpenCL 9.9 b"))
  }
}
