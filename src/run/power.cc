#include "run/power.h"

#include "run/lab_run.h"

namespace vmlab {

RunSummary change_power(const Lab& lab, Power what, PowerWish wish, const Settings& settings,
                        Ports& ports, Reporter& reporter, std::stop_token stop) {
  LabRun run(lab, settings, ports, reporter, std::move(stop));
  auto observed = observe_host(run.lab(), settings, ports);
  // Nodes that do not run cannot be asked whether they are of a cluster.
  remember_marks(run.lab(), settings, ports, observed);
  wish.installed = lab.dcos.has_value();
  for (const Node* master : lab.with_role(Role::master)) {
    const auto mark = mark_name("dcos/install/" + master->name);
    wish.installed = wish.installed && observed.nodes[master->name].marks.contains(mark);
  }
  run.apply(what == Power::start  ? plan_start(run.lab(), observed, wish)
            : what == Power::stop ? plan_stop(run.lab(), observed, wish)
                                  : plan_restart(run.lab(), observed, wish));
  return run.end();
}

}  // namespace vmlab
