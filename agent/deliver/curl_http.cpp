#include "deliver/curl_http.h"

#include <curl/curl.h>

#include <deque>
#include <map>
#include <string_view>
#include <utility>

#include "deliver/curl_transfer.h"
#include "deliver/trust.h"
#include "loop/poll.h"
#include "loop/timer.h"

namespace dingtail::deliver {
namespace {

using Done = std::function<void(HttpAnswer)>;

HttpAnswer given_up(CURLMcode code) {
  return no_answer(Transport::kOther, curl_multi_strerror(code));
}

}  // namespace

struct CurlHttp::Impl {
  struct Running {
    std::unique_ptr<CurlTransfer> transfer;
    std::string host;
    Done done;
  };

  Impl(loop::Loop& on, CurlOptions with)
      : loop(on),
        options(std::move(with)),
        trust(options.system_bundle),
        resolver(on, options.look_up, options.total_timeout),
        timer(on, [this] { act(CURL_SOCKET_TIMEOUT, 0); }),
        soon(on, [this] { tell_one(); }) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    close();
    curl_global_cleanup();
  }

  bool open();
  void close();
  void post(const HttpRequest& request, Done done);
  void begin(const HttpRequest& request, const Route& route, const Resolved& resolved, Done done);
  void act(curl_socket_t fd, int events);
  void collect();
  void rebuild(CURLMcode why);
  void tell(Done done, HttpAnswer answer);
  void tell_one();
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* unused);
  static int on_timeout(CURLM* multi, long ms, void* self);

  loop::Loop& loop;
  CurlOptions options;
  Trust trust;
  Resolver resolver;
  loop::Timer timer;                                // libcurl's one
  loop::Timer soon;                                 // tells what is in `answers`
  std::deque<std::pair<Done, HttpAnswer>> answers;  // to tell, each from the loop itself
  CURLM* multi = nullptr;
  std::map<curl_socket_t, loop::Poll> polls;
  std::map<CURL*, Running> running;
};

bool CurlHttp::Impl::open() {
  multi = curl_multi_init();
  if (multi == nullptr) return false;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  return true;
}

void CurlHttp::Impl::close() {
  for (const auto& [easy, one] : running) curl_multi_remove_handle(multi, easy);
  running.clear();
  curl_multi_cleanup(multi);  // still calls on_socket
  multi = nullptr;
  polls.clear();
  timer.stop();
}

void CurlHttp::Impl::post(const HttpRequest& request, Done done) {
  const auto route = route_of(request, options.environment);
  if (!route)
    return tell(std::move(done), no_answer(Transport::kUrl, "not an https address (or http to loopback)"));
  if (!route->needs_look_up()) return begin(request, *route, {}, std::move(done));
  resolver.resolve(route->host,
                   [=, this](const Resolved& resolved) { begin(request, *route, resolved, done); });
}

void CurlHttp::Impl::begin(const HttpRequest& request, const Route& route, const Resolved& resolved,
                           Done done) {
  auto transfer = CurlTransfer::prepare(request, route, resolved, options, trust);
  if (!transfer) return tell(std::move(done), std::move(transfer.error()));
  CURL* easy = (*transfer)->easy();
  if (const auto code = curl_multi_add_handle(multi, easy); code != CURLM_OK)
    return tell(std::move(done), given_up(code));
  running.emplace(easy, Running{std::move(*transfer), route.host, std::move(done)});
}

void CurlHttp::Impl::act(curl_socket_t fd, int events) {
  int still_running = 0;
  if (const auto code = curl_multi_socket_action(multi, fd, events, &still_running); code != CURLM_OK)
    rebuild(code);
  else
    collect();  // also where none runs any more: the last one's end is told here too
}

void CurlHttp::Impl::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;
    curl_multi_remove_handle(multi, easy);  // ends the life of *message
    auto ended = std::move(running.extract(easy).mapped());
    auto answer = ended.transfer->end(code);
    if (answer.transport == Transport::kConnect || answer.transport == Transport::kProxy)
      resolver.blame(ended.host);
    tell(std::move(ended.done), std::move(answer));
  }
}

// After an error of the multi interface the state of all its transfers is undefined.
void CurlHttp::Impl::rebuild(CURLMcode why) {
  for (auto& [easy, one] : running) tell(std::move(one.done), given_up(why));
  close();
  open();
}

void CurlHttp::Impl::tell(Done done, HttpAnswer answer) {
  answers.emplace_back(std::move(done), std::move(answer));
  soon.start(base::Millis{0});
}

// One at a time: `done` may end this object.
void CurlHttp::Impl::tell_one() {
  auto [done, answer] = std::move(answers.front());
  answers.pop_front();
  if (!answers.empty()) soon.start(base::Millis{0});
  done(std::move(answer));
}

int CurlHttp::Impl::on_socket(CURL* /*easy*/, curl_socket_t fd, int what, void* self_, void* /*unused*/) {
  auto* self = static_cast<Impl*>(self_);
  if (what == CURL_POLL_REMOVE) {
    self->polls.erase(fd);
    return 0;
  }
  auto found = self->polls.find(fd);
  if (found == self->polls.end()) {
    auto poll = loop::Poll::open(self->loop, fd, [self, fd](loop::Ready ready) {
      // After a failure libcurl finds the cause itself when it reads or writes; CURL_CSELECT_ERR would hide
      // it.
      self->act(fd, (ready.read || ready.failed ? CURL_CSELECT_IN : 0) |
                        (ready.write || ready.failed ? CURL_CSELECT_OUT : 0));
    });
    if (!poll) return -1;  // libcurl gives up its multi handle: rebuild()
    found = self->polls.emplace(fd, std::move(*poll)).first;
  }
  found->second.watch({.read = what != CURL_POLL_OUT, .write = what != CURL_POLL_IN});
  return 0;
}

int CurlHttp::Impl::on_timeout(CURLM* /*multi*/, long ms, void* self_) {
  auto* self = static_cast<Impl*>(self_);
  if (ms < 0)
    self->timer.stop();
  else
    self->timer.start(base::Millis(ms));
  return 0;
}

CurlHttp::CurlHttp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlHttp::~CurlHttp() = default;

base::Result<std::unique_ptr<CurlHttp>> CurlHttp::make(loop::Loop& loop, CurlOptions options) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return base::fail(base::Code::kFailed, "starting libcurl");
  auto impl = std::make_unique<Impl>(loop, std::move(options));
  const char* backend = curl_version_info(CURLVERSION_NOW)->ssl_version;
  if (backend == nullptr || std::string_view(backend).find("OpenSSL") == std::string_view::npos)
    return base::fail(base::Code::kFailed, "this libcurl does not use OpenSSL");
  if (!impl->open()) return base::fail(base::Code::kFailed, "starting libcurl: out of memory");
  return std::unique_ptr<CurlHttp>(new CurlHttp(std::move(impl)));
}

void CurlHttp::post(const HttpRequest& request, std::function<void(HttpAnswer)> done) {
  impl_->post(request, std::move(done));
}

}  // namespace dingtail::deliver
