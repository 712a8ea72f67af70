/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ipc/message_table.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <stddef.h>

const char *const eg_answer_names[] = {"did_it", "unknown", "call"};
_Static_assert(EG_COUNT(eg_answer_names) == EG_ANSWER_COUNT, "answers");

const char *const eg_telling_names[] = {"news", "reminder", "known"};
_Static_assert(EG_COUNT(eg_telling_names) == EG_TELLING_COUNT, "tellings");

const char *const eg_told_answer_names[] = {"none", "did_it", "unknown", "call", "closed"};
_Static_assert(EG_COUNT(eg_told_answer_names) == EG_TOLD_ANSWER_COUNT, "told answers");

const char *const eg_attention_names[] = {
    "check_suspicious", "no_rules",      "sensor_blind",   "disk_full",
    "scanner_down",     "pack_rejected", "rules_rejected", "rules_stale",
    "sensor_degraded",  "database",      "settings",
};
_Static_assert(EG_COUNT(eg_attention_names) == EG_ATTENTION_COUNT, "attention");

const char *const eg_job_state_names[] = {
    "unavailable", "idle", "running", "done", "failed", "cancelled",
};
_Static_assert(EG_COUNT(eg_job_state_names) == EG_JOB_STATE_COUNT, "states of a check");

const char *const eg_verdict_names[] = {"none", "nothing_found", "suspicious", "could_not_look"};
_Static_assert(EG_COUNT(eg_verdict_names) == EG_VERDICT_COUNT, "verdicts");

const char *const eg_check_phase_names[] = {
    "none", "processes", "autostarts", "tasks", "services", "wmi", "files", "memory",
};
_Static_assert(EG_COUNT(eg_check_phase_names) == EG_CHECK_PHASE_COUNT, "phases of a check");

const char *const eg_update_state_names[] = {
    "unavailable", "idle", "checking", "downloading", "current", "updated", "failed",
};
_Static_assert(EG_COUNT(eg_update_state_names) == EG_UPDATE_STATE_COUNT, "states of an update");

const char *const eg_check_failure_names[] = {"none", "start", "stuck", "ended", "report"};
_Static_assert(EG_COUNT(eg_check_failure_names) == EG_CHECK_FAILURE_COUNT, "failures of a check");

const char *const eg_update_failure_names[] = {
    "none", "network", "login", "missing", "untrusted", "clock", "other",
};
_Static_assert(EG_COUNT(eg_update_failure_names) == EG_UPDATE_FAILURE_COUNT,
               "failures of an update");

const char *const eg_check_action_names[] = {"start", "cancel"};
_Static_assert(EG_COUNT(eg_check_action_names) == EG_CHECK_ACTION_COUNT, "actions");

const char *const eg_errand_result_names[] = {
    "answered", "broken", "denied", "timeout", "too_large", "refused",
};
_Static_assert(EG_COUNT(eg_errand_result_names) == EG_ERRAND_RESULT_COUNT, "results of an errand");

#define CHOICE(names) \
    { \
        names, EG_COUNT(names) \
    }
static const eg_message_choice tellings = CHOICE(eg_telling_names);
static const eg_message_choice told_answers = CHOICE(eg_told_answer_names);
static const eg_message_choice job_states = CHOICE(eg_job_state_names);
static const eg_message_choice verdicts = CHOICE(eg_verdict_names);
static const eg_message_choice phases = CHOICE(eg_check_phase_names);
static const eg_message_choice update_states = CHOICE(eg_update_state_names);
static const eg_message_choice check_failures = CHOICE(eg_check_failure_names);
static const eg_message_choice update_failures = CHOICE(eg_update_failure_names);
static const eg_message_choice actions = CHOICE(eg_check_action_names);
static const eg_message_choice errand_results = CHOICE(eg_errand_result_names);

#define MEMBER(key, type, field, max) \
    { \
        key, EG_MEMBER_##type, offsetof(eg_message, body.field), max, NULL \
    }
