/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/alert_content.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/code.h"
#include "tray/text.h"

#include <string.h>

/* Longer texts are cut: nobody reads them in a window, and the record has them whole. */
enum {
    TITLE_MAX = 120,
    SENTENCE_MAX = 600,
    ADVICE_MAX = 1200,
    NAME_MAX_UNITS = 260,
    CONTACT_MAX = 200,
    DETAIL_MAX = 8192,
    DETAILS_ROWS = 12,
    INSTRUCTION_LINES = 8,
};

static const wchar_t *text_of(eg_arena *arena, eg_str text, size_t limit)
{
    return eg_tray_text_safe(arena, text, false, limit);
}

static const wchar_t *make_code(eg_arena *arena, const eg_hit_notice *hit)
{
    char code[EG_INCIDENT_CODE_SIZE];

    eg_incident_code(hit->incident_id > 0 ? (int64_t)hit->incident_id : hit->id, code);
    return text_of(arena, eg_str_from(code), EG_INCIDENT_CODE_SIZE);
}

/* What the service said at hello; NULL when it never answered. */
static const eg_welcome *welcome_of(const eg_service_view *service)
{
    return service && service->info ? &service->info->welcome : NULL;
}

static const wchar_t *make_sentence(eg_arena *arena, const eg_hit_notice *hit,
                                    const eg_service_view *service)
{
    const eg_welcome *welcome = welcome_of(service);
    const wchar_t *time = eg_tray_text_time(arena, hit->time);
    const wchar_t *meaning = eg_tray_text_safe(arena, hit->text.meaning, true, SENTENCE_MAX);

    if (welcome && welcome->computer.len > 0) {
        const wchar_t *values[3] = {time, text_of(arena, welcome->computer, NAME_MAX_UNITS),
                                    meaning};
        return eg_tray_text_format(arena, EG_TEXT_ALERT_SENTENCE, values, 3);
    }
    return eg_tray_text_format2(arena, EG_TEXT_ALERT_SENTENCE_NO_NAME, time, meaning);
}

static void fill_steps(eg_alert_content *content, const eg_service_view *service)
{
    const eg_welcome *welcome = welcome_of(service);
    eg_arena *arena = content->arena;
    const wchar_t **text = content->text;

    text[EG_ALERT_STEPS_HEAD] =
        eg_tray_text(arena, content->severe ? EG_TEXT_STEPS_HIGH : EG_TEXT_STEPS_MEDIUM);
    text[EG_ALERT_STEP_FIRST] =
        eg_tray_text(arena, content->severe ? EG_TEXT_STEP_NETWORK : EG_TEXT_STEP_PAUSE);
    text[EG_ALERT_STEP_FIRST + 1] = eg_tray_text(arena, EG_TEXT_STEP_POWER);
    if (welcome && welcome->contact.len > 0) {
        text[EG_ALERT_STEP_LAST] =
            eg_tray_text_format2(arena, EG_TEXT_STEP_CALL_CONTACT, content->code,
                                 text_of(arena, welcome->contact, CONTACT_MAX));
    } else {
        text[EG_ALERT_STEP_LAST] = eg_tray_text_format1(arena, EG_TEXT_STEP_CALL, content->code);
    }
}

/* What a picture tells by its place, its dots and its colour, in words. */
static const wchar_t *spoken_box(const eg_alert_content *content, size_t index)
{
    eg_arena *arena = content->arena;
    const eg_alert_box *box = &content->box[index];
    const wchar_t *parts[] = {
        eg_tray_text_format2(arena, EG_TEXT_BOX_PLACE, eg_tray_text_number(arena, index + 1),
                             eg_tray_text_number(arena, content->boxes)),
        box->gap ? L"\u2026" : L"",
        box->kind,
        box->name,
        box->time,
        box->suspicious ? eg_tray_text(arena, EG_TEXT_BOX_SUSPICIOUS) : L"",
    };

    return eg_tray_text_join(arena, parts, EG_COUNT(parts), L" ");
}

