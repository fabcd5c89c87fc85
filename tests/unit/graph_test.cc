// Pictures of a lab, as files under review: tests/golden/cli/graph.*
#include <pugixml.hpp>

#include "cli/graph.h"
#include "cli/page.h"
#include "support/commands_fixture.h"
#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

using test::expect_golden;

class Graph : public testing::Test {
 protected:
  Graph() : lab_(test::quickstart()) {
    for (const auto& node : lab_.nodes) {
      NodeStatus line;
      line.name = node.name;
      line.role = node.role;
      line.address = node.address;
      line.phase = node.role == Role::master ? Phase::installed : Phase::booting;
      line.domain_state = "running";
      if (node.role == Role::bootstrap) line.domain_state = "shut off";
      if (node.role == Role::public_agent) line.domain_state = "absent";
      line.cpus = node.cpus;
      line.memory_mib = node.memory_mib;
      status_.nodes.push_back(line);
    }
  }
  Lab lab_;
  LabStatus status_;
};

TEST_F(Graph, EachFormat) {
  const auto sketch = sketch_of(lab_, status_);
  expect_golden("cli/graph.svg", graph_svg(sketch));
  expect_golden("cli/graph.html", graph_html(sketch));
  expect_golden("cli/graph.dot", graph_dot(sketch));
  expect_golden("cli/graph.mermaid", graph_mermaid(sketch));
}

TEST_F(Graph, ALabWithoutAnInstallHasArrivedWhenItIsPrepared) {
  status_.nodes[1].phase = Phase::prepared;
  lab_.dcos.reset();
  EXPECT_EQ(sketch_of(lab_, status_).rows[1].boxes[0].state, Sketch::State::arrived);
  lab_.dcos.emplace();
  EXPECT_EQ(sketch_of(lab_, status_).rows[1].boxes[0].state, Sketch::State::on_the_way);
}

TEST_F(Graph, APictureOfManyNodesIsNotMuchLongerThanWide) {
  auto sketch = sketch_of(lab_, status_);
  sketch.rows[2].boxes.resize(40, sketch.rows[2].boxes[0]);
  pugi::xml_document svg;
  ASSERT_TRUE(svg.load_string(graph_svg(sketch).c_str()));
  EXPECT_EQ(svg.select_nodes("//g").size(), 45U);
  const auto root = svg.child("svg");
  EXPECT_LT(root.attribute("height").as_int(), root.attribute("width").as_int());
  for (const auto& rect : svg.select_nodes("//rect")) {
    const auto right =
        rect.node().attribute("x").as_int() + rect.node().attribute("width").as_int();
    EXPECT_LE(right, root.attribute("width").as_int());
  }
}

TEST_F(Graph, NothingOfAValueBecomesMarkup) {
  auto sketch = sketch_of(lab_, status_);
  const std::string evil = "a\"];<script>&x\\\x1b[31m\xff";
  sketch.rows[0].boxes[0].name = evil;
  sketch.rows[0].boxes[0].disks = {evil};
  sketch.network = evil;
  sketch.lab = evil;
  const auto text = graph_svg(sketch);
  pugi::xml_document svg;
  ASSERT_TRUE(svg.load_string(text.c_str())) << text;
  EXPECT_TRUE(svg.select_node("//script").node().empty());
  EXPECT_TRUE(svg.select_node("//text[contains(., '<script>&x')]"));
  EXPECT_EQ(graph_html(sketch).find("<script"), std::string::npos);
  EXPECT_NE(graph_dot(sketch).find("[label=\"a\\\"];<script>&amp;x\\\\"), std::string::npos);
  const auto mermaid = graph_mermaid(sketch);
  EXPECT_NE(mermaid.find("[\"a#34;#93;#59;#60;script#62;#38;x"), std::string::npos) << mermaid;
  for (const auto& picture : {text, graph_html(sketch), graph_dot(sketch), mermaid}) {
    EXPECT_EQ(picture.find('\x1b'), std::string::npos);
    EXPECT_EQ(picture.find('\xff'), std::string::npos);
  }
}

TEST(DocumentText, HoldsNoControlCharacterAndOnlyUtf8) {
  EXPECT_EQ(document_text("a\x01\tb\n\x1b[1mc\x1b[0m\x7f ü \xff"), "a\tb\nc ü \xef\xbf\xbd");
}

class GraphCommand : public test::CommandsFixture {};

TEST_F(GraphCommand, BeforeAndAfterUp) {
  ASSERT_EQ(run({"graph", "/topologies/small.yaml", "--format", "dot"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("label=\"box-1\\n192.168.77.191\\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("absent"), std::string::npos);
  bring_up();
  ASSERT_EQ(run({"graph"}), ExitCode::done) << err_;
  EXPECT_TRUE(out_.starts_with("<svg")) << out_;
  EXPECT_NE(out_.find("running · prepared"), std::string::npos);
  world_.files["/out/.keep"] = "";
  ASSERT_EQ(run({"graph", "--format", "html", "-o", "/out/lab.html"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.files.at("/out/lab.html").starts_with("<!DOCTYPE html>"));
  EXPECT_TRUE(out_.empty());
}

TEST_F(GraphCommand, RefusesWhatItCannotDo) {
  EXPECT_EQ(run({"graph", "--format", "pdf"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("'pdf' is not one of svg, dot, mermaid, html"), std::string::npos) << err_;
  EXPECT_EQ(run({"graph", "/topologies/small.yaml", "-o", "/nowhere/x"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("there is no directory '/nowhere'"), std::string::npos) << err_;
  world_.files["/dev/null"] = "";
  EXPECT_EQ(run({"graph", "/topologies/small.yaml", "-o", "/dev/null"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("it is a link or a device, no file"), std::string::npos) << err_;
}

}  // namespace
}  // namespace vmlab
