#include "lab/yaml_tree.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

YamlTree read(const std::string& text) {
  std::vector<Diagnostic> problems;
  auto tree = read_yaml(text, "f", problems);
  EXPECT_TRUE(tree && problems.empty()) << text;
  return tree ? std::move(*tree) : YamlTree{};
}

std::string as_json(const std::string& text) {
  return yaml_to_json(read(text)).dump();
}

TEST(YamlTree, TypesPlainScalarsAsPyYaml) {
  EXPECT_EQ(as_json("[true, yes, On, FALSE, no, off]"), "[true,true,true,false,false,false]");
  EXPECT_EQ(as_json("[y, n, tRue, 'true', \"no\"]"), R"(["y","n","tRue","true","no"])");
  EXPECT_EQ(as_json("[0, 12, -3, +4, 0644, 0x1f, 08, 1_000]"),
            R"([0,12,-3,4,420,31,"08","1_000"])");
  EXPECT_EQ(as_json("[1.5, -0.25, 1.0e+3, 1e3, 1.2.3, 1:30, .5, '.5']"),
            R"([1.5,-0.25,1000.0,"1e3","1.2.3","1:30",0.5,".5"])");
  EXPECT_EQ(as_json("[~, null, '', 'null', 99999999999999999999]"),
            R"([null,null,"","null","99999999999999999999"])");
  EXPECT_EQ(as_json("{a: {b: [1]}, 1: x}"), R"({"a":{"b":[1]},"1":"x"})");
}

TEST(YamlTree, KeepsPositions) {
  const auto tree = read("a: 1\nb:\n  - c: x\n    d:\n");
  EXPECT_EQ(tree.find("a")->mark, (Mark{1, 4}));
  EXPECT_EQ(tree.entries[1].mark, (Mark{2, 1}));
  const auto& inner = tree.find("b")->items[0];
  EXPECT_EQ(inner.find("c")->mark, (Mark{3, 8}));
  EXPECT_EQ(inner.find("d")->mark, (Mark{4, 5}));  // no value: the key's place
}

TEST(YamlTree, WritesWhatReadsBackEqual) {
  for (const auto* text :
       {"a: 1\n", "a: ['1', 1, true, 'true', ~, '', ' x', 'x ', \"a\\nb\", \"a\\nb\\n\"]\n",
        "'null': x\n'1': y\n1.5: z\n", "a: |\n  one\n    two\n\n  three\nb: >-\n  folded\n  text\n",
        "a: []\nb: {}\nc: [[], {}]\n",
        "a: \"tab\\there\"\nb: 'it''s'\nc: \"\\\"\"\nd: '#x'\ne: 'a: b'\n",
        "a: [[sh, -c, 'echo $x | y > z'], [b, 0644]]\n", "a: ä€\nb: \"\\u00e4\\x07\"\n",
        "a: \"\\n\"\nb: \"\\n\\n\"\nc: \" x\\n\"\nd: \"x\\n\\n\"\n", "- - - x\n- a: - y\n"}) {
    std::vector<Diagnostic> problems;
    const auto tree = read_yaml(text, "f", problems);
    if (!tree) continue;
    EXPECT_EQ(yaml_to_json(read(write_yaml(*tree))).dump(), yaml_to_json(*tree).dump())
        << write_yaml(*tree);
  }
}

TEST(YamlTree, KeepsTagsAndQuotedText) {
  const auto text = write_yaml(read("a: !!binary aGVsbG8=\nb: '0644'\nc: 0644\n"));
  EXPECT_NE(text.find("!<tag:yaml.org,2002:binary>"), std::string::npos) << text;
  EXPECT_NE(text.find("b: \"0644\""), std::string::npos) << text;
  EXPECT_NE(text.find("c: 0644"), std::string::npos) << text;
}

TEST(YamlTree, Merges) {
  auto into = read("a: [1]\nb: {x: 1, y: 2}\nc: old\nd: [1]\n");
  merge_yaml(into, read("a: [2]\nb: {y: 3, z: 4}\nc: new\nd: ~\ne: 5\n"));
  EXPECT_EQ(yaml_to_json(into).dump(),
            R"({"a":[1,2],"b":{"x":1,"y":3,"z":4},"c":"new","d":[1],"e":5})");
}

TEST(YamlTree, RefusesKeysThatAreNoText) {
  std::vector<Diagnostic> problems;
  read_yaml("[a, b]: 1\n~: 2\n? {c: d}\n: 3\n", "f", problems);
  ASSERT_EQ(problems.size(), 3U);
  for (const auto& problem : problems) EXPECT_EQ(problem.message, "a key must be plain text");
}

TEST(YamlTree, RefusesWhatIsNoText) {
  for (const auto& text : {std::string("a: \0", 4), std::string("a: \x04 b"),
                           std::string("a: \xff"), std::string("a: \xc3"),
                           std::string("\xff\xfe"
                                       "a\0",
                                       4),
                           std::string("a: \xed")}) {
    std::vector<Diagnostic> problems;
    EXPECT_FALSE(read_yaml(text, "f", problems));
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].message, "not a text file: a control character or no UTF-8");
  }
}

}  // namespace
}  // namespace vmlab
