#include "lab/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "lab/load_nodes.h"
#include "lab/overrides.h"
#include "lab/references.h"
#include "lab/section.h"
#include "lab/validate.h"

namespace vmlab {

namespace {

bool is_domain(std::string_view text) {
  if (text.empty() || text.size() > 150) return false;
  while (true) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    const bool plain = !label.empty() && label.size() <= 63 && label.front() != '-' &&
                       label.back() != '-' && std::ranges::all_of(label, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                       });
    if (!plain) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

bool is_http_url(std::string_view text) {
  const auto scheme = text.starts_with("https://") ? 8U : text.starts_with("http://") ? 7U : 0U;
  return scheme > 0 && text.size() > scheme && text[scheme] != '/' &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

/// Lower case, where the file has it.
std::string lower_hex(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

class TopologyLoader {
 public:
  TopologyLoader(References& references, const Library& library, Problems& problems)
      : references_(references), library_(library), problems_(problems) {}

  Lab load(const YamlTree& tree);

 private:
  void load_name(const Section& top);
  void load_network(const YamlTree& tree);
  /// One of `choices`, as to_text writes them.
  template <class Value>
  void load_choice(const Section& top, const std::string& key, std::initializer_list<Value> choices,
                   Value& into);
  NodeDefaults load_defaults(const Section& top);
  void load_dcos(const YamlTree& tree, Mark key);
  void load_release(const YamlTree& tree);
  void load_release_map(const YamlTree& tree);
  void load_config(const YamlTree& tree);

  References& references_;
  const Library& library_;
  Problems& problems_;
  Lab lab_;
};

void TopologyLoader::load_name(const Section& top) {
  top.require("name");
  const auto name = top.text("name");
  if (!name) return;
  if (is_name(name->value, 24)) {
    lab_.name = name->value;
  } else {
    problems_.add(name->mark, "bad lab name " + shown(name->value), name_rule(24));
  }
}

void TopologyLoader::load_network(const YamlTree& tree) {
  const Section section(tree, keys::network(), problems_);
  lab_.network.mark = tree.mark;
  if (const auto domain = section.text("domain")) {
    lab_.network.domain = domain->value;
    if (!is_domain(domain->value)) {
      problems_.add(domain->mark, "bad domain " + shown(domain->value),
                    "write names of a-z, 0-9 and '-' with dots between, e.g. dcos.test");
    }
  }
  const auto text = section.text("cidr");
  if (!text) return;
  lab_.network.mark = text->mark;
  const auto cidr = parse_cidr(text->value);
  if (!cidr) {
    problems_.add(text->mark, "bad network " + shown(text->value),
                  "write its first address and the prefix, e.g. 192.168.90.0/24");
  } else if (cidr->prefix < 16 || cidr->prefix > 29) {
    problems_.add(text->mark,
                  fmt::format("network {} must have a prefix from 16 to 29", cidr->text()));
  } else {
    lab_.network.cidr = *cidr;
    lab_.network.gateway = {cidr->base.value + 1};
  }
}

template <class Value>
void TopologyLoader::load_choice(const Section& top, const std::string& key,
                                 std::initializer_list<Value> choices, Value& into) {
  const auto text = top.text(key);
  if (!text) return;
  std::vector<std::string> words;
  for (const auto choice : choices) {
    words.push_back(to_text(choice));
    if (text->value != words.back()) continue;
    into = choice;
    return;
  }
  problems_.add(text->mark, fmt::format("unknown {} {}", key, shown(text->value)),
                suggestion(text->value, words));
}

NodeDefaults TopologyLoader::load_defaults(const Section& top) {
  NodeDefaults defaults;
  if (const auto* tree = top.find("defaults")) {
    const Section section(*tree, keys::defaults(), problems_);
    if (const auto cpus = section.number("cpus", 1, most_cpus)) defaults.cpus = cpus->value;
    if (const auto memory = section.size_mib("memory")) {
      defaults.memory_mib = memory->value;
      defaults.memory = memory->mark;
    }
    if (const auto disk = section.size_mib("disk")) {
      defaults.disk_mib = disk->value;
      defaults.disk = disk->mark;
    }
  }
  defaults.image = top.text("image");
  if (defaults.image) references_.image(*defaults.image);  // wrong is wrong, used or not
  if (auto names = top.texts("cloud_init")) {
    defaults.cloud_init = std::move(*names);
  } else {
    for (const auto& name : default_fragments()) defaults.cloud_init.push_back({name, top.mark()});
  }
  return defaults;
}

void TopologyLoader::load_release(const YamlTree& tree) {
  auto& release = lab_.dcos->release;
  release.mark = tree.mark;
  if (tree.is_map()) {
    load_release_map(tree);
  } else if (tree.is_scalar() && tree.text == "practice") {
    release.practice = true;
    release.path = library_.practice_release;
    if (release.path.empty()) {
      problems_.add(tree.mark,
                    "the practice release is not there: this vmlab was built without it");
    }
  } else {
    problems_.add(tree.mark,
                  "'release' must be practice, {path, sha256} or {url, sha256}, not " + shown(tree),
                  tree.is_scalar() ? suggestion(tree.text, {"practice"}) : "");
  }
}

void TopologyLoader::load_release_map(const YamlTree& tree) {
  auto& release = lab_.dcos->release;
  const Section section(tree, keys::release(), problems_);
  const auto path = section.text("path");
  const auto url = section.text("url");
  const auto sha256 = section.text("sha256");
  if (tree.find("path") != nullptr && tree.find("url") != nullptr) {
    problems_.add(tree.mark, "'release' has both a path and a URL");
  }
  if (tree.find("path") == nullptr && tree.find("url") == nullptr) {
    problems_.add(tree.mark, "'release' has neither a path nor a URL");
  }
  if (path) {
    if (references_.require_file(*path, "installer")) release.path = references_.path(path->value);
  }
  if (url) {
    release.url = url->value;
    if (!is_http_url(url->value)) {
      problems_.add(url->mark, "bad URL " + shown(url->value), "write https://… or http://…");
    }
    if (tree.find("sha256") == nullptr) {
      problems_.add(url->mark, "a release from a URL needs its sha256");
    }
  }
  if (!sha256) return;
  if (is_sha256(sha256->value)) {
    release.sha256 = lower_hex(sha256->value);
  } else {
    problems_.add(sha256->mark, "bad sha256 " + shown(sha256->value), "it has 64 hex digits");
  }
}

void TopologyLoader::load_config(const YamlTree& tree) {
  if (!tree.is_map()) {
    problems_.add(tree.mark, "'config' must be a map, not " + shown(tree));
    return;
  }
  lab_.dcos->config = yaml_to_json(tree);
  for (const auto& entry : tree.entries) lab_.dcos->config_marks.emplace(entry.key, entry.mark);
}

void TopologyLoader::load_dcos(const YamlTree& tree, Mark key) {
  const Section section(tree, keys::dcos(), problems_);
  lab_.dcos.emplace();
  lab_.dcos->release.mark = key;
  if (const auto* release = section.require("release")) load_release(*release);
  if (const auto* config = section.find("config")) load_config(*config);
  const auto ip_detect = section.text("ip_detect");
  if (!ip_detect) return;
  lab_.dcos->ip_detect = references_.file(*ip_detect, "ip-detect script");
  if (lab_.dcos->ip_detect && !lab_.dcos->ip_detect->starts_with("#!")) {
    problems_.add(ip_detect->mark,
                  fmt::format("ip-detect script {} is no script: it must begin with #!",
                              shown(ip_detect->value)));
  }
}

Lab TopologyLoader::load(const YamlTree& tree) {
  const Section top(tree, keys::topology(), problems_);
  lab_.file = problems_.file();
  load_name(top);
  lab_.network.mark = tree.mark;
  if (const auto* network = top.find("network")) load_network(*network);
  if (lab_.network.domain.empty()) lab_.network.domain = lab_.name + ".test";
  load_choice(top, "accelerator", {Accelerator::automatic, Accelerator::kvm, Accelerator::tcg},
              lab_.accelerator);
  load_choice(top, "boot", {Boot::automatic, Boot::fork, Boot::cold}, lab_.boot);
  if (const auto small = top.flag("allow_small_memory")) lab_.allow_small_memory = small->value;
  if (const auto* install = top.find("install")) {
    const Section section(*install, keys::install(), problems_);
    if (const auto* dcos = section.require("dcos")) load_dcos(*dcos, dcos->mark);
  }
  const auto defaults = load_defaults(top);
  std::vector<NodeDraft> drafts;
  if (const auto* nodes = top.require("nodes")) {
    drafts = load_nodes(*nodes, defaults, references_, problems_);
    if (drafts.empty() && nodes->is_map()) problems_.add(nodes->mark, "the lab has no nodes");
  }
  for (const auto& draft : drafts) {
    const auto image = references_.images().find(draft.node.image);
    if (image != references_.images().end()) lab_.images.insert(*image);
  }
  validate(lab_, drafts, problems_);
  std::ranges::sort(drafts, {}, [](const NodeDraft& draft) {
    return std::tuple(draft.node.role, std::string_view(draft.node.group), draft.index);
  });
  for (auto& draft : drafts) lab_.nodes.push_back(std::move(draft.node));
  return std::move(lab_);
}

}  // namespace

Lab load(std::string_view text, const std::string& file, const Library& library,
         const ReadFile& read, const FileExists& exists, const std::string& directory,
         const std::vector<std::string>& overrides) {
  Problems problems(file);
  auto lab = load(text, problems, library, read, exists, directory, overrides);
  problems.throw_if_any();
  return lab;
}

Lab load(std::string_view text, Problems& problems, const Library& library, const ReadFile& read,
         const FileExists& exists, const std::string& directory,
         const std::vector<std::string>& overrides) {
  const auto& file = problems.file();
  auto tree = read_yaml(text, file, problems.list());
  if (tree && tree->is_null() && !problems.any()) {
    problems.add({1, 1}, "the file is empty", "topologies/quickstart.yaml is an example");
  }
  if (!tree || tree->is_null()) return {};
  apply_overrides(*tree, overrides, problems);
  const auto parent = std::filesystem::path(file).parent_path().string();
  References references(library, read, exists, directory.empty() ? parent : directory, problems);
  Lab lab = TopologyLoader(references, library, problems).load(*tree);
  lab.overrides = overrides;
  return lab;
}

}  // namespace vmlab
