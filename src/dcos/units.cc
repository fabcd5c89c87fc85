#include "dcos/units.h"

namespace vmlab {

std::vector<std::string> troubleshooting_units(Role role) {
  const std::vector<std::string> install = {"dcos-download", "dcos-setup"};
  const std::vector<std::string> master = {
      "dcos-exhibitor", "dcos-net",      "dcos-gen-resolvconf", "dcos-mesos-master",
      "dcos-mesos-dns", "dcos-marathon", "dcos-metronome",      "dcos-cosmos",
      "dcos-oauth",     "dcos-bouncer",  "dcos-adminrouter",    "dcos-diagnostics"};
  auto units = install;
  switch (role) {
    case Role::master:
      units.insert(units.end(), master.begin(), master.end());
      return units;
    case Role::agent:
    case Role::public_agent:
      units.insert(units.end(),
                   {"dcos-net", "dcos-gen-resolvconf",
                    role == Role::agent ? "dcos-mesos-slave" : "dcos-mesos-slave-public",
                    "dcos-adminrouter-agent", "dcos-diagnostics"});
      return units;
    case Role::bootstrap:
      return {"docker"};
    case Role::plain:
      break;
  }
  return {};
}

}  // namespace vmlab
