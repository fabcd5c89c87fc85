// genconf/config.yaml: rendered from the lab, and linted more strictly than the installer does.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "lab/lab.h"

namespace vmlab {

struct LintResult {
  std::vector<Diagnostic> errors;     // the installer refuses it, or no cluster could work with it
  std::vector<std::string> warnings;  // the installer ignores it, or it is known to surprise
};

/// What is wrong with the user's `install.dcos.config`, with marks in the topology file; what is
/// wrong with the rest of a topology, `load` says. What it needs of that, the masters' addresses
/// and the network's CIDR, it looks at where it is there. `lab.dcos` must be set.
LintResult lint_config(const Lab& lab);

/// Addresses that the user's configuration gives DC/OS for a use of its own.
struct InnerRange {
  std::string key;   // of config.yaml
  std::string what;  // `vtep_subnet`, `an overlay's subnet`
  std::string text;  // as a network, or `FIRST-LAST`
  Ipv4 first;
  Ipv4 last;  // may lie before `first`: lint says so
};
/// What is malformed is left out.
std::vector<InnerRange> inner_ranges(const DcosInstall& dcos);

/// The keys in the order of the file: vmlab's defaults, then the user's, which override them.
nlohmann::ordered_json config_values(const Lab& lab);

/// Text of config.yaml. Scalars are quoted such that PyYAML reads the same types back. `lab` must
/// be resolved (addresses) and have DC/OS.
std::string render_config(const Lab& lab);

/// URL that nodes install from: `http://<bootstrap>:8080`, or the user's.
std::string bootstrap_url(const Lab& lab);

}  // namespace vmlab