#define CHOSEN(key, field, choice) \
    { \
        key, EG_MEMBER_CHOICE, offsetof(eg_message, body.field), 0, &(choice) \
    }
#define MEMBERS_MAX 23

static const struct {
    const char *name;
    eg_message_member members[MEMBERS_MAX]; /* key NULL ends them; "protocol" first */
} types[EG_MESSAGE_COUNT] = {
    [EG_MESSAGE_HELLO] = {"hello",
                          {MEMBER("protocol", U32, hello.protocol, 0),
                           MEMBER("client", TEXT, hello.client, 32),
                           MEMBER("version", TEXT, hello.version, 64),
                           MEMBER("pid", U32, hello.pid, 0),
                           MEMBER("session", U32, hello.session, 0),
                           MEMBER("language", LANGUAGE, hello.language, 0)}},
    [EG_MESSAGE_WELCOME] = {"welcome",
                            {MEMBER("protocol", U32, welcome.protocol, 0),
                             MEMBER("version", TEXT, welcome.version, 64),
                             MEMBER("computer", TEXT, welcome.computer, 256),
                             MEMBER("contact", TEXT, welcome.contact, 1024),
                             MEMBER("pack", TEXT, welcome.pack, 256),
                             MEMBER("pack_serial", U64, welcome.pack_serial, 0),
                             MEMBER("rules", U64, welcome.rules, 0),
                             MEMBER("instructions", TEXT, welcome.instructions,
                                    EG_INSTRUCTIONS_MAX)}},
    [EG_MESSAGE_HIT] = {"hit",
                        {MEMBER("id", ID, hit.id, 0),
                         MEMBER("time", U64, hit.time, 0),
                         MEMBER("level", LEVEL, hit.level, 0),
                         MEMBER("kind", KIND, hit.kind, 0),
                         MEMBER("title", TEXT, hit.text.title, 512),
                         MEMBER("meaning", TEXT, hit.text.meaning, 2048),
                         MEMBER("advice", TEXT, hit.text.advice, 2048),
                         MEMBER("rule", TEXT, hit.rule_id, 128),
                         MEMBER("rule_title", TEXT, hit.rule_title, 512),
                         MEMBER("rule_author", TEXT, hit.rule_author, 256),
                         MEMBER("program", TEXT, hit.program, 1024),
                         MEMBER("command_line", TEXT, hit.command_line, 4096),
                         MEMBER("parent", TEXT, hit.parent, 1024),
                         MEMBER("user", TEXT, hit.user, 256),
                         MEMBER("pid", U32, hit.pid, 0),
                         MEMBER("target", TEXT, hit.target, 1024),
                         MEMBER("incident", U64, hit.incident_id, 0),
                         MEMBER("incident_hits", U64, hit.incident_hits, 0),
                         MEMBER("incident_last", U64, hit.incident_last, 0),
                         MEMBER("steps", STEPS, hit.steps, 0),
                         MEMBER("absorbed", IDS, hit.absorbed, 0),
                         CHOSEN("telling", hit.telling, tellings),
                         CHOSEN("answer", hit.answer, told_answers)}},
    [EG_MESSAGE_ANSWER] = {"answer",
                           {MEMBER("incident", ID, answer.incident_id, 0),
                            MEMBER("answer", ANSWER, answer.answer, 16)}},
    [EG_MESSAGE_ANSWERED] = {"answered",
                             {MEMBER("incident", ID, answered.incident_id, 0),
                              MEMBER("kept", BOOL, answered.kept, 0)}},
    [EG_MESSAGE_RESOLVE] = {"resolve", {MEMBER("incident", ID, resolve.incident_id, 0)}},
    [EG_MESSAGE_RESOLVED] = {"resolved", {MEMBER("incident", ID, resolved.incident_id, 0)}},
    [EG_MESSAGE_EXCEPT] = {"except", {MEMBER("exception", JSON, except.json, 16000)}},
    [EG_MESSAGE_REVOKE] = {"revoke", {MEMBER("exception", ID, revoke.exception_id, 0)}},
    [EG_MESSAGE_EXCEPTED] = {"excepted", {MEMBER("exception", ID, excepted.exception_id, 0)}},
    [EG_MESSAGE_SHOWN] = {"shown",
                          {MEMBER("id", ID, shown.hit_id, 0),
                           MEMBER("title", TEXT, shown.title, 512)}},
    [EG_MESSAGE_STATUS_ASK] = {"status_ask", {{NULL, EG_MEMBER_TEXT, 0, 0, NULL}}},
    [EG_MESSAGE_STATUS] = {"status", {MEMBER("json", JSON, status.json, 30000)}},
    [EG_MESSAGE_STATE] = {"state",
                          {MEMBER("attention", ATTENTION, state.attention, 0),
                           MEMBER("open_alerts", U64, state.open_alerts, 0),
                           MEMBER("pack", TEXT, state.pack, 256),
                           MEMBER("pack_serial", U64, state.pack_serial, 0),
                           MEMBER("pack_time", U64, state.pack_time, 0),
                           MEMBER("rules", U64, state.rules, 0),
                           MEMBER("sensors", U32, state.sensors, 1000),
                           MEMBER("sensors_working", U32, state.sensors_working, 1000),
                           MEMBER("uplink", BOOL, state.uplink, 0),
                           MEMBER("reported_hit", U64, state.reported_hit, 0)}},
    [EG_MESSAGE_CHECK_ASK] = {"check_ask", {CHOSEN("action", check_ask.action, actions)}},
    [EG_MESSAGE_CHECK_STATE] = {"check_state",
                                {CHOSEN("state", check_state.state, job_states),
                                 MEMBER("percent", U32, check_state.percent, 100),
                                 CHOSEN("phase", check_state.phase, phases),
                                 MEMBER("item", TEXT, check_state.item, 512),
                                 MEMBER("left_seconds", U32, check_state.left_seconds, 604800),
                                 CHOSEN("verdict", check_state.verdict, verdicts),
                                 MEMBER("findings", U32, check_state.findings, 1000000),
                                 MEMBER("gaps", U32, check_state.gaps, 1000000),
                                 MEMBER("time", U64, check_state.time, 0),
                                 MEMBER("report", TEXT, check_state.report, 1024),
                                 CHOSEN("failure", check_state.failure, check_failures),
                                 MEMBER("error", TEXT, check_state.error, 512)}},
    [EG_MESSAGE_UPDATE_ASK] = {"update_ask", {{NULL, EG_MEMBER_TEXT, 0, 0, NULL}}},
    [EG_MESSAGE_UPDATE_STATE] = {"update_state",
                                 {CHOSEN("state", update_state.state, update_states),
                                  MEMBER("percent", U32, update_state.percent, 100),
                                  MEMBER("serial", U64, update_state.serial, 0),
                                  MEMBER("time", U64, update_state.time, 0),
                                  CHOSEN("failure", update_state.failure, update_failures),
                                  MEMBER("error", TEXT, update_state.error, 512),
                                  MEMBER("by_courier", BOOL, update_state.by_courier, 0)}},
    [EG_MESSAGE_ERRAND] = {"errand",
                           {MEMBER("id", U32, errand.id, 0), MEMBER("url", TEXT, errand.url, 4096),
                            MEMBER("proxy", TEXT, errand.proxy, 2048),
                            MEMBER("ca_pem", TEXT, errand.ca_pem, EG_ERRAND_CA_MAX),
                            MEMBER("etag", TEXT, errand.etag, 255),
                            MEMBER("max", U32, errand.max, EG_ERRAND_FILE_MAX),
                            MEMBER("start", U32, errand.start, EG_ERRAND_FILE_MAX),
                            MEMBER("timeout_ms", U32, errand.timeout_ms, 3600000),
                            MEMBER("stored_login", BOOL, errand.stored_login, 0)}},
    [EG_MESSAGE_ERRAND_ANSWER] = {"errand_answer",
                                  {MEMBER("id", U32, errand_answer.id, 0),
                                   CHOSEN("result", errand_answer.result, errand_results),
                                   MEMBER("status", U32, errand_answer.status, 999),
                                   MEMBER("retry_after", U32, errand_answer.retry_after_s, 86400),
                                   MEMBER("start", U32, errand_answer.start, EG_ERRAND_FILE_MAX),
                                   MEMBER("size", U32, errand_answer.size, EG_ERRAND_FILE_MAX),
                                   MEMBER("etag", TEXT, errand_answer.etag, 255),
                                   MEMBER("last_modified", TEXT, errand_answer.last_modified, 255),
                                   MEMBER("date", TEXT, errand_answer.date, 255),
                                   MEMBER("error", TEXT, errand_answer.error, 512)}},
    [EG_MESSAGE_ERRAND_NEXT] = {"errand_next",
                                {MEMBER("id", U32, errand_next.id, 0),
                                 MEMBER("at", U32, errand_next.at, EG_ERRAND_FILE_MAX)}},
    [EG_MESSAGE_ERRAND_BYTES] = {"errand_bytes",
                                 {MEMBER("id", U32, errand_bytes.id, 0),
                                  MEMBER("at", U32, errand_bytes.at, EG_ERRAND_FILE_MAX),
                                  MEMBER("bytes", BYTES, errand_bytes.bytes, EG_ERRAND_PIECE_MAX)}},
    [EG_MESSAGE_ERRAND_END] = {"errand_end", {MEMBER("id", U32, errand_end.id, 0)}},
    [EG_MESSAGE_ERROR] = {"error", {MEMBER("reason", TEXT, error.reason, 1024)}},
};

