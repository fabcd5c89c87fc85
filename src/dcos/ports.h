// What a cluster answers on. Which ports must be free, preflight is told by the release.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/lab.h"

namespace vmlab {

struct Endpoint {
  std::string node;
  std::string name;  // `Admin Router (web interface)`
  std::string url;   // `http://192.168.90.11/`
};

/// What a user opens: dashboard, Exhibitor, Mesos, Marathon of each master, agents' state, the
/// bootstrap's file server. Empty for a lab without DC/OS.
std::vector<Endpoint> endpoints(const Lab& lab);

}  // namespace vmlab
