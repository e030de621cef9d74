/** What `GET /api/v1/dispatch/messages` answers. Times are ms since the epoch, UTC. */
import type { components } from '../../api/schema';

export type Message = components['schemas']['DeskMessage'];
export type Reader = components['schemas']['DeskReader'];
export type MessagesAnswer = components['schemas']['DeskMessages'];
