// Options of the commands that show a lab and its runs.
#include "cli/command_line.h"

namespace vmlab {

void add_picture_commands(CLI::App& app, Invocation& into) {
  auto* graph =
      add_command(app, "graph", "a lab as a picture: network, nodes, roles, state",
                  "  vmlab graph > lab.svg\n"
                  "  vmlab graph dcos --format html --output lab.html\n"
                  "  vmlab graph topologies/dcos.yaml --format dot | dot -Tpng > lab.png");
  add_lab(graph, into);
  take_only(graph->add_option_function<std::string>(
                "--format", [&into](const std::string& word) { into.format = word; },
                "svg is the default; dot: for Graphviz; mermaid: for Markdown; html: a page"),
            {"svg", "dot", "mermaid", "html"});
  graph->add_option("-o,--output", into.output, "a file instead of standard output")
      ->type_name("FILE");

  auto* report = add_command(app, "report", "the last run as one HTML page, whole in itself",
                             "  vmlab report > run.html\n"
                             "  vmlab report dcos --output run.html");
  add_lab(report, into);
  report->add_option("-o,--output", into.output, "a file instead of standard output")
      ->type_name("FILE");
}

}  // namespace vmlab
