// Where things live below the state directory. One place, so that nothing else builds such a path.
#pragma once

#include <filesystem>
#include <string>

#include "lab/domain_xml.h"
#include "lab/lab.h"

namespace vmlab {

/// Files of a template; it is whole when `sum` is there.
struct TemplateFiles {
  std::filesystem::path disk;     // qcow2 on a prepared image; nodes' overlays lie on it
  std::filesystem::path seed;     // ISO 9660
  std::filesystem::path memory;   // libvirt's save image; 0600
  std::filesystem::path sum;      // SHA-256 of `memory`, hex and a line feed; written last
  std::filesystem::path about;    // what it is a template of: see TemplateNote
  std::filesystem::path console;  // serial log
};

struct Paths {
  std::filesystem::path root;  // /var/lib/vmlab, or --state-dir

  std::filesystem::path images() const { return root / "images"; }
  std::filesystem::path base_image(const Image& image) const;
  std::filesystem::path prepared_image(const Image& image) const;
  /// Beside a downloaded image: what it was verified with when it came (run/pull.h).
  static std::filesystem::path digest_note(const std::filesystem::path& base_image);
  std::filesystem::path releases() const { return root / "releases"; }  // downloaded installers

  std::filesystem::path templates() const { return root / "templates"; }
  /// `name` is the template's hash: 12 hexadecimal digits.
  std::filesystem::path template_directory(const std::string& name) const;
  TemplateFiles template_files(const std::string& name) const;

  std::filesystem::path durations() const { return root / "durations"; }  // of steps of all labs

  std::filesystem::path labs() const { return root / "labs"; }
  std::filesystem::path lab(const std::string& name) const { return labs() / name; }
  std::filesystem::path locks() const { return root / "locks"; }
  std::filesystem::path lock(const std::string& name) const;
  std::filesystem::path topology(const std::string& name) const;    // where `up` found its file
  std::filesystem::path intent(const std::string& name) const;      // see plan/intent.h
  std::filesystem::path protection(const std::string& name) const;  // see refuse_protected
  std::filesystem::path history(const std::string& name) const;
  std::filesystem::path run_record(const std::string& name) const;  // of the last run; 0600
  std::filesystem::path secrets(const std::string& name) const;     // 0700
  std::filesystem::path user_key(const std::string& name) const;
  std::filesystem::path host_key(const std::string& name, const std::string& node) const;
  std::filesystem::path known_hosts(const std::string& name) const;
  std::filesystem::path ssh_config(const std::string& name) const;  // for the user's own ssh
  std::filesystem::path root_disk(const std::string& name, const std::string& node) const;
  std::filesystem::path data_disk(const std::string& name, const std::string& node,
                                  const DataDisk& disk) const;
  /// Memory that the node is forked from. There: it is not itself yet, and its disk worth nothing.
  std::filesystem::path memory(const std::string& name, const std::string& node) const;
  std::filesystem::path seed(const std::string& name, const std::string& node) const;
  /// Hash of the documents that the seed was made from; written after the seed.
  std::filesystem::path seed_hash(const std::string& name, const std::string& node) const;
  std::filesystem::path console(const std::string& name, const std::string& node) const;
  DomainFiles domain_files(const std::string& name, const Node& node) const;
  std::filesystem::path evidence(const std::string& name) const;
};

}  // namespace vmlab
