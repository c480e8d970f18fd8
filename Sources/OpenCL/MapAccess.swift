import COpenCL

/// What the host does to a mapped part of a buffer.
package enum MapAccess: Sendable {
  case read, write

  var flags: cl_map_flags {
    switch self {
    case .read: cl_map_flags(CL_MAP_READ)
    case .write: cl_map_flags(CL_MAP_WRITE)
    }
  }
}
