"""Reads the metadata of a GGUF file; strings as bytes."""

import struct

SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
STRING, ARRAY = 8, 9


def read_metadata(path):
    with open(path, "rb") as file:

        def scalar(code):
            return struct.unpack(code, file.read(struct.calcsize(code)))[0]

        def string():
            return file.read(scalar("<Q"))

        def value(kind):
            if kind == STRING:
                return string()
            if kind == ARRAY:
                inner, count = scalar("<I"), scalar("<Q")
                return [value(inner) for _ in range(count)]
            return scalar(SCALARS[kind])

        if file.read(4) != b"GGUF":
            raise ValueError(f"{path} is no GGUF file")
        scalar("<I")
        scalar("<Q")
        return {string().decode(): value(scalar("<I")) for _ in range(scalar("<Q"))}
