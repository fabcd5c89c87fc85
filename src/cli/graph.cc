#include "cli/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "cli/page.h"
#include "cli/terminal.h"

namespace vmlab {

namespace {

std::string row_title(Role role, std::size_t count) {
  const char* end = count == 1 ? "" : "s";
  if (role == Role::public_agent) return fmt::format("public agent{}", end);
  if (role == Role::plain) return fmt::format("plain node{}", end);
  return to_text(role) + end;
}

Sketch::State state_of(const NodeStatus& node, Phase goal) {
  if (node.domain_state == "absent") return Sketch::State::absent;
  if (node.domain_state != "running") return Sketch::State::stopped;
  return node.phase >= goal ? Sketch::State::arrived : Sketch::State::on_the_way;
}

Sketch::Box box_of(const Node& node, const NodeStatus& status, Phase goal) {
  Sketch::Box box;
  box.name = node.name;
  box.address = node.address.text();
  box.size = fmt::format("{} · {} · {} disk", counted(node.cpus, "cpu"),
                         format_size_mib(node.memory_mib), format_size_mib(node.disk_mib));
  for (const auto& disk : node.disks) {
    box.disks.push_back(fmt::format("{} {}", disk.mount, format_size_mib(disk.size_mib)));
  }
  box.mac = node.mac;
  box.image = node.image;
  box.state = state_of(status, goal);
  box.state_text = box.state == Sketch::State::absent
                       ? "absent"
                       : fmt::format("{} · {}", status.domain_state, to_text(status.phase));
  return box;
}

/// For text between double quotes of Graphviz, which reads entities of HTML too.
std::string dot_text(const std::string& text) {
  std::string safe;
  for (const char c : printable(document_text(text))) {
    if (c == '"' || c == '\\') safe += '\\';
    safe += c == '&' ? "&amp;" : std::string(1, c);
  }
  return safe;
}

/// Mermaid knows no backslash: what could end the text or start Markdown becomes an entity.
std::string mermaid_text(const std::string& text) {
  std::string safe;
  for (const char c : printable(document_text(text))) {
    if (std::string_view("\"#&<>`*_;[](){}|").find(c) == std::string_view::npos) {
      safe += c;
    } else {
      safe += fmt::format("#{};", static_cast<int>(static_cast<unsigned char>(c)));
    }
  }
  return safe;
}

std::vector<std::string> lines_of(const Sketch::Box& box) {
  std::vector<std::string> lines = {box.name, box.address, box.size};
  lines.insert(lines.end(), box.disks.begin(), box.disks.end());
  lines.push_back(box.state_text);
  return lines;
}

std::vector<std::string> network_lines(const Sketch& sketch) {
  std::vector<std::string> lines = {sketch.network};
  lines.insert(lines.end(), sketch.network_facts.begin(), sketch.network_facts.end());
  return lines;
}

/// Each line made safe by `quote`, then joined.
std::string label_of(const std::vector<std::string>& lines, const char* line_end,
                     std::string (*quote)(const std::string&)) {
  std::string label;
  for (const auto& line : lines) label += (label.empty() ? "" : line_end) + quote(line);
  return label;
}

}  // namespace

const char* css_of(Role role) {
  switch (role) {
    case Role::bootstrap:
      return "bootstrap";
    case Role::master:
      return "master";
    case Role::agent:
      return "agent";
    case Role::public_agent:
      return "public";
    case Role::plain:
      break;
  }
  return "plain";
}

const char* css_of(Sketch::State state) {
  switch (state) {
    case Sketch::State::absent:
      return "absent";
    case Sketch::State::stopped:
      return "stopped";
    case Sketch::State::on_the_way:
      return "underway";
    case Sketch::State::arrived:
      break;
  }
  return "arrived";
}

Sketch sketch_of(const Lab& lab, const LabStatus& status) {
  Sketch sketch;
  sketch.lab = lab.name;
  sketch.network = fmt::format("{} · {}", lab.network.name, lab.network.cidr.text());
  sketch.network_facts = {"gateway " + lab.network.gateway.text(), "bridge " + lab.network.bridge,
                          "domain " + lab.network.domain};
  const auto goal = lab.dcos ? Phase::installed : Phase::prepared;
  for (const auto role :
       {Role::bootstrap, Role::master, Role::agent, Role::public_agent, Role::plain}) {
    Sketch::Row row;
    row.role = role;
    for (const auto& node : status.nodes) {
      if (node.role == role) row.boxes.push_back(box_of(lab.node(node.name), node, goal));
    }
    row.title = row_title(role, row.boxes.size());
    if (!row.boxes.empty()) sketch.rows.push_back(std::move(row));
  }
  const auto arrived = std::ranges::count_if(status.nodes, [goal](const NodeStatus& node) {
    return state_of(node, goal) == Sketch::State::arrived;
  });
  sketch.summary =
      fmt::format("{} of {} {}", arrived, counted(lab.nodes.size(), "node"), to_text(goal));
  if (!status.release.empty()) sketch.summary += " · release " + status.release;
  sketch.notes = status.notes;
  return sketch;
}

std::string graph_dot(const Sketch& sketch) {
  auto text = fmt::format(
      "graph \"{}\" {{\n"
      "  graph [fontname=\"sans-serif\", ordering=out, nodesep=0.3, ranksep=0.6];\n"
      "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n"
      "  network [shape=box, style=filled, fillcolor=\"#e8eefb\", color=\"#2f63c8\", "
      "label=\"{}\"];\n",
      dot_text(sketch.lab), label_of(network_lines(sketch), "\\n", dot_text));
  for (const auto& row : sketch.rows) {
    text += fmt::format(
        "  subgraph \"cluster {}\" {{\n    label=\"{}\"; color=\"#8a94a6\"; style=rounded;\n",
        css_of(row.role), dot_text(row.title));
    for (const auto& box : row.boxes) {
      const char* look = "";
      if (box.state == Sketch::State::arrived) look = ", color=\"#1a7f4b\", penwidth=2";
      if (box.state == Sketch::State::on_the_way) look = ", color=\"#8a5c00\", penwidth=2";
      if (box.state == Sketch::State::stopped) look = ", color=\"#5a6578\", penwidth=2";
      if (box.state == Sketch::State::absent) look = ", style=\"rounded,dashed\"";
      text += fmt::format("    \"node {}\" [label=\"{}\"{}];\n", dot_text(box.name),
                          label_of(lines_of(box), "\\n", dot_text), look);
    }
    text += "  }\n";
    for (const auto& box : row.boxes) {
      text += fmt::format("  network -- \"node {}\";\n", dot_text(box.name));
    }
  }
  return text + "}\n";
}

std::string graph_mermaid(const Sketch& sketch) {
  auto text = fmt::format("flowchart TB\n  network[\"{}\"]\n",
                          label_of(network_lines(sketch), "<br/>", mermaid_text));
  std::size_t index = 0;
  std::string links;
  for (const auto& row : sketch.rows) {
    text += fmt::format("  subgraph {}s[\"{}\"]\n", css_of(row.role), mermaid_text(row.title));
    for (const auto& box : row.boxes) {
      text += fmt::format("    n{}[\"{}\"]:::{}\n", index,
                          label_of(lines_of(box), "<br/>", mermaid_text), css_of(box.state));
      links += fmt::format("  network --- n{}\n", index);
      ++index;
    }
    text += "  end\n";
  }
  return text + links +
         "  classDef arrived stroke:#1a7f4b,stroke-width:2px\n"
         "  classDef underway stroke:#8a5c00,stroke-width:2px\n"
         "  classDef stopped stroke:#5a6578,stroke-width:2px\n"
         "  classDef absent stroke-dasharray:5 5\n";
}

}  // namespace vmlab
