// cloud-init's documents of a node, built as trees.
#pragma once

#include <string>

#include "lab/lab.h"

namespace vmlab {

/// What is secret or made once per lab. Texts as in the files of the lab's directory.
struct NodeKeys {
  std::string host_private;    // OpenSSH private key, multi-line
  std::string host_public;     // `ssh-ed25519 AAAA…`
  std::string authorized_key;  // public half of the lab's own key

  /// Stands for keys where only the inputs count, as in hashes.
  static NodeKeys placeholder();
};

struct SeedDocuments {
  std::string user_data;  // `#cloud-config`, one document merged from all
  std::string meta_data;
  std::string network_config;  // version 2, by MAC
};

/// vmlab's own part, then the node's fragments in order: lists are appended, maps merged, the last
/// scalar wins.
SeedDocuments seed_documents(const Lab& lab, const Node& node, const NodeKeys& keys);

/// Of a template of such nodes: vmlab's settings and the fragments, nobody's name, address or key.
SeedDocuments template_documents(const Node& shape);

/// Hash of everything that the documents say but for the keys.
std::string seed_hash(const Lab& lab, const Node& node);

}  // namespace vmlab
