import type { messages as zh } from '../zh/messages';

/** Messages to couriers. */
export const messages: Record<keyof typeof zh, string> = {
  'messages.title': 'Messages to couriers',
  'messages.unread': 'The messages could not be read.',
  'messages.empty_title': 'No messages yet',
  'messages.empty':
    'What is written to one courier, to several or to all stands here, with who has it and who has read it.',
  'messages.older': 'Earlier',
  'messages.count': 'to {of} · on the handheld {received} · read {read}',
  'messages.read': 'read at {at}',
  'messages.received': 'has it since {at}, not read',
  'messages.waiting': 'not yet, comes at the next sync',
  'messages.write': 'Write a message',
  'messages.text': 'Text',
  'messages.left': '{n} {n|character|characters} left',
  'messages.to': 'To',
  'messages.all': 'All couriers of the station ({n})',
  'messages.about': 'About waybill',
  'messages.about_drop': 'Without the task',
  'messages.how': 'Couriers without signal get it at their next sync.',
  'messages.send': 'Send to {n}',
  'messages.sending': 'Sending…',
  'messages.sent': 'Sent to {n} {n|courier|couriers}',
  'messages.lack.text': 'Write something first.',
  'messages.lack.long': 'At most {n} characters, please shorten it.',
  'messages.lack.to': 'Choose who it is for.',
  'messages.refused': 'The server did not take it: {detail}',
  'messages.offline': 'No network: it was not sent. The text is still here, please try again.',
  'messages.failed': 'It was not sent ({code}). The text is still here, please try again.',
};
