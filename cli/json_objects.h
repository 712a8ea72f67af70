/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a text that holds several: one a line, written over many lines one after the
 * other, or in an array, as exporters of event logs do. Pure; views into the text.
 */
#ifndef EG_CLI_JSON_OBJECTS_H
#define EG_CLI_JSON_OBJECTS_H

#include "core/base/str.h"

typedef struct eg_json_objects {
    eg_str rest;
    size_t line; /* where rest begins, from 1 */
} eg_json_objects;

void eg_json_objects_begin(eg_json_objects *objects, eg_str text);
/*
 * The next one and the line it begins at; false at the end. What is no object is given out up to
 * the end of its line, one that is not closed up to the end of the text: a parser says why.
 */
bool eg_json_objects_next(eg_json_objects *objects, eg_str *object, size_t *line);

#endif
