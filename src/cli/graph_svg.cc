// The network as a bar, a bus down from it, and on the bus the nodes: a row or more for each role.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/text.h"
#include "cli/graph.h"
#include "cli/page.h"
#include "cli/terminal.h"

namespace vmlab {

namespace {

constexpr int margin = 20;
constexpr int bar_height = 60;
constexpr int bus_x = margin + 14;
constexpr int first_x = margin + 40;
constexpr int title_height = 46;  // between rows of different roles
constexpr int wrap_height = 24;   // between rows of one role
constexpr int box_width = 244;
constexpr int line_height = 20;
constexpr int gap = 20;
constexpr std::size_t columns_in_box = 29;  // of text, in the widest usual font

constexpr const char* svg_style = R"(
svg { --back: #ffffff; --text: #1c2330; --soft: #56627a; --panel: #f4f6f9; --good: #1a7f4b;
  --warn: #8a5c00; --accent: #2f63c8; --bootstrap: #a8730f; --master: #2f63c8; --agent: #1f8a70;
  --public: #8250df; --plain: #6b7688; }
@media (prefers-color-scheme: dark) { svg { --back: #12161d; --text: #e3e8f0; --soft: #9aa6b8;
  --panel: #1b212b; --good: #4cc38a; --warn: #e3b341; --accent: #7aa7ff; --bootstrap: #d9a441;
  --master: #7aa7ff; --agent: #4fc3a1; --public: #b794f6; --plain: #9aa6b8; } }
.back { fill: var(--back); }
.network { fill: var(--panel); stroke: var(--accent); stroke-width: 2; }
.bus { fill: none; stroke: var(--accent); stroke-width: 2; }
.node { fill: var(--panel); stroke: var(--soft); stroke-width: 1; }
.node.absent { fill: none; stroke-dasharray: 5 4; }
.bootstrap { fill: var(--bootstrap); }
.master { fill: var(--master); }
.agent { fill: var(--agent); }
.public { fill: var(--public); }
.plain { fill: var(--plain); }
.light { stroke-width: 2; fill: none; stroke: var(--soft); }
.light.arrived { fill: var(--good); stroke: var(--good); }
.light.underway { stroke: var(--warn); }
.light.absent { stroke-dasharray: 2 2; }
text { fill: var(--text); font: 13px system-ui, sans-serif; }
text.name { font-size: 15px; font-weight: 600; }
text.soft { fill: var(--soft); }
)";

using Attributes = std::vector<std::pair<const char*, int>>;

/// Child of `parent` that is placed by whole numbers.
pugi::xml_node shape(pugi::xml_node parent, const char* name, const std::string& css,
                     const Attributes& places) {
  auto element = add_element(parent, name, css);
  for (const auto& [key, value] : places) element.append_attribute(key).set_value(value);
  return element;
}

void words(pugi::xml_node parent, const char* css, int x, int y, const std::string& text) {
  shape(parent, "text", css, {{"x", x}, {"y", y}})
      .text()
      .set(document_text(clip(text, columns_in_box)).c_str());
}

/// A box and where it stands: boxes of one line hang on the same tap of the bus.
struct Cell {
  const Sketch::Box* box = nullptr;
  Role role = Role::plain;
  std::string title;  // of the first box of its role
};
using Line = std::vector<Cell>;

/// Roles that fit share a line; a role with more boxes than that has lines of its own.
std::vector<Line> lines_of(const Sketch& sketch, std::size_t columns) {
  std::vector<Line> lines;
  for (const auto& row : sketch.rows) {
    if (lines.empty() || lines.back().size() + row.boxes.size() > columns) lines.emplace_back();
    for (const auto& box : row.boxes) {
      if (lines.back().size() == columns) lines.emplace_back();
      lines.back().push_back({&box, row.role, &box == &row.boxes.front() ? row.title : ""});
    }
  }
  return lines;
}

/// All boxes of a line are of one height.
int box_height(const Line& line) {
  const bool disks =
      std::ranges::any_of(line, [](const Cell& cell) { return !cell.box->disks.empty(); });
  return (disks ? 5 : 4) * line_height + 20;
}

void draw_box(pugi::xml_node svg, const Cell& cell, int x, int y, int height) {
  const auto& box = *cell.box;
  auto group = add_element(svg, "g", "");
  auto all = box.name + "\n" + box.address + "\n" + box.mac + "\n" + box.size;
  for (const auto& disk : box.disks) all += "\n" + disk;
  add_element(group, "title", "", all + "\nimage " + box.image + "\n" + box.state_text);
  shape(group, "rect", fmt::format("node {}", css_of(box.state)),
        {{"x", x}, {"y", y}, {"width", box_width}, {"height", height}, {"rx", 6}});
  shape(group, "rect", css_of(cell.role),
        {{"x", x}, {"y", y}, {"width", 5}, {"height", height}, {"rx", 2}});
  int line = y + 8;
  const auto next = [&line] { return line += line_height; };
  const int text_x = x + 18;
  words(group, "name", text_x, next(), box.name);
  words(group, "", text_x, next(), box.address);
  words(group, "soft", text_x, next(), box.size);
  if (!box.disks.empty()) {
    words(
        group, "soft", text_x, next(),
        box.disks.size() == 1 ? box.disks.front() : fmt::format("{} data disks", box.disks.size()));
  }
  next();
  shape(group, "circle", fmt::format("light {}", css_of(box.state)),
        {{"cx", text_x + 5}, {"cy", line - 4}, {"r", 5}});
  words(group, "", text_x + 18, line, box.state_text);
}

void draw_network(pugi::xml_node svg, const Sketch& sketch, int width) {
  shape(svg, "rect", "network",
        {{"x", margin},
         {"y", margin},
         {"width", width - 2 * margin},
         {"height", bar_height},
         {"rx", 6}});
  shape(svg, "text", "name", {{"x", margin + 16}, {"y", margin + 25}})
      .text()
      .set(document_text(sketch.network).c_str());
  shape(svg, "text", "soft", {{"x", margin + 16}, {"y", margin + 46}})
      .text()
      .set(document_text(join(sketch.network_facts, " · ")).c_str());
}

void draw_path(pugi::xml_node svg, const std::string& path) {
  add_element(svg, "path", "bus").append_attribute("d").set_value(path.c_str());
}

/// The nodes and the bus; returns where it ends.
int draw_lines(pugi::xml_node svg, const std::vector<Line>& lines) {
  const int top = margin + bar_height;
  int y = top;
  for (const auto& line : lines) {
    const bool titled =
        std::ranges::any_of(line, [](const Cell& cell) { return !cell.title.empty(); });
    y += titled ? title_height : wrap_height;
    const int tap = y - 12;
    const int height = box_height(line);
    int x = first_x;
    int from = bus_x;
    for (const auto& cell : line) {
      const int middle = x + box_width / 2;
      draw_path(svg, fmt::format("M {} {} H {} V {}", from, tap, middle, y));
      if (!cell.title.empty()) words(svg, "soft", x, tap - 10, cell.title);
      draw_box(svg, cell, x, y, height);
      from = middle;
      x += box_width + gap;
    }
    if (&line == &lines.back()) draw_path(svg, fmt::format("M {} {} V {}", bus_x, top, tap));
    y += height;
  }
  return y;
}

/// Four, more for a long role; two at least, which the network's line of facts needs.
std::size_t columns_of(const Sketch& sketch) {
  std::size_t most = 0;
  std::size_t all = 0;
  for (const auto& row : sketch.rows) {
    most = std::max(most, row.boxes.size());
    all += row.boxes.size();
  }
  return std::clamp<std::size_t>(all, 2, most > 16 ? 8 : 4);
}

}  // namespace

std::string graph_svg(const Sketch& sketch) {
  const auto columns = columns_of(sketch);
  const int width = first_x + static_cast<int>(columns) * (box_width + gap) - gap + margin;
  pugi::xml_document document;
  auto svg = document.append_child("svg");
  svg.append_attribute("xmlns").set_value("http://www.w3.org/2000/svg");
  svg.append_attribute("role").set_value("img");
  add_element(svg, "title", "", fmt::format("lab {}: {}", sketch.lab, sketch.summary));
  add_element(svg, "style", "", svg_style);
  auto back = shape(svg, "rect", "back", {});
  draw_network(svg, sketch, width);
  const int height = draw_lines(svg, lines_of(sketch, columns)) + margin;
  for (auto element : {svg, back}) {
    element.append_attribute("width").set_value(width);
    element.append_attribute("height").set_value(height);
  }
  svg.append_attribute("viewBox").set_value(fmt::format("0 0 {} {}", width, height).c_str());
  std::ostringstream out;
  document.save(out, "  ", pugi::format_indent | pugi::format_no_declaration);
  return out.str();
}

}  // namespace vmlab
