// The control socket: how other commands ask a running agent. A request is one line; the answer is an exit
// code, a newline and text, to the end of the stream. The server lives on the loop and never blocks it; ask()
// blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/fd.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "loop/poll.h"

namespace dingtail::observe {

struct Reply {
  int exit_code = 0;
  std::string text;
};

class Control {
 public:
  // Called once, at once or later, and not after the Control's end. Who asked may have gone meanwhile.
  using Answer = std::function<void(const Reply& reply)>;
  using Handler = std::function<void(const std::string& request, Answer answer)>;

  // Listens on `path`, mode 0660. A socket that a dead agent left there is replaced.
  static base::Result<std::unique_ptr<Control>> listen(loop::Loop& loop, const std::string& path,
                                                       Handler handler);
  // False: somebody deleted or replaced the socket, and nobody can ask any more.
  [[nodiscard]] bool is_reachable() const;
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control();

 private:
  struct Connection;

  using File = std::pair<std::uint64_t, std::uint64_t>;  // device and inode
  static std::optional<File> file_at(const std::string& path);

  Control(loop::Loop& loop, std::string path, base::Fd fd, Handler handler);
  void accept();
  bool make_room();
  void serve(Connection& connection);
  void read_request(Connection& connection);
  void answer(std::uint64_t id, const Reply& reply);
  void write_answer(Connection& connection);
  void drop(const Connection& connection);

  loop::Loop& loop_;
  std::string path_;
  std::optional<File> socket_;
  base::Fd fd_;
  Handler handler_;
  std::unique_ptr<loop::Poll> poll_;
  std::list<std::unique_ptr<Connection>> connections_;
  std::uint64_t last_id_ = 0;
};

// Asks the agent that listens on `path`. kNotFound: none does. kUnanswered: it did not answer within that
// time, or went away.
base::Result<Reply> ask(const std::string& path, const std::string& request, base::Millis timeout);

}  // namespace dingtail::observe
