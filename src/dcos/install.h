// The installation of DC/OS as data: what is done where, in which order, and what is waited for.
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "lab/gate.h"
#include "lab/lab.h"

namespace vmlab {

/// Says why a task failed, for people: one sentence, or several lines (`- <check>: …` after the
/// first). Pure.
using Explain = std::string (*)(int exit_code, const std::string& out, const std::string& err);

/// What a task that ended well says that somebody ought to know, a sentence each. Pure.
using FindWarnings = std::vector<std::string> (*)(const std::string& out);

/// A script for /bin/sh as root. Every script may be run again after a power cut at any point; what
/// is done already is recognised. One that still runs from an earlier connection is waited for.
struct GuestTask {
  std::string script;
  std::string input;  // standard input; what is secret or long goes here
  std::chrono::seconds timeout{600};
  Explain explain = nullptr;        // nullptr: exit code and last line of standard error say it all
  FindWarnings warnings = nullptr;  // nullptr: it warns of nothing
};

/// Copies the installer to `remote` on the node, verified there.
struct UploadInstaller {
  Release release;
  std::string remote;
};

struct InstallItem {
  std::string id;     // stable: `dcos/genconf`, `dcos/install/master-1`, `gate/exhibitor`
  std::string node;   // empty: of the lab as a whole
  std::string title;  // shown to people: `install DC/OS as master on master-1`
  std::variant<GuestTask, UploadInstaller, Gate> work;
  std::vector<std::string> after;  // ids, also of the gates in lab/readiness.h
  /// Of what the item's result depends on; of nothing for a gate. The script's text is no part of
  /// it: a newer vmlab with a better script does not install again.
  std::string hash;
  /// Cannot be done again with other inputs: the node would have to be wiped. Everything else is
  /// simply done again, as after the correction of a configuration that genconf refused.
  bool only_once = false;
};

/// All of it, in an order that respects `after`; empty for a lab without DC/OS. The first items of
/// each node come after `gate/cloud-init/<node>`. Clock gates are among the items.
std::vector<InstallItem> install_items(const Lab& lab);

/// Where the installer and its genconf directory are on the bootstrap node.
inline constexpr const char* dcos_directory = "/opt/vmlab/dcos";

}  // namespace vmlab
