#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_map>

#include "base/units.h"
#include "lab/yaml_tree.h"

namespace vmlab {

namespace {

Mark mark_of(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1};
}

/// Ends the reading; yaml-cpp has no other way out of a document.
struct Refused {
  Mark mark;
  std::string message;
  std::string help;
};

std::string_view explicit_tag(std::string_view tag) {
  return tag == "?" || tag == "!" ? std::string_view{} : tag;
}

/// Number of bytes of the UTF-8 sequence at the start of `text`; 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t length = 0;
  if (byte(0) < 0x80) length = 1;
  if (byte(0) >= 0xc2 && byte(0) < 0xe0) length = 2;
  if (byte(0) >= 0xe0 && byte(0) < 0xf0) length = 3;
  if (byte(0) >= 0xf0 && byte(0) < 0xf5) length = 4;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

/// yaml-cpp takes byte 4 for the end of input and guesses UTF-16 from zero bytes: only clean text
/// may reach it.
std::optional<Mark> first_bad_byte(std::string_view text) {
  Mark mark{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const auto length = utf8_length(text.substr(i));
    const auto c = static_cast<unsigned char>(text[i]);
    const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    if (length == 0 || control) return mark;
    if (c == '\n') {
      mark = {mark.line + 1, 1};
    } else {
      mark.column += static_cast<int>(length);
    }
    i += length;
  }
  return std::nullopt;
}

/// What yaml-cpp says of a tab in the indentation is hard to understand.
std::string tab_help(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  const auto indentation = text.substr(0, text.find_first_not_of(" \t"));
  return indentation.find('\t') == std::string_view::npos ? ""
                                                          : "indent with blanks, not with tabs";
}

/// Builds the tree from yaml-cpp's events. Depth is checked before yaml-cpp recurses.
class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& file, std::vector<Diagnostic>& problems, const YamlLimits& limits)
      : file_(file), problems_(problems), limits_(limits) {}

  YamlTree take() { return std::move(root_); }
  bool any() const { return documents_ > 0; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      throw Refused{
          mark_of(mark), "a second document begins here: one file holds one document", {}};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlTree tree;
    tree.mark = mark_of(mark);
    leaf(std::move(tree), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlTree tree;
    tree.kind = YamlTree::Kind::scalar;
    tree.text = value;
    tree.quoted = tag == "!";
    tree.tag = explicit_tag(tag);
    tree.mark = mark_of(mark);
    leaf(std::move(tree), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused{mark_of(mark), "this alias stands for something that holds it", {}};
    }
    count(found->second.values, mark_of(mark));
    if (stack_.size() + found->second.depth > static_cast<std::size_t>(limits_.depth)) {
      throw Refused{mark_of(mark), too_deep(), {}};
    }
    YamlTree copy = found->second.tree;
    copy.mark = mark_of(mark);
    if (!stack_.empty())
      stack_.back().deepest = std::max(stack_.back().deepest, found->second.depth);
    place(std::move(copy));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlTree::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlTree::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Anchored {
    YamlTree tree;
    std::size_t values = 0;
    std::size_t depth = 0;  // levels of lists and maps in it
  };
  struct Open {
    YamlTree tree;
    YAML::anchor_t anchor = 0;
    std::size_t values_before = 0;
    std::size_t deepest = 0;  // levels below this one
    bool awaits_value = false;
    YamlEntry entry;
    std::unordered_map<std::string, int> lines;  // of the keys
  };

  std::string too_deep() const {
    return fmt::format("nested deeper than {} levels", limits_.depth);
  }

  void count(std::size_t more, Mark mark) {
    values_ += more;
    if (values_ > limits_.values) {
      throw Refused{mark, fmt::format("more than {} values", limits_.values), {}};
    }
  }

  void leaf(YamlTree tree, YAML::anchor_t anchor) {
    count(1, tree.mark);
    if (anchor != 0) anchors_[anchor] = {tree, 1, 0};
    place(std::move(tree));
  }

  void open(YamlTree::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    if (stack_.size() >= static_cast<std::size_t>(limits_.depth)) {
      throw Refused{mark_of(mark), too_deep(), {}};
    }
    Open level;
    level.tree.kind = kind;
    level.tree.tag = explicit_tag(tag);
    level.tree.mark = mark_of(mark);
    level.anchor = anchor;
    level.values_before = values_;
    count(1, level.tree.mark);
    stack_.push_back(std::move(level));
  }

  void close() {
    Open level = std::move(stack_.back());
    stack_.pop_back();
    const auto depth = level.deepest + 1;
    if (level.anchor != 0) {
      anchors_[level.anchor] = {level.tree, values_ - level.values_before, depth};
    }
    if (!stack_.empty()) stack_.back().deepest = std::max(stack_.back().deepest, depth);
    place(std::move(level.tree));
  }

  void place(YamlTree tree) {
    if (stack_.empty()) {
      root_ = std::move(tree);
      return;
    }
    auto& level = stack_.back();
    if (level.tree.is_list()) {
      level.tree.items.push_back(std::move(tree));
    } else if (!level.awaits_value) {
      take_key(level, std::move(tree));
    } else {
      level.awaits_value = false;
      level.entry.value = std::move(tree);
      if (level.entry.value.is_null()) level.entry.value.mark = level.entry.mark;
      level.tree.entries.push_back(std::move(level.entry));
      level.entry = {};
    }
  }

  void take_key(Open& level, YamlTree tree) {
    level.awaits_value = true;
    level.entry.mark = tree.mark;
    if (!tree.is_scalar()) {
      report(tree.mark, "a key must be plain text");
      return;
    }
    level.entry.key = std::move(tree.text);
    level.entry.quoted = tree.quoted;
    const auto [first, fresh] = level.lines.emplace(level.entry.key, tree.mark.line);
    if (!fresh) {
      report(tree.mark, fmt::format("duplicate key '{}'", level.entry.key),
             fmt::format("line {} has it already", first->second));
    }
  }

  /// A problem that does not end the reading.
  void report(Mark mark, std::string message, std::string help = {}) {
    if (++reported_ > limits_.problems)
      throw Refused{mark, "too many problems, no more is read", {}};
    problems_.push_back({file_, mark.line, mark.column, std::move(message), std::move(help)});
  }

  const std::string& file_;
  std::vector<Diagnostic>& problems_;
  YamlLimits limits_;
  int documents_ = 0;
  std::size_t values_ = 0;
  std::size_t reported_ = 0;
  YamlTree root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
};

}  // namespace

std::optional<YamlTree> read_yaml(std::string_view text, const std::string& file,
                                  std::vector<Diagnostic>& problems, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    problems.push_back({file,
                        1,
                        1,
                        fmt::format("the file is too large: {}, at most {} are read",
                                    format_bytes(text.size()), format_bytes(limits.bytes)),
                        {}});
    return std::nullopt;
  }
  if (const auto bad = first_bad_byte(text)) {
    problems.push_back(
        {file, bad->line, bad->column, "not a text file: a control character or no UTF-8", {}});
    return std::nullopt;
  }
  Builder builder(file, problems, limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    problems.push_back(
        {file, refused.mark.line, refused.mark.column, refused.message, refused.help});
    return std::nullopt;
  } catch (const YAML::Exception& e) {
    const auto mark = e.mark.is_null() ? Mark{1, 1} : mark_of(e.mark);
    problems.push_back(
        {file, mark.line, mark.column, "not YAML: " + e.msg, tab_help(text, mark.line)});
    return std::nullopt;
  }
  return builder.take();
}

}  // namespace vmlab
