#!/bin/sh
# Compares strata's chat templates and tokenizers with transformers, tokenizers and llama.cpp's test files.
#
#   Tests/Peers/peers.sh [STRATA]
#
# Fetches with pip, once, what is compared with: into .peers, which is not committed. The first failure is remembered,
# and all comparisons run.
set -eu
strata=$(realpath "${1:-.build/release/strata}")
cd "$(dirname "$0")/../.."
mkdir -p .peers
if ! .peers/venv/bin/python -c "import transformers, tokenizers, jinja2" 2>/dev/null; then
  echo "installing transformers, tokenizers and Jinja into .peers/venv"
  [ -x .peers/venv/bin/python ] || python3 -m venv .peers/venv
  .peers/venv/bin/pip install --quiet transformers==5.24.0 tokenizers==0.23.3 jinja2==3.1.6
fi
if [ ! -d .peers/models/templates ]; then
  echo "fetching the source package of llama-cpp-python"
  .peers/venv/bin/pip download --quiet --no-deps --no-binary llama-cpp-python --dest .peers llama-cpp-python==0.3.36
  tar xzf .peers/llama_cpp_python-*.tar.gz -C .peers --strip-components=3 --wildcards '*/vendor/llama.cpp/models/*'
fi
python=.peers/venv/bin/python
status=0
echo "== chat templates against transformers"
$python Tests/Peers/templates.py "$strata" .peers/models/templates 2>/dev/null || status=1
echo "== vocabularies of GGUF files against llama.cpp's expected ids"
$python Tests/Peers/vocabularies.py "$strata" .peers/models || status=1
echo "== tokenizer.json against tokenizers"
[ -d .peers/tokenizers ] || $python Tests/Peers/tokenizer_files.py .peers/models .peers/tokenizers
$python Tests/Peers/tokenizers_peer.py "$strata" .peers/tokenizers/*.json \
  Tests/Fixtures/tiny-moe/tokenizer.json Tests/Fixtures/tokenizers/qwen2_style.json || status=1
echo "== speed, on prose and source code"
cat Tests/Fixtures/tiny-moe/heldout.txt README.md Documentation/*.md > .peers/text.txt
find Sources Kernels -name '*.swift' -o -name '*.cl' | sort | xargs cat >> .peers/text.txt
for name in llama-bpe qwen2 gpt-2 deepseek-v3 command-r-o200k llama-spm; do
  echo "$name"
  "$strata" tokenize --tokenizer ".peers/tokenizers/$name.json" --file .peers/text.txt --timing
done
exit $status
