/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several files as one stream of lines, and the last one followed. The files are of the test: what
 * somebody does to them happens while the reader is idle.
 */
#include "tests/unit/unit.h"

#include "cli/event_files.c"

#include "tests/unit/cli_fixture.h"

typedef struct fake {
    char content[2][256]; /* by generation: replacing a file makes a new one */
    int generation;
    bool missing, broken;
} fake;

static fake files[2];
static bool interrupt;

static fake *fake_of(const eg_input *input)
{
    return &files[input->path[0] == 'b' ? 1 : 0];
}

/* The handle is the generation that was opened. */
int eg_input_open(const char *path, eg_input *out)
{
    eg_input input = {.handle = 0, .path = path, .is_file = true};
    if (fake_of(&input)->missing) {
        return eg_fail(EG_E_NOTFOUND, "open %s", path);
    }
    input.handle = fake_of(&input)->generation;
    *out = input;
    return EG_OK;
}

void eg_input_close(eg_input *input)
{
    input->handle = EG_INPUT_CLOSED;
}

static const char *content(const eg_input *input)
{
    return fake_of(input)->content[input->handle];
}

int eg_input_read(eg_input *input, void *out, size_t size, size_t *got)
{
    const char *text = content(input);
    size_t left = strlen(text) > input->position ? strlen(text) - (size_t)input->position : 0;
    if (interrupt) {
        return eg_fail(EG_E_CLOSED, "interrupted");
    }
    if (fake_of(input)->broken) {
        return eg_fail(EG_E_IO, "read %s", input->path);
    }
    *got = left < size ? left : size;
    if (*got > 0) {
        memcpy(out, text + input->position, *got);
    }
    input->position += *got;
    return EG_OK;
}

bool eg_input_may_wait(const eg_input *input)
{
    EG_UNUSED(input);
    return false;
}

uint64_t eg_input_size(const eg_input *input)
{
    return strlen(content(input));
}

bool eg_input_was_replaced(const eg_input *input)
{
    return fake_of(input)->generation != input->handle;
}

int eg_input_rewind(eg_input *input)
{
    input->position = 0;
    return EG_OK;
}

bool eg_interrupted(void)
{
    return interrupt;
}

/* ---- what happens while the reader waits ---- */

typedef bool (*happening)(void);

static happening happenings[8];
static size_t happened;

static bool on_idle(void *user)
{
    EG_UNUSED(user);
    happening next = happenings[happened];
    if (!next) {
        interrupt = true;
        return true;
    }
    happened++;
    return next();
}

static bool append_half(void)
{
    (void)snprintf(files[0].content[0], sizeof(files[0].content[0]), "one\ntw");
    return true;
}

static bool append_rest(void)
{
    (void)snprintf(files[0].content[0], sizeof(files[0].content[0]), "one\ntwo\nthree");
    return true;
}

static bool cut(void)
{
    (void)snprintf(files[0].content[0], sizeof(files[0].content[0]), "new\n");
    return true;
}

static bool replace(void)
{
    (void)snprintf(files[0].content[0], sizeof(files[0].content[0]), "one\nlate");
    (void)snprintf(files[0].content[1], sizeof(files[0].content[1]), "fresh\n");
    files[0].generation = 1;
    return true;
}

static bool nothing(void)
{
    return true;
}

static bool give_up(void)
{
    return false;
}

static void begin(const char *a, const char *b)
{
    memset(files, 0, sizeof(files));
    memset(happenings, 0, sizeof(happenings));
    happened = 0;
    interrupt = false;
    eg_test_cli_complaints = 0;
    (void)snprintf(files[0].content[0], sizeof(files[0].content[0]), "%s", a);
    (void)snprintf(files[1].content[0], sizeof(files[1].content[0]), "%s", b);
}

/* Every line as "<file>.<number>.<i>=<text> ". */
static void check(const char *const *paths, size_t count, bool follow, const char *want)
{
    eg_event_files reader = {
        .paths = paths, .count = count, .follow = follow, .idle = on_idle, .user = NULL};
    eg_event_line line;
    char got[512] = "";
    int status;

    assert_int_equal(eg_event_files_init(&reader), EG_OK);
    while ((status = eg_event_files_next(&reader, &line)) == EG_OK) {
        size_t used = strlen(got);
        (void)snprintf(got + used, sizeof(got) - used, "%u.%u.%u=%.*s ", (unsigned)line.file,
                       (unsigned)line.number, (unsigned)line.i, EG_STR_ARGS(line.text));
    }
    assert_int_equal(status, EG_E_NOTFOUND);
    assert_string_equal(got, want);
    eg_event_files_done(&reader);
}

static const char *const both[] = {"a", "b"};

static void files__one_after_the_other__are_numbered_through(void **state)
{
    EG_UNUSED(state);
    begin("one\ntwo", "three\n\nfive\n");
    check(both, 2, false, "0.1.0=one 0.2.1=two 1.1.2=three 1.2.3= 1.3.4=five ");
    assert_int_equal(eg_test_cli_complaints, 0);
}

static void file__that_is_missing_or_breaks__is_named_and_the_others_are_read(void **state)
{
    EG_UNUSED(state);
    begin("one\n", "two\n");
    files[0].missing = true;
    check(both, 2, false, "1.1.0=two ");
    assert_int_equal(eg_test_cli_complaints, 1);
    begin("one\n", "two\n");
    files[0].broken = true;
    check(both, 2, false, "1.1.0=two ");
    assert_int_equal(eg_test_cli_complaints, 1);
}

static void file__in_utf16__is_refused_at_once(void **state)
{
    EG_UNUSED(state);
    begin("\xFF\xFE{\n\n", "two\n");
    check(both, 2, false, "1.1.0=two ");
    assert_int_equal(eg_test_cli_complaints, 1);
}

static void follow__lines_that_come_in_parts__are_read_once_whole(void **state)
{
    EG_UNUSED(state);
    begin("one\n", "");
    happenings[0] = append_half;
    happenings[1] = append_rest;
    check(both, 1, true, "0.1.0=one 0.2.1=two ");
}

static void follow__file_that_is_cut__is_read_from_its_start(void **state)
{
    EG_UNUSED(state);
    begin("one\ntwo\n", "");
    happenings[0] = cut;
    check(both, 1, true, "0.1.0=one 0.2.1=two 0.1.2=new ");
    assert_int_equal(eg_test_cli_complaints, 1); /* it says so */
}

static void follow__file_that_is_replaced__is_read_to_its_end_first(void **state)
{
    EG_UNUSED(state);
    begin("one\n", "");
    happenings[0] = replace;
    happenings[1] = nothing;
    check(both, 1, true, "0.1.0=one 0.2.1=late 0.1.2=fresh ");
}

static void follow__when_idle_says_so__ends(void **state)
{
    EG_UNUSED(state);
    begin("one\n", "");
    happenings[0] = give_up;
    check(both, 1, true, "0.1.0=one ");
    assert_false(interrupt);
}

int eg_test_event_files(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files__one_after_the_other__are_numbered_through),
        cmocka_unit_test(file__that_is_missing_or_breaks__is_named_and_the_others_are_read),
        cmocka_unit_test(file__in_utf16__is_refused_at_once),
        cmocka_unit_test(follow__lines_that_come_in_parts__are_read_once_whole),
        cmocka_unit_test(follow__file_that_is_cut__is_read_from_its_start),
        cmocka_unit_test(follow__file_that_is_replaced__is_read_to_its_end_first),
        cmocka_unit_test(follow__when_idle_says_so__ends),
    };
    return cmocka_run_group_tests_name("event_files", tests, NULL, NULL);
}
