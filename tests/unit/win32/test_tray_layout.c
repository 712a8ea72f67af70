/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tray/alert_layout.c"

#include <stdlib.h>

#define BAR 17

typedef struct fake_texts {
    int lines; /* every text is that many lines of 22 pixels at 96 DPI */
    int button;
    int dpi;
} fake_texts;

static int fake_height(void *user, eg_alert_item item, int width)
{
    const fake_texts *texts = user;

    assert_true(width > 0);
    if (item == EG_ALERT_BOX_FIRST + 1) {
        return eg_scale(200, texts->dpi); /* one box is higher than the others */
    }
    return eg_scale(22, texts->dpi) * texts->lines;
}

static int fake_width(void *user, eg_alert_item item)
{
    const fake_texts *texts = user;

    EG_UNUSED(item);
    return eg_scale(texts->button, texts->dpi);
}

static eg_alert_sizes make_sizes(fake_texts *texts, size_t boxes, int max_height)
{
    return (eg_alert_sizes){.dpi = texts->dpi,
                            .max_height = max_height,
                            .scroll_bar_width = BAR,
                            .boxes = boxes,
                            .advice = true,
                            .answers = true,
                            .details = true,
                            .waiting = true,
                            .rules = true,
                            .user = texts,
                            .height = fake_height,
                            .width = fake_width};
}

static bool overlap(const eg_rect *a, const eg_rect *b)
{
    return !eg_rect_empty(a) && !eg_rect_empty(b) && a->left < b->right && b->left < a->right &&
           a->top < b->bottom && b->top < a->bottom;
}

static void assert_sound(const eg_alert_sizes *sizes, const eg_alert_layout *layout)
{
    for (int i = 0; i < EG_ALERT_ITEMS; i++) {
        const eg_rect *rect = &layout->item[i];
        bool body = i < EG_ALERT_BODY_ITEMS;

        if (eg_rect_empty(rect)) {
            continue;
        }
        assert_true(rect->left >= 0 && rect->right <= layout->client_width);
        assert_true(rect->top >= (body ? 0 : layout->body.bottom));
        assert_true(rect->bottom <= (body ? layout->content_height : layout->client_height));
        for (int k = i + 1; k < EG_ALERT_ITEMS; k++) {
            bool same = body == (k < EG_ALERT_BODY_ITEMS);
            if (same && overlap(rect, &layout->item[k])) {
                fail_msg("items %d and %d overlap at %d DPI", i, k, sizes->dpi);
            }
        }
    }
    assert_true(layout->body.bottom <= layout->content_height);
    assert_int_equal(layout->client_height, layout->footer.bottom);
}

static void layout__any_size_and_content__nothing_overlaps_or_leaves_the_window(void **state)
{
    static const int dpis[] = {96, 120, 144, 192, 384};
    EG_UNUSED(state);

    for (size_t d = 0; d < EG_COUNT(dpis); d++) {
        for (int lines = 1; lines < 20; lines += 3) {
            for (size_t boxes = 0; boxes <= EG_CHAIN_MAX; boxes++) {
                fake_texts texts = {lines, 40 + 20 * lines, dpis[d]};
                eg_alert_sizes sizes = make_sizes(&texts, boxes, 900);
                eg_alert_layout layout;

                eg_alert_layout_make(&sizes, &layout);
                assert_sound(&sizes, &layout);
            }
        }
    }
}

static void layout__boxes__are_equally_high_with_arrows_between(void **state)
{
    EG_UNUSED(state);
    fake_texts texts = {1, 60, 96};
    eg_alert_sizes sizes = make_sizes(&texts, 4, 2000);
    eg_alert_layout layout;

    eg_alert_layout_make(&sizes, &layout);
    for (int i = 0; i < 3; i++) {
        const eg_rect *left = &layout.item[EG_ALERT_BOX_FIRST + i], *right = left + 1;

        assert_int_equal(left->top, right->top);
        assert_int_equal(left->bottom - left->top, 200);
        assert_int_equal(right->bottom - right->top, 200);
        assert_true(layout.arrow[i].left > left->right && layout.arrow[i].right < right->left);
    }
}