const char *eg_message_type_name(eg_message_type type)
{
    return types[type].name;
}

const eg_message_member *eg_message_members(eg_message_type type, size_t *count)
{
    const eg_message_member *members = types[type].members;
    for (*count = 0; *count < MEMBERS_MAX && members[*count].key;) {
        ++*count;
    }
    return members;
}

bool eg_message_is_allowed(uint32_t code)
{
    if (code < 0x20) {
        return code == '\t' || code == '\n' || code == '\r';
    }
    return (code < 0x7F || code > 0x9F) && (code < 0xD800 || code > 0xDFFF);
}

bool eg_message_is_clean(eg_str text)
{
    for (size_t at = 0; at < text.len;) {
        if (!eg_message_is_allowed(eg_utf8_next(text, &at))) {
            return false;
        }
    }
    return eg_utf8_valid(text);
}

int eg_message_check_json(eg_str text, const eg_message_member *wanted)
{
    if (text.len > wanted->max) {
        return eg_fail(EG_E_LIMIT, "%s: %zu bytes, at most %zu are allowed", wanted->key, text.len,
                       wanted->max);
    }
    if (!eg_message_is_clean(text)) {
        return eg_fail(EG_E_INVALID, "%s: a control character or malformed UTF-8", wanted->key);
    }
    yyjson_doc *document = NULL;
    int status = eg_json_parse(text, &document);
    if (status == EG_OK && !yyjson_is_obj(yyjson_doc_get_root(document))) {
        status = eg_fail(EG_E_INVALID, "%s: not a EG_MEMBER_JSON object", wanted->key);
    }
    yyjson_doc_free(document);
    return status;
}

bool eg_answer_from_name(eg_str name, eg_answer_kind *out)
{
    for (int i = 0; i < EG_ANSWER_COUNT; i++) {
        if (eg_str_equal(name, eg_str_from(eg_answer_names[i]))) {
            *out = (eg_answer_kind)i;
            return true;
        }
    }
    return false;
}
