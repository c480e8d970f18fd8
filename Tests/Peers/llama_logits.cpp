// Runs a GGUF file in llama.cpp: llama_logits MODEL TOKENS OUT [GREEDY]
//
// TOKENS are ids between commas; OUT gets the f32 logits of all positions, [tokens][vocabulary]. With GREEDY so many tokens
// are generated, the most probable each time, and printed between commas.
#include "llama.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  llama_log_set([](ggml_log_level level, const char *text, void *) {
    if (level >= GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
  }, nullptr);
  std::vector<llama_token> tokens;
  std::stringstream list(argv[2]);
  for (std::string id; std::getline(list, id, ',');) tokens.push_back(atoi(id.c_str()));
  const int greedy = argc > 4 ? atoi(argv[4]) : 0;

  llama_backend_init();
  llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model) return 1;
  if (argv[2][0] == '@') {
    std::ifstream file(argv[2] + 1);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    std::vector<llama_token> ids(text.size() + 8);
    ids.resize(llama_tokenize(llama_model_get_vocab(model), text.c_str(), text.size(), ids.data(), ids.size(), true, true));
    for (llama_token id : ids) printf("%d\n", id);
    return 0;
  }
  llama_context_params params = llama_context_default_params();
  params.n_ctx = tokens.size() + greedy + 8;
  params.n_batch = params.n_ubatch = tokens.size() + 8;
  params.n_threads = params.n_threads_batch = 2;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.type_k = params.type_v = GGML_TYPE_F32;
  llama_context *context = llama_init_from_model(model, params);
  if (!context) return 1;
  const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));

  llama_batch batch = llama_batch_init(tokens.size(), 0, 1);
  for (size_t i = 0; i < tokens.size(); i++) {
    batch.token[i] = tokens[i];
    batch.pos[i] = i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = 1;
  }
  batch.n_tokens = tokens.size();
  if (llama_decode(context, batch)) return 1;
  FILE *out = fopen(argv[3], "wb");
  if (!out) return 1;
  for (size_t i = 0; i < tokens.size(); i++) {
    fwrite(llama_get_logits_ith(context, i), sizeof(float), vocabulary, out);
  }
  fclose(out);

  const float *logits = llama_get_logits_ith(context, tokens.size() - 1);
  for (int step = 0; step < greedy; step++) {
    llama_token best = 0;
    for (int token = 1; token < vocabulary; token++) {
      if (logits[token] > logits[best]) best = token;
    }
    printf(step ? ",%d" : "%d", best);
    if (llama_decode(context, llama_batch_get_one(&best, 1))) return 1;
    logits = llama_get_logits_ith(context, 0);
  }
  printf("\n");
  return 0;
}
