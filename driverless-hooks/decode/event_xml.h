/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of a Windows event log, as EvtRender writes it in XML, to an event. The record is
 * rewritten as the JSON that exporters of event logs make, and read by the one reader for that:
 * names, kinds and process ids come out the same, wherever a record comes from. Pure; one thread
 * per reader.
 */
#ifndef EG_DECODE_EVENT_XML_H
#define EG_DECODE_EVENT_XML_H

#include "core/event/event_json.h"

#define EG_EVENT_XML_MAX (1024u * 1024)

/*
 * `xml` is WTF-8. Characters that XML forbids, which EvtRender lets through from what programs
 * logged, become U+FFFD. The event borrows from the reader until the next read. 4688 has Sysmon's
 * names besides its own; a script block has the process that ran it. EG_E_INVALID with the reason,
 * EG_E_LIMIT above EG_EVENT_XML_MAX.
 */
int eg_event_read_xml(eg_event_reader *reader, eg_str xml, eg_event *event);

#endif
