#!/bin/sh
# Fetches llama.cpp (the source package of llama-cpp-python from PyPI), builds its library, and llama_logits on it, in the
# ignored folder .peers. Prints nothing if all is there.
#
#   Tests/Peers/llama.sh [TARGET ...]
#
# TARGET is a program of llama.cpp to build besides, such as llama-bench.
set -e
cd "$(dirname "$0")/../.."
mkdir -p .peers
[ -x .peers/venv/bin/python ] || python3 -m venv .peers/venv
.peers/venv/bin/python -c "import gguf, numpy" 2>/dev/null || .peers/venv/bin/pip install -q gguf numpy cmake ninja
PATH="$PWD/.peers/venv/bin:$PATH"
if [ ! -d .peers/llama.cpp ]; then
  .peers/venv/bin/pip download -q --no-deps --no-binary llama-cpp-python -d .peers llama-cpp-python
  tar -xzf .peers/llama_cpp_python-*.tar.gz -C .peers
  mv .peers/llama_cpp_python-*/vendor/llama.cpp .peers/llama.cpp
fi
if ! grep -q llama-server .peers/llama-build/build.ninja 2>/dev/null; then
  cmake -S .peers/llama.cpp -B .peers/llama-build -G Ninja -DCMAKE_BUILD_TYPE=Release -DLLAMA_CURL=OFF \
    -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_UI=OFF \
    -DLLAMA_USE_PREBUILT_UI=OFF -DBUILD_SHARED_LIBS=ON > .peers/cmake.log
fi
for target in libllama.so "$@"; do
  [ -e ".peers/llama-build/bin/$target" ] && continue
  echo "building llama.cpp's $target" >&2
  [ "$target" != libllama.so ] || target=llama
  ninja -C .peers/llama-build "$target" > .peers/ninja.log || { tail -20 .peers/ninja.log >&2; exit 1; }
done
if [ ! -x .peers/llama_logits ] || [ Tests/Peers/llama_logits.cpp -nt .peers/llama_logits ]; then
  c++ -O1 -I .peers/llama.cpp/include -I .peers/llama.cpp/ggml/include Tests/Peers/llama_logits.cpp -o .peers/llama_logits \
    -L .peers/llama-build/bin -lllama -lggml -lggml-base -Wl,-rpath,"$PWD/.peers/llama-build/bin"
fi