static void layout__high_content__scrolls_and_keeps_the_buttons_in_sight(void **state)
{
    EG_UNUSED(state);
    fake_texts texts = {12, 60, 96};
    eg_alert_sizes sizes = make_sizes(&texts, 3, 700);
    eg_alert_layout layout;

    eg_alert_layout_make(&sizes, &layout);
    assert_true(layout.content_height > layout.body.bottom);
    assert_int_equal(layout.client_height, 700);
    assert_int_equal(layout.client_width, 640 + BAR);
    assert_true(layout.item[EG_ALERT_CLOSE].bottom <= 700);
}

static void layout__absent_parts__take_no_room(void **state)
{
    EG_UNUSED(state);
    fake_texts texts = {1, 60, 96};
    eg_alert_sizes sizes = make_sizes(&texts, 0, 2000);
    eg_alert_layout layout;

    sizes.advice = sizes.answers = sizes.details = sizes.waiting = sizes.rules = false;
    eg_alert_layout_make(&sizes, &layout);
    assert_true(eg_rect_empty(&layout.item[EG_ALERT_ADVICE]));
    assert_true(eg_rect_empty(&layout.item[EG_ALERT_ANSWER_HEAD]));
    assert_true(eg_rect_empty(&layout.item[EG_ALERT_ANSWER_FIRST]));
    assert_true(eg_rect_empty(&layout.item[EG_ALERT_THANKS]));
    assert_true(eg_rect_empty(&layout.item[EG_ALERT_DETAILS]));
    assert_true(eg_rect_empty(&layout.item[EG_ALERT_NEXT]));
    assert_true(eg_rect_empty(&layout.item[EG_ALERT_RULES]));
    assert_true(eg_rect_empty(&layout.strip));
    assert_int_equal(layout.client_width, 640);
    assert_int_equal(layout.body.bottom, layout.content_height);
}

static void layout__answers__are_three_equal_buttons_and_give_way_to_the_thanks(void **state)
{
    EG_UNUSED(state);
    fake_texts texts = {2, 60, 96};
    eg_alert_sizes sizes = make_sizes(&texts, 4, 2000);
    eg_alert_layout layout;

    eg_alert_layout_make(&sizes, &layout);
    const eg_rect *button = &layout.item[EG_ALERT_ANSWER_FIRST];
    for (int i = 1; i < EG_ANSWER_COUNT; i++) {
        assert_int_equal(button[i].top, button[0].top);
        assert_int_equal(button[i].bottom, button[0].bottom);
        assert_true(abs((button[i].right - button[i].left) - (button[0].right - button[0].left)) <=
                    1);
        assert_true(button[i].left > button[i - 1].right);
    }
    sizes.answers = false;
    sizes.thanks = true;
    eg_alert_layout_make(&sizes, &layout);
    assert_true(eg_rect_empty(button));
    assert_false(eg_rect_empty(&layout.item[EG_ALERT_THANKS]));
    assert_sound(&sizes, &layout);
}

static void layout__wide_buttons__put_the_rules_below(void **state)
{
    EG_UNUSED(state);
    fake_texts texts = {1, 190, 96};
    eg_alert_sizes sizes = make_sizes(&texts, 1, 2000);
    eg_alert_layout layout;

    eg_alert_layout_make(&sizes, &layout);
    assert_true(layout.item[EG_ALERT_RULES].top >= layout.item[EG_ALERT_CLOSE].bottom);
    assert_sound(&sizes, &layout);
}

int eg_test_tray_layout(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout__any_size_and_content__nothing_overlaps_or_leaves_the_window),
        cmocka_unit_test(layout__boxes__are_equally_high_with_arrows_between),
        cmocka_unit_test(layout__high_content__scrolls_and_keeps_the_buttons_in_sight),
        cmocka_unit_test(layout__absent_parts__take_no_room),
        cmocka_unit_test(layout__answers__are_three_equal_buttons_and_give_way_to_the_thanks),
        cmocka_unit_test(layout__wide_buttons__put_the_rules_below),
    };
    return cmocka_run_group_tests_name("tray_layout", tests, NULL, NULL);
}
