/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/alert_layout.h"

#include <string.h>

/* Lengths at 96 DPI. */
enum {
    WIDTH = 640,
    MARGIN = 24,
    STRIPE = 6,
    HEAD_TOP = 20,
    HEAD_BOTTOM = 16,
    SHIELD = 44,
    GAP = 16,
    LINE_GAP = 4,
    ARROW = 12,
    BOX_GAP = 28,
    FRAME_X = 16,
    FRAME_Y = 12,
    STEP_GAP = 7,
    ANSWER_GAP = 8,
    BUTTON_HEIGHT = 32,
    BUTTON_PADDING = 16,
    BUTTON_MIN = 88,
    FOOTER_Y = 8,
    BODY_MIN = 120,
};

typedef struct plan {
    const eg_alert_sizes *sizes;
    eg_alert_layout *out;
    int y; /* where the next thing goes */
} plan;

int eg_scale(int length, int dpi)
{
    return (int)(((long long)length * dpi + 48) / 96);
}

bool eg_rect_empty(const eg_rect *rect)
{
    return rect->right <= rect->left || rect->bottom <= rect->top;
}

static int scaled(const plan *p, int length)
{
    return eg_scale(length, p->sizes->dpi);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Puts a body item below what is there. */
static void put(plan *p, eg_alert_item item, int left, int right, int gap)
{
    int height = p->sizes->height(p->sizes->user, item, right - left);

    p->out->item[item] = (eg_rect){left, p->y, right, p->y + height};
    p->y += height + gap;
}

static void place_head(plan *p)
{
    int left = scaled(p, MARGIN), right = scaled(p, WIDTH - MARGIN);
    int top = scaled(p, HEAD_TOP), side = scaled(p, SHIELD);
    int text = left + side + scaled(p, GAP);

    p->out->shield = (eg_rect){left, top, left + side, top + side};
    p->y = top;
    put(p, EG_ALERT_HEADLINE, text, right, scaled(p, LINE_GAP));
    put(p, EG_ALERT_SENTENCE, text, right, 0);
    p->y = larger(p->y, top + side) + scaled(p, HEAD_BOTTOM);
    p->out->stripe = (eg_rect){0, 0, scaled(p, STRIPE), p->y};
}

static void place_chain(plan *p)
{
    int count = (int)p->sizes->boxes, height = 0;
    int left = scaled(p, MARGIN), right = scaled(p, WIDTH - MARGIN), gap = scaled(p, BOX_GAP);
    int space = count > 0 ? right - left - gap * (count - 1) : 0;

    for (int i = 0; i < count; i++) {
        eg_rect *box = &p->out->item[EG_ALERT_BOX_FIRST + i];

        box->left = left + space * i / count + gap * i;
        box->right = left + space * (i + 1) / count + gap * i;
        height =
            larger(height, p->sizes->height(p->sizes->user, (eg_alert_item)(EG_ALERT_BOX_FIRST + i),
                                            box->right - box->left));
    }
    for (int i = 0; i < count; i++) {
        eg_rect *box = &p->out->item[EG_ALERT_BOX_FIRST + i];

        box->top = p->y;
        box->bottom = p->y + height;
        if (i + 1 < count) {
            int side = scaled(p, ARROW), x = box->right + (gap - side) / 2;
            int y = p->y + (height - side) / 2;
            p->out->arrow[i] = (eg_rect){x, y, x + side, y + side};
        }
    }
    if (count > 0) {
        p->y += height + scaled(p, GAP);
    }
}

static void place_steps(plan *p)
{
    int left = scaled(p, MARGIN), right = scaled(p, WIDTH - MARGIN);
    int inner_left = left + scaled(p, FRAME_X), inner_right = right - scaled(p, FRAME_X);
    int top = p->y;

    p->y += scaled(p, FRAME_Y);
    put(p, EG_ALERT_STEPS_HEAD, inner_left, inner_right, scaled(p, STEP_GAP));
    for (int i = EG_ALERT_STEP_FIRST; i <= EG_ALERT_STEP_LAST; i++) {
        put(p, (eg_alert_item)i, inner_left, inner_right,
            i < EG_ALERT_STEP_LAST ? scaled(p, STEP_GAP) : 0);
    }
    p->y += scaled(p, FRAME_Y);
    p->out->frame = (eg_rect){left, top, right, p->y};
    p->y += scaled(p, GAP);
}

/* Equally wide, as high as the highest text needs. */
static void place_answers(plan *p, int left, int right)
{
    int gap = scaled(p, ANSWER_GAP), height = 0;
    int space = right - left - gap * (EG_ANSWER_COUNT - 1);

    for (int i = 0; i < EG_ANSWER_COUNT; i++) {
        height = larger(height,
                        p->sizes->height(p->sizes->user, (eg_alert_item)(EG_ALERT_ANSWER_FIRST + i),
                                         space / EG_ANSWER_COUNT));
    }
    for (int i = 0; i < EG_ANSWER_COUNT; i++) {
        eg_rect *button = &p->out->item[EG_ALERT_ANSWER_FIRST + i];

        button->left = left + space * i / EG_ANSWER_COUNT + gap * i;
        button->right = left + space * (i + 1) / EG_ANSWER_COUNT + gap * i;
        button->top = p->y;
        button->bottom = p->y + height;
    }
    p->y += height + scaled(p, GAP);
}

static void place_rest(plan *p)
{
    int left = scaled(p, MARGIN), right = scaled(p, WIDTH - MARGIN);

    if (p->sizes->advice) {
        put(p, EG_ALERT_ADVICE_HEAD, left, right, scaled(p, LINE_GAP));
        put(p, EG_ALERT_ADVICE, left, right, scaled(p, GAP));
    }
    put(p, EG_ALERT_RECORDED, left, right, scaled(p, GAP));
    if (p->sizes->answers || p->sizes->thanks) {
        put(p, EG_ALERT_ANSWER_HEAD, left, right, scaled(p, STEP_GAP));
    }
    if (p->sizes->answers) {
        place_answers(p, left, right);
    }
    if (p->sizes->thanks) {
        put(p, EG_ALERT_THANKS, left, right, scaled(p, GAP));
    }
    if (p->sizes->details) {
        put(p, EG_ALERT_DETAILS, left, right, scaled(p, GAP));
    }
    p->out->content_height = p->y;
}

static int button_width(const plan *p, eg_alert_item item, int most)
{
    int width = larger(p->sizes->width(p->sizes->user, item) + 2 * scaled(p, BUTTON_PADDING),
                       scaled(p, BUTTON_MIN));

    return width < most ? width : most;
}

static eg_rect put_in_row(const plan *p, int left, int right, int height)
{
    return (eg_rect){left, p->y, right, p->y + height};
}

static void end_row(plan *p, int height)
{
    p->y += height + scaled(p, FOOTER_Y);
}

/* The row that says how many alerts wait, with the button to the next one; two when too wide. */
static void place_waiting(plan *p, int width)
{
    int left = scaled(p, MARGIN), right = width - scaled(p, MARGIN), gap = scaled(p, GAP);
    int height = scaled(p, BUTTON_HEIGHT), top = p->y;
    int next = right - button_width(p, EG_ALERT_NEXT, right - left);
    int text = p->sizes->width(p->sizes->user, EG_ALERT_WAITING);

    p->y += scaled(p, FOOTER_Y);
    if (left + text + gap > next) {
        p->out->item[EG_ALERT_WAITING] = put_in_row(p, left, right, height);
        end_row(p, height);
    } else {
        p->out->item[EG_ALERT_WAITING] = put_in_row(p, left, next - gap, height);
    }
    p->out->item[EG_ALERT_NEXT] = put_in_row(p, next, right, height);
    end_row(p, height);
    p->out->strip = (eg_rect){0, top, width, p->y};
}

/* Details button, rules, Close: in one row, or one below the other where they do not fit. */
static void place_bottom(plan *p, int width)
{
    int left = scaled(p, MARGIN), right = width - scaled(p, MARGIN), gap = scaled(p, GAP);
    int height = scaled(p, BUTTON_HEIGHT), top = p->y;
    int toggle = left + button_width(p, EG_ALERT_TOGGLE, right - left);
    int close = right - button_width(p, EG_ALERT_CLOSE, right - left);
    int rules = p->sizes->rules ? p->sizes->width(p->sizes->user, EG_ALERT_RULES) : 0;
    bool rules_between = p->sizes->rules && toggle + gap + rules + gap <= close;

    p->y += scaled(p, FOOTER_Y);
    p->out->item[EG_ALERT_TOGGLE] = put_in_row(p, left, toggle, height);
    if (toggle + gap > close) {
        end_row(p, height);
    }
    p->out->item[EG_ALERT_CLOSE] = put_in_row(p, close, right, height);
    if (rules_between) {
        p->out->item[EG_ALERT_RULES] = put_in_row(p, close - gap - rules, close - gap, height);
    }
    end_row(p, height);
    if (p->sizes->rules && !rules_between) {
        p->out->item[EG_ALERT_RULES] = put_in_row(p, left, right, height / 2);
        end_row(p, height / 2);
    }
    p->out->footer = (eg_rect){0, top, width, p->y};
}

static void move_down(eg_rect *rect, int distance)
{
    rect->top += distance;
    rect->bottom += distance;
}

void eg_alert_layout_make(const eg_alert_sizes *sizes, eg_alert_layout *out)
{
    plan p = {sizes, out, 0};
    int width, footer, room;

    memset(out, 0, sizeof(*out));
    place_head(&p);
    place_chain(&p);
    place_steps(&p);
    place_rest(&p);

    /* The footer is placed from 0 and then moved to where the body ends. */
    width = scaled(&p, WIDTH);
    for (int attempt = 0; attempt < 2; attempt++) {
        p.y = 0;
        if (sizes->waiting) {
            place_waiting(&p, width);
        }
        place_bottom(&p, width);
        footer = p.y;
        room = larger(sizes->max_height - footer, scaled(&p, BODY_MIN));
        if (out->content_height <= room || attempt > 0) {
            break;
        }
        width += sizes->scroll_bar_width;
    }
    out->body = (eg_rect){0, 0, width, out->content_height < room ? out->content_height : room};
    for (int i = EG_ALERT_BODY_ITEMS; i < EG_ALERT_ITEMS; i++) {
        if (!eg_rect_empty(&out->item[i])) {
            move_down(&out->item[i], out->body.bottom);
        }
    }
    if (sizes->waiting) {
        move_down(&out->strip, out->body.bottom);
    }
    move_down(&out->footer, out->body.bottom);
    out->client_width = width;
    out->client_height = out->footer.bottom;
}