static void fill_chain(eg_alert_content *content, const eg_hit_notice *hit)
{
    eg_chain_box boxes[EG_CHAIN_MAX];
    eg_arena *arena = content->arena;

    content->boxes = eg_chain_from_notice(hit, boxes);
    for (size_t i = 0; i < content->boxes; i++) {
        eg_alert_box *box = &content->box[i];

        box->symbol = boxes[i].symbol;
        box->suspicious = boxes[i].suspicious;
        box->kind = eg_tray_text(arena, boxes[i].kind_text);
        box->name = text_of(arena, boxes[i].name, NAME_MAX_UNITS);
        box->time = boxes[i].time ? eg_tray_text_clock(arena, boxes[i].time) : L"";
        box->gap = boxes[i].gap;
        content->text[(size_t)EG_ALERT_BOX_FIRST + i] = spoken_box(content, i);
    }
}

static const wchar_t *detail(eg_arena *arena, unsigned id, eg_str value)
{
    if (value.len == 0) {
        return L"";
    }
    return eg_tray_text_format1(arena, id, text_of(arena, value, DETAIL_MAX));
}

/* All steps in a line: the picture has room for four. */
static const wchar_t *make_course(eg_arena *arena, const eg_notice_steps *steps)
{
    const wchar_t *name[EG_NOTICE_STEPS_MAX];

    if (steps->count == 0) {
        return L"";
    }
    for (size_t i = 0; i < steps->count; i++) {
        name[i] = text_of(arena, steps->step[i].name, NAME_MAX_UNITS);
    }
    return eg_tray_text_format1(arena, EG_TEXT_DETAIL_COURSE,
                                eg_tray_text_join(arena, name, steps->count, L" > "));
}

static const wchar_t *make_details(eg_arena *arena, const eg_hit_notice *hit)
{
    char time[EG_TIME_TEXT_SIZE], last[EG_TIME_TEXT_SIZE];
    const wchar_t *row[DETAILS_ROWS];

    eg_time_format(hit->time, time);
    eg_time_format(hit->incident_last, last);
    const wchar_t *const incident[] = {eg_tray_text_number(arena, hit->incident_id),
                                       eg_tray_text_number(arena, hit->incident_hits),
                                       text_of(arena, eg_str_from(last), EG_TIME_TEXT_SIZE)};
    row[0] = detail(arena, EG_TEXT_DETAIL_TIME, eg_str_from(time));
    row[1] = detail(arena, EG_TEXT_DETAIL_PROGRAM, hit->program);
    row[2] = detail(arena, EG_TEXT_DETAIL_COMMAND_LINE, hit->command_line);
    row[3] = detail(arena, EG_TEXT_DETAIL_PARENT, hit->parent);
    row[4] = detail(arena, EG_TEXT_DETAIL_TARGET, hit->target);
    row[5] = detail(arena, EG_TEXT_DETAIL_USER, hit->user);
    row[6] = hit->pid ? eg_tray_text_format1(arena, EG_TEXT_DETAIL_PROCESS_ID,
                                             eg_tray_text_number(arena, hit->pid))
                      : L"";
    row[7] = eg_tray_text_format2(arena, EG_TEXT_DETAIL_RULE,
                                  text_of(arena, hit->rule_title, DETAIL_MAX),
                                  text_of(arena, hit->rule_id, DETAIL_MAX));
    row[8] = detail(arena, EG_TEXT_DETAIL_AUTHOR, hit->rule_author);
    row[9] = eg_tray_text_format2(arena, EG_TEXT_DETAIL_HIT,
                                  eg_tray_text_number(arena, (uint64_t)hit->id),
                                  text_of(arena, eg_str_from(eg_level_name(hit->level)), 32));
    row[10] = make_course(arena, &hit->steps);
    row[11] = hit->incident_id == 0
                  ? L""
                  : eg_tray_text_format(arena, EG_TEXT_DETAIL_INCIDENT, incident, 3);
    return eg_tray_text_join(arena, row, DETAILS_ROWS, L"\r\n");
}

static bool is_sentence_end(wchar_t c)
{
    return c == L'。' || c == L' ' || c == L'\n';
}

