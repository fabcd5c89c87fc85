// Pictures of a lab: its network, its nodes, their roles and how far they have come.
#pragma once

#include <string>
#include <vector>

#include "run/session.h"

namespace vmlab {

/// What a picture shows, in words; the same for every format.
struct Sketch {
  /// `arrived`: where `vmlab up` leads. `stopped`: there is a domain, but it does not run.
  enum class State { absent, stopped, on_the_way, arrived };
  struct Box {
    std::string name;
    std::string address;
    std::string size;                // `2 cpus · 8 GiB · 60 GiB disk`
    std::vector<std::string> disks;  // `/var/lib/mesos 40 GiB`
    std::string mac;
    std::string image;
    State state = State::absent;
    std::string state_text;  // `running · installed`
  };
  struct Row {
    Role role = Role::plain;
    std::string title;  // `masters`
    std::vector<Box> boxes;
  };
  std::string lab;
  std::string summary;  // `5 of 6 nodes installed · release practice`
  std::string network;  // `quickstart · 192.168.90.0/24`
  std::vector<std::string> network_facts;
  std::vector<Row> rows;
  std::vector<std::string> notes;
};
Sketch sketch_of(const Lab& lab, const LabStatus& status);

/// `svg` and `html` follow the reader's light or dark and ask for nothing else; `dot` is for
/// Graphviz, `mermaid` for Markdown.
std::string graph_svg(const Sketch& sketch);
std::string graph_html(const Sketch& sketch);
std::string graph_dot(const Sketch& sketch);
std::string graph_mermaid(const Sketch& sketch);

/// `master`: classes of a role and of a state in styles.
const char* css_of(Role role);
const char* css_of(Sketch::State state);

}  // namespace vmlab
