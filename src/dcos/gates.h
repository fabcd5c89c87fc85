// Conditions of a DC/OS cluster that are waited for. The judges are plain functions of answers.
#pragma once

#include <string>
#include <vector>

#include "lab/gate.h"
#include "lab/lab.h"

namespace vmlab {

Gate bootstrap_gate(const Lab& lab);                           // gate/bootstrap
Gate zookeeper_mode_gate(const Lab& lab, const Node& master);  // gate/zookeeper-mode/<node>
Gate zookeeper_quorum_gate(const Lab& lab);                    // gate/zookeeper-quorum
/// Without this master the others keep a quorum.
Gate remaining_quorum_gate(const Lab& lab, const Node& master);  // gate/quorum-without/<node>
Gate exhibitor_gate(const Lab& lab);                             // gate/exhibitor
Gate mesos_masters_gate(const Lab& lab);                         // gate/mesos-masters
Gate marathon_gate(const Lab& lab);                              // gate/marathon
Gate admin_router_gate(const Lab& lab, const Node& master);      // gate/admin-router/<node>
Gate registered_gate(const Lab& lab, const Node& agent);         // gate/registered/<node>
Gate agents_gate(const Lab& lab);                                // gate/agents
Gate poststart_gate(const Lab& lab, const Node& node);           // gate/poststart/<node>

using Results = std::vector<ProbeResult>;
using Expected = std::vector<std::string>;

/// From the bootstrap: `SHA256  file` of dcos_install.sh; from the host: its body.
Verdict judge_bootstrap(const Results& results, const Expected& expect);
/// Answers to `srvr`; expect: the number of masters.
Verdict judge_zookeeper_mode(const Results& results, const Expected& expect);
Verdict judge_zookeeper_quorum(const Results& results, const Expected& expect);
/// Of the others; expect: how many of them must serve.
Verdict judge_remaining_quorum(const Results& results, const Expected& expect);
/// Cluster views of every master; expect: the masters' addresses.
Verdict judge_exhibitor(const Results& results, const Expected& expect);
/// /metrics/snapshot of every master: all registrars recovered, one elected.
Verdict judge_mesos_masters(const Results& results, const Expected& expect);
Verdict judge_marathon(const Results& results, const Expected& expect);
Verdict judge_admin_router(const Results& results, const Expected& expect);
/// /metrics/snapshot of the agent.
Verdict judge_registered(const Results& results, const Expected& expect);
/// /master/slaves of every master, of which the leader's counts; expect: per agent
/// `<address> <node> public|private`.
Verdict judge_agents(const Results& results, const Expected& expect);
/// Output of `check node-poststart`, or `none` where the release has no such tool.
Verdict judge_poststart(const Results& results, const Expected& expect);

}  // namespace vmlab