/* Takes every `sentence` of that length out of the text; it must start where a sentence starts. */
static void take_out(wchar_t *text, const wchar_t *sentence, size_t length)
{
    wchar_t *at = text;

    while (*at) {
        const wchar_t *rest;

        if (wcsncmp(at, sentence, length) != 0 || (at > text && !is_sentence_end(at[-1]))) {
            at++;
            continue;
        }
        rest = at + length;
        while (*rest == L' ' || *rest == L'\r' || *rest == L'\n') {
            rest++;
        }
        memmove(at, rest, (wcslen(rest) + 1) * sizeof(wchar_t));
    }
}

/*
 * The advice of a rule stands for itself in records and mails. Beside the steps, its sentences that
 * say the same would only make the window longer.
 */
static const wchar_t *make_advice(eg_arena *arena, const eg_hit_notice *hit, bool severe)
{
    const wchar_t *whole = eg_tray_text_safe(arena, hit->text.advice, true, ADVICE_MAX);
    const wchar_t *said = severe ? eg_tray_text(arena, EG_TEXT_ADVICE_IN_STEPS) : L"";
    wchar_t *advice = eg_arena_alloc(arena, (wcslen(whole) + 1) * sizeof(wchar_t));

    if (!advice) {
        return whole;
    }
    memcpy(advice, whole, wcslen(whole) * sizeof(wchar_t));
    while (advice[0] != L'\0' && *said) {
        size_t length = wcscspn(said, L"|");
        take_out(advice, said, length);
        said += length + (said[length] == L'|' ? 1 : 0);
    }
    return advice;
}

/* The rule's advice, and below it what the administrator has set, one line for each " | ". */
static const wchar_t *make_last_words(eg_arena *arena, const eg_hit_notice *hit, bool severe,
                                      const eg_welcome *welcome)
{
    const wchar_t *part[INSTRUCTION_LINES + 1] = {make_advice(arena, hit, severe)};
    eg_str rest = welcome ? welcome->instructions : EG_STR(""), line;
    size_t count = 1;

    while (count < EG_COUNT(part) && eg_str_split(&rest, '|', &line)) {
        part[count++] = text_of(arena, eg_str_trim(line), SENTENCE_MAX);
    }
    return eg_tray_text_join(arena, part, count, L"\r\n");
}

/* Whether the administrator knows already: only what the service has heard back is called sent. */
static void fill_recorded(eg_alert_content *content, const eg_hit_notice *hit,
                          const eg_service_view *service)
{
    const eg_service_state *state = service ? eg_service_view_state(service) : NULL;
    unsigned id = EG_TEXT_RECORDED;

    if (state && state->uplink) {
        content->reported = (uint64_t)hit->id <= state->reported_hit;
        id = content->reported ? EG_TEXT_REPORTED : EG_TEXT_REPORTING;
    }
    content->text[EG_ALERT_RECORDED] =
        eg_tray_text_format1(content->arena, id, eg_tray_text_time(content->arena, hit->time));
}

/* Which rules, and how old they are. The state is newer than what was said at hello. */
static const wchar_t *make_rules(eg_arena *arena, const eg_service_view *service)
{
    const eg_welcome *welcome = welcome_of(service);
    const eg_service_state *state = service ? eg_service_view_state(service) : NULL;
    uint64_t serial = state ? state->pack_serial : welcome ? welcome->pack_serial : 0;
    int64_t days = service ? eg_service_view_rule_days(service, eg_clock_utc()) : -1;
    const wchar_t *number = eg_tray_text_number(arena, serial);

    if (serial == 0) {
        return L"";
    }
    if (days > 0) {
        return eg_tray_text_format2(arena, EG_TEXT_RULES_AGE, number,
                                    eg_tray_text_number(arena, (uint64_t)days));
    }
    return eg_tray_text_format1(arena, days == 0 ? EG_TEXT_RULES_TODAY : EG_TEXT_RULES, number);
}

