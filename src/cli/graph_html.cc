// The same picture as boxes of a page, which fit themselves to any screen.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/graph.h"
#include "cli/page.h"

namespace vmlab {

namespace {

constexpr std::string_view style = R"(
.network { border: 2px solid var(--accent); border-radius: .4rem; background: var(--panel);
  padding: .6rem 1rem; margin-top: 1rem; }
.bus { margin-left: .9rem; }
.row { position: relative; border-left: 2px solid var(--accent); padding: 1.1rem 0 0 1.4rem; }
.row:last-child { border-left-color: transparent; }
.row::before { content: ''; position: absolute; left: -2px; top: 0; width: 1.1rem; height: 1.9rem;
  border: 2px solid var(--accent); border-width: 0 0 2px 2px; }
h2 { font-size: 1rem; font-weight: 400; margin: 0 0 .4rem; color: var(--soft); }
.boxes { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
.node { border: 1px solid var(--line); border-left: 5px solid var(--role); border-radius: .4rem;
  background: var(--panel); padding: .6rem .9rem; font-size: .9rem; }
.node b { font-size: 1.05rem; }
.node.absent { background: none; border-style: dashed; border-left-style: solid; }
.bootstrap { --role: var(--kind-4); }
.master { --role: var(--kind-1); }
.agent { --role: var(--kind-2); }
.public { --role: var(--kind-3); }
.plain { --role: var(--soft); }
.light { display: inline-block; width: 1.3em; }
.arrived .light { color: var(--good); }
.underway .light { color: var(--warn); }
)";

const char* light_of(Sketch::State state) {
  switch (state) {
    case Sketch::State::absent:
      return "\u25cc";
    case Sketch::State::stopped:
      return "\u25cb";
    case Sketch::State::on_the_way:
      return "\u25d0";
    case Sketch::State::arrived:
      break;
  }
  return "\u25cf";
}

void add_box(pugi::xml_node parent, const Sketch::Box& box, Role role) {
  auto element =
      add_element(parent, "div", fmt::format("node {} {}", css_of(role), css_of(box.state)));
  add_element(add_element(element, "div", ""), "b", "", box.name);
  add_element(element, "div", "", box.address);
  add_element(element, "div", "soft", box.mac);
  add_element(element, "div", "soft", box.size);
  for (const auto& disk : box.disks) add_element(element, "div", "soft", disk);
  add_element(element, "div", "soft", "image " + box.image);
  auto state = add_element(element, "div", "");
  add_element(state, "span", "light", light_of(box.state))
      .append_attribute("aria-hidden")
      .set_value("true");
  add_element(state, "span", "", box.state_text);
}

}  // namespace

std::string graph_html(const Sketch& sketch) {
  Page page("lab " + sketch.lab, style);
  add_element(page.body(), "h1", "", "lab " + sketch.lab);
  add_element(page.body(), "div", "soft", sketch.summary);
  auto network = add_element(page.body(), "div", "network");
  add_element(network, "b", "", sketch.network);
  add_element(network, "div", "soft", join(sketch.network_facts, " · "));
  if (!sketch.rows.empty()) {
    auto bus = add_element(page.body(), "div", "bus");
    for (const auto& row : sketch.rows) {
      auto element = add_element(bus, "section", "row");
      add_element(element, "h2", "", row.title);
      auto boxes = add_element(element, "div", "boxes");
      for (const auto& box : row.boxes) add_box(boxes, box, row.role);
    }
  }
  for (const auto& note : sketch.notes) add_element(page.body(), "p", "warn", note);
  return page.text();
}

}  // namespace vmlab
