#include "plan/paths.h"

namespace vmlab {

namespace fs = std::filesystem;

fs::path Paths::base_image(const Image& image) const {
  return images() / (image.name + "-" + base_hash(image).substr(0, 12) + "." + image.format);
}
fs::path Paths::prepared_image(const Image& image) const {
  return images() / (image.name + "-prepared-" + prepared_hash(image).substr(0, 12) + ".qcow2");
}
fs::path Paths::digest_note(const fs::path& base_image) {
  return base_image.string() + ".digest";
}
fs::path Paths::template_directory(const std::string& name) const {
  return templates() / name;
}
TemplateFiles Paths::template_files(const std::string& name) const {
  const auto directory = template_directory(name);
  return {.disk = directory / "disk.qcow2",
          .seed = directory / "seed.iso",
          .memory = directory / "memory",
          .sum = directory / "memory.sha256",
          .about = directory / "about",
          .console = directory / "console.log"};
}
fs::path Paths::lock(const std::string& name) const {
  return locks() / (name + ".lock");
}
fs::path Paths::topology(const std::string& name) const {
  return lab(name) / "topology";
}
fs::path Paths::intent(const std::string& name) const {
  return lab(name) / "intent";
}
fs::path Paths::protection(const std::string& name) const {
  return lab(name) / "protected";
}
fs::path Paths::history(const std::string& name) const {
  return lab(name) / "history";
}
fs::path Paths::run_record(const std::string& name) const {
  return lab(name) / "last-run";
}
fs::path Paths::secrets(const std::string& name) const {
  return lab(name) / "secrets";
}
fs::path Paths::user_key(const std::string& name) const {
  return secrets(name) / "id_ed25519";
}
fs::path Paths::host_key(const std::string& name, const std::string& node) const {
  return secrets(name) / (node + ".host_key");
}
fs::path Paths::known_hosts(const std::string& name) const {
  return lab(name) / "known_hosts";
}
fs::path Paths::ssh_config(const std::string& name) const {
  return lab(name) / "ssh_config";
}
fs::path Paths::root_disk(const std::string& name, const std::string& node) const {
  return lab(name) / (node + ".qcow2");
}
fs::path Paths::data_disk(const std::string& name, const std::string& node,
                          const DataDisk& disk) const {
  return lab(name) / (node + "-" + disk.label + ".qcow2");
}
fs::path Paths::memory(const std::string& name, const std::string& node) const {
  return lab(name) / (node + ".memory");
}
fs::path Paths::seed(const std::string& name, const std::string& node) const {
  return lab(name) / (node + "-seed.iso");
}
fs::path Paths::seed_hash(const std::string& name, const std::string& node) const {
  return lab(name) / (node + "-seed.hash");
}
fs::path Paths::console(const std::string& name, const std::string& node) const {
  return lab(name) / "console" / (node + ".log");
}
fs::path Paths::evidence(const std::string& name) const {
  return lab(name) / "evidence";
}

DomainFiles Paths::domain_files(const std::string& name, const Node& node) const {
  DomainFiles files;
  files.root_disk = root_disk(name, node.name);
  for (const auto& disk : node.disks) files.data_disks.push_back(data_disk(name, node.name, disk));
  files.seed = seed(name, node.name);
  files.console = console(name, node.name);
  return files;
}

}  // namespace vmlab
