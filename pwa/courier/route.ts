/** Where the app is, read from the hash. Pure. */
export type Route =
  | { screen: 'today' }
  | { screen: 'task'; task: string }
  | { screen: 'pickup'; waybill: string }
  | { screen: 'problem'; task: string }
  | { screen: 'outbox' }
  | { screen: 'login' }
  | { screen: 'load' }
  | { screen: 'order' }
  | { screen: 'map' }
  | { screen: 'guide' }
  | { screen: 'news' }
  | { screen: 'rescue' }
  | { screen: 'handover' }
  | { screen: 'close' };

/** Screens that need no more than their name. */
const PLAIN = ['outbox', 'close', 'login', 'load', 'order', 'map', 'guide', 'news', 'rescue', 'handover'] as const;

export function parseRoute(hash: string): Route {
  const [screen, argument = ''] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decodeURIComponent);
  if (screen === 'task' && argument) return { screen, task: argument };
  if (screen === 'problem' && argument) return { screen, task: argument };
  if (screen === 'pickup' && argument) return { screen, waybill: argument };
  const plain = PLAIN.find((one) => one === screen);
  if (plain) return { screen: plain };
  // The link behind a code's picture, opened on a phone that is enrolled: somebody wants to log in.
  if (screen?.startsWith('enrol=')) return { screen: 'login' };
  return { screen: 'today' };
}

export function formatRoute(route: Route): string {
  switch (route.screen) {
    case 'today':
      return '#/';
    case 'task':
    case 'problem':
      return `#/${route.screen}/${encodeURIComponent(route.task)}`;
    case 'pickup':
      return `#/pickup/${encodeURIComponent(route.waybill)}`;
    default:
      return `#/${route.screen}`;
  }
}
