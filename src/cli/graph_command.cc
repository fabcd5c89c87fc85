// `vmlab graph`: a lab as a picture.
#include <map>

#include "cli/commands.h"
#include "cli/graph.h"
#include "cli/result_file.h"

namespace vmlab {

ExitCode run_graph(const Context& context) {
  using Render = std::string (*)(const Sketch&);
  static const std::map<std::string, Render> formats = {
      {"svg", graph_svg}, {"html", graph_html}, {"dot", graph_dot}, {"mermaid", graph_mermaid}};
  const auto& format = context.invocation.format;
  const auto lab = lab_of(context, context.invocation.target, Installer::unseen);
  const auto found = status(lab, Ask::host, context.settings, context.ports, context.stop);
  write_result(context, formats.at(format.empty() ? "svg" : format)(sketch_of(lab, found)));
  return ExitCode::done;
}

}  // namespace vmlab
