// cloud-init's documents of a node, built as trees.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

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

/// Hashes of everything that the documents of a lab's nodes say but for the keys. A fragment that
/// many nodes have is read once. Refers to the lab and its nodes.
class SeedHashes {
 public:
  explicit SeedHashes(const Lab& lab) : lab_(lab) {}
  const std::string& of(const Node& node);

 private:
  const std::string& of_text(const std::string& text);

  const Lab& lab_;
  std::unordered_map<const Node*, std::string> nodes_;
  std::map<std::string_view, std::string> texts_;
};

}  // namespace vmlab