static void fill_answer(eg_alert_content *content, const eg_given_answer *answer)
{
    static const unsigned states[] = {
        [EG_ANSWER_SENDING] = EG_TEXT_ANSWER_SENDING,
        [EG_ANSWER_KEPT] = EG_TEXT_ANSWER_KEPT,
        [EG_ANSWER_REFUSED] = EG_TEXT_ANSWER_REFUSED,
        [EG_ANSWER_CLOSED] = EG_TEXT_ANSWER_CLOSED,
    };
    static const unsigned buttons[EG_ANSWER_COUNT] = {
        [EG_ANSWER_DID_IT] = EG_TEXT_ANSWER_DID_IT,
        [EG_ANSWER_UNKNOWN] = EG_TEXT_ANSWER_UNKNOWN,
        [EG_ANSWER_CALL] = EG_TEXT_ANSWER_CALL,
    };
    static const unsigned next[EG_ANSWER_COUNT] = {
        [EG_ANSWER_DID_IT] = EG_TEXT_NEXT_DID_IT,
        [EG_ANSWER_UNKNOWN] = EG_TEXT_NEXT_UNKNOWN,
        [EG_ANSWER_CALL] = EG_TEXT_NEXT_CALL,
    };
    eg_arena *arena = content->arena;

    if (answer->state != EG_ANSWER_NONE) {
        bool closed = answer->state == EG_ANSWER_CLOSED;

        content->text[EG_ALERT_ANSWER_HEAD] = eg_tray_text(arena, states[answer->state]);
        content->text[EG_ALERT_THANKS] =
            eg_tray_text(arena, closed ? EG_TEXT_NEXT_CLOSED : next[answer->kind]);
        return;
    }
    content->text[EG_ALERT_ANSWER_HEAD] = eg_tray_text(arena, EG_TEXT_ANSWER_HEAD);
    for (size_t i = 0; i < EG_ANSWER_COUNT; i++) {
        content->text[(size_t)EG_ALERT_ANSWER_FIRST + i] = eg_tray_text(arena, buttons[i]);
    }
}

static void fill(eg_alert_content *content, const eg_hit_notice *hit, const eg_given_answer *answer,
                 const eg_service_view *service)
{
    const eg_welcome *welcome = welcome_of(service);
    eg_arena *arena = content->arena;
    const wchar_t *title = text_of(arena, hit->text.title, TITLE_MAX);

    for (size_t i = 0; i < EG_ALERT_ITEMS; i++) {
        content->text[i] = L"";
    }
    content->hit_id = hit->id;
    content->severe = hit->level >= EG_LEVEL_HIGH;
    content->reported = false;
    content->story = eg_notice_story(hit);
    content->code = make_code(arena, hit);
    content->title = eg_tray_text_format1(arena, EG_TEXT_ALERT_TITLE, title);
    content->text[EG_ALERT_HEADLINE] = title;
    content->text[EG_ALERT_SENTENCE] = make_sentence(arena, hit, service);
    fill_chain(content, hit);
    fill_steps(content, service);
    content->text[EG_ALERT_ADVICE] = make_last_words(arena, hit, content->severe, welcome);
    if (content->text[EG_ALERT_ADVICE][0] != L'\0') {
        content->text[EG_ALERT_ADVICE_HEAD] = eg_tray_text(arena, EG_TEXT_ADVICE);
    }
    fill_recorded(content, hit, service);
    if (hit->incident_id > 0) {
        fill_answer(content, answer);
    }
    content->text[EG_ALERT_DETAILS] = make_details(arena, hit);
    content->text[EG_ALERT_NEXT] = eg_tray_text(arena, EG_TEXT_NEXT);
    content->text[EG_ALERT_TOGGLE] = eg_tray_text(arena, EG_TEXT_DETAILS_SHOW);
    content->text[EG_ALERT_CLOSE] = eg_tray_text(arena, EG_TEXT_CLOSE);
    content->text[EG_ALERT_RULES] = make_rules(arena, service);
}

int eg_alert_content_create(const eg_hit_notice *hit, const eg_given_answer *answer,
                            const eg_service_view *service, eg_alert_content **out)
{
    eg_arena *arena = NULL;
    eg_alert_content *content;
    int status = eg_arena_create(&arena, 16384);

    if (status != EG_OK) {
        return status;
    }
    content = eg_arena_alloc(arena, sizeof(*content));
    if (!content) {
        eg_arena_destroy(arena);
        return EG_E_NOMEM;
    }
    content->arena = arena;
    fill(content, hit, answer, service);
    *out = content;
    return EG_OK;
}

void eg_alert_content_destroy(eg_alert_content *content)
{
    if (content) {
        eg_arena_destroy(content->arena);
    }
}
