// What a CommonMark parser makes of a text: an oracle that shares nothing with format/.
#pragma once

#include <cmark.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace dingtail::format {

struct Parsed {
  std::map<std::string, int> nodes;  // how many of each type, by cmark's name; the document itself aside
  std::string heading;               // the text of all headings
  std::string text;                  // the text of everything, hard and soft breaks as newlines
};

inline Parsed parse_markdown(std::string_view markdown) {
  const std::unique_ptr<cmark_node, decltype(&cmark_node_free)> document(
      cmark_parse_document(markdown.data(), markdown.size(), CMARK_OPT_DEFAULT), &cmark_node_free);
  const std::unique_ptr<cmark_iter, decltype(&cmark_iter_free)> walk(cmark_iter_new(document.get()),
                                                                     &cmark_iter_free);
  Parsed out;
  bool in_heading = false;
  for (auto event = cmark_iter_next(walk.get()); event != CMARK_EVENT_DONE;
       event = cmark_iter_next(walk.get())) {
    cmark_node* node = cmark_iter_get_node(walk.get());
    const auto type = cmark_node_get_type(node);
    if (type == CMARK_NODE_HEADING) in_heading = event == CMARK_EVENT_ENTER;
    if (event != CMARK_EVENT_ENTER || type == CMARK_NODE_DOCUMENT) continue;
    ++out.nodes[cmark_node_get_type_string(node)];
    std::string text;
    if (type == CMARK_NODE_TEXT) text = cmark_node_get_literal(node);
    if (type == CMARK_NODE_LINEBREAK || type == CMARK_NODE_SOFTBREAK) text = "\n";
    out.text += text;
    if (in_heading) out.heading += text;
  }
  return out;
}

}  // namespace dingtail::format
