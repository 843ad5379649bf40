#include "state/statement.h"

#include <cerrno>

namespace dingtail::state {
namespace {

constexpr int kPrimary = 0xFF;  // of an extended result code

sqlite3_stmt* prepare(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  return statement;  // null on an error: step() tells it
}

base::Code code_of(sqlite3* database) {
  switch (sqlite3_extended_errcode(database)) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
      return base::Code::kNotDurable;
    case SQLITE_IOERR_READ:
    case SQLITE_IOERR_SHORT_READ:
    case SQLITE_IOERR_CORRUPTFS:
      return base::Code::kInvalid;
    case SQLITE_IOERR_WRITE:  // nothing believed to be written is not: a second later it may do
      return sqlite3_system_errno(database) == EDQUOT ? base::Code::kNoSpace : base::Code::kFailed;
    default:
      break;
  }
  switch (sqlite3_errcode(database) & kPrimary) {
    case SQLITE_FULL:
      return base::Code::kNoSpace;
    case SQLITE_BUSY:
      return base::Code::kBusy;
    case SQLITE_ERROR:  // no such table or column: the statements themselves are right
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return base::Code::kInvalid;
    default:
      return base::Code::kFailed;
  }
}

}  // namespace

base::Status fail_sql(sqlite3* database) {
  return base::fail(code_of(database), std::string(sqlite3_errmsg(database)) + " (" +
                                           std::to_string(sqlite3_extended_errcode(database)) + ")");
}

base::Status execute(sqlite3* database, const std::string& statements) {
  if (sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  auto failed = fail_sql(database);
  if (sqlite3_get_autocommit(database) == 0) sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);
  return failed;
}

Statement::Statement(sqlite3* database, std::string_view sql)
    : database_(database), statement_(prepare(database, sql), sqlite3_finalize) {}

base::Result<bool> Statement::step() {
  const int code = statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected(fail_sql(database_).error());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

void Statement::bind(int index, std::optional<std::uint64_t> value) {
  if (value)
    bind(index, *value);
  else
    sqlite3_bind_null(statement_.get(), index);
}

void Statement::bind(int index, std::string_view value) {
  sqlite3_bind_text64(statement_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

}  // namespace dingtail::state
