// Gates that every node passes before anything is put on it: ssh, cloud-init, the clock.
#pragma once

#include <string>
#include <vector>

#include "lab/gate.h"
#include "lab/lab.h"

namespace vmlab {

// Ids of the gates, for `after`.
std::string ssh_gate_id(const Node& node);         // gate/ssh/<node>
std::string cloud_init_gate_id(const Node& node);  // gate/cloud-init/<node>
std::string clock_gate_id(const Node& node);       // gate/clock/<node>

/// Whether a node boots while it is waited for: one that hangs in its boot is started once more.
enum class Booting {
  no,      // it has booted before, or goes on from memory
  now,     // the boot begins with the wait
  already  // it runs, and may never have come to the end of its boot
};

/// A login as root works. Refused connections, time-outs and foreign host keys are normal while a
/// loaded host boots: they are `not yet` until the limit.
Gate ssh_gate(const Lab& lab, const Node& node, Booting booting);

/// cloud-init has ended without an error, with the seed as its data source.
Gate cloud_init_gate(const Lab& lab, const Node& node);

/// The kernel says that its clock is synchronised: the rule of DC/OS's own check-time (STA_UNSYNC
/// clear, state not TIME_ERROR, estimated error at most 100 ms). chronyc's opinion and
/// timedatectl's differ from it: without `rtcsync` both call a clock good that DC/OS refuses. On
/// the bootstrap, which may have no upstream, it is enough that chronyd serves time.
Gate clock_gate(const Lab& lab, const Node& node);

// The judges, for tests.
Verdict judge_ssh(const std::vector<ProbeResult>& results, const std::vector<std::string>& expect);
Verdict judge_cloud_init(const std::vector<ProbeResult>& results,
                         const std::vector<std::string>& expect);
Verdict judge_clock(const std::vector<ProbeResult>& results,
                    const std::vector<std::string>& expect);
Verdict judge_time_server(const std::vector<ProbeResult>& results,
                          const std::vector<std::string>& expect);

}  // namespace vmlab
