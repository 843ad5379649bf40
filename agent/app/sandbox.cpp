#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "app/commands.h"
#include "app/options.h"
#include "base/file.h"
#include "base/time.h"
#include "loop/loop.h"
#include "loop/signal.h"
#include "sandbox/server.h"
#include "sandbox/show.h"

namespace dingtail::app {
namespace {

base::Result<sandbox::Misbehaviour> misbehaviour_of(const SandboxOptions& options) {
  const auto delay = base::parse_duration(options.delay);
  if (!delay) return base::fail(base::Code::kInvalid, "--delay: write 500ms, 10s or 5m");
  sandbox::Misbehaviour out;
  out.delay = *delay;
  out.errcode = options.errcode;
  out.errmsg = options.errmsg;
  out.http_status = options.status;
  if (!options.reset.empty())
    out.reset = options.reset == "before" ? sandbox::Reset::kBeforeBody : sandbox::Reset::kAfterBody;
  out.garbage = options.garbage;
  out.times = options.times;
  return out;
}

base::Result<sandbox::ServerOptions> server_options_of(const SandboxOptions& options) {
  sandbox::ServerOptions out;
  const auto colon = options.listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : options.listen.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size())
    return base::fail(base::Code::kInvalid, "--listen: write ADDRESS:PORT, such as 127.0.0.1:8089");
  out.address = options.listen.substr(0, colon);
  constexpr std::size_t kMostPemBytes = 1 << 20;
  for (const auto& [path, into] : {std::pair(options.tls_certificate, &out.tls_certificate_pem),
                                   std::pair(options.tls_key, &out.tls_key_pem)}) {
    if (path.empty()) continue;
    auto pem = base::read_file(path, kMostPemBytes);
    if (!pem) return base::within(path, std::move(pem).error());
    *into = std::move(*pem);
  }
  auto misbehaviour = misbehaviour_of(options);
  if (!misbehaviour) return tl::unexpected(misbehaviour.error());
  out.misbehaviour = std::move(*misbehaviour);
  return out;
}

sandbox::Style style_of_stdout() {
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return colour ? sandbox::Style::kColour : sandbox::Style::kPlain;
}

}  // namespace

int sandbox(const SandboxOptions& options) {
  const auto server_options = server_options_of(options);
  if (!server_options) return refuse(server_options.error().what, 2);
  dingtail::sandbox::RobotOptions robot;
  robot.secret = base::Secret(options.secret);
  robot.token = base::Secret(options.token);
  robot.keywords = options.keywords;
  robot.per_minute = options.per_minute;
  const auto style = style_of_stdout();
  const auto show = [&](const dingtail::sandbox::Received& received) {
    if (options.output == Output::kJson)
      std::cout << dingtail::sandbox::to_json(received) << std::endl;
    else
      std::cout << dingtail::sandbox::show(received, style) << std::endl;
  };
  const auto server = dingtail::sandbox::Server::start(*server_options, robot, show);
  if (!server) return refuse(server.error().what);
  std::cerr << "the sandbox robot listens; its webhook is\n" << (*server)->url() << std::endl;
  loop::Loop loop;
  const loop::Signal terminated(loop, SIGTERM, [&] { loop.stop(); });
  const loop::Signal interrupted(loop, SIGINT, [&] { loop.stop(); });
  loop.run();
  return 0;
}

}  // namespace dingtail::app
