/** What the palette offers right now. */
import { language } from '../../ui/i18n.svelte';
import { theme } from '../../ui/theme.svelte';
import { sortOut } from '../bulk/model';
import type { Tools } from '../context';
import { couriersInOrder } from '../couriers/model';
import { mayDo, selectAll } from '../desk/commands';
import { DEEDS, MODES } from '../desk/keys';
import { EMPTY, fromSaved, ofQueue, type Queue } from '../filter';
import { logOut } from '../login/actions';
import { screensFor } from '../screens';
import { t } from '../words';
import { isWaybill, type Action } from './model';

const QUEUES: readonly Queue[] = ['unassigned', 'exceptions', 'late', 'left', 'done', 'request', 'conflict', 'all'];

function deeds({ desk }: Tools): Action[] {
  const picked = desk.picked();
  const able = DEEDS.filter(({ deed }) => mayDo(deed, desk.user?.role ?? '') && sortOut(deed, picked).fit.length > 0);
  return able.map(({ deed, key }) => ({
    id: `deed-${deed}`,
    name: t(`deed.${deed}`),
    group: t('bulk.chosen', { n: picked.length }),
    key,
    run: () => desk.begin(deed),
  }));
}

function places({ desk }: Tools): Action[] {
  const views = screensFor(desk.user?.role ?? '').map(({ name, key }) => ({
    id: `view-${name}`,
    name: t(`desk.view.${name}`),
    group: t('palette.screen'),
    key: `g ${key}`,
    run: () => desk.go({ view: name, pane: 'list' }),
  }));
  const modes = MODES.map(({ mode, key }) => ({
    id: `mode-${mode}`,
    name: t(`board.mode.${mode}`),
    group: t('desk.view.board'),
    key,
    run: () => desk.go({ view: 'board', mode, pane: 'list' }),
  }));
  const queues = QUEUES.map((queue) => ({
    id: `queue-${queue}`,
    name: t(`queue.${queue}`),
    group: t('queues'),
    run: () => desk.go({ ...ofQueue(queue), view: 'board', pane: 'list' }),
  }));
  const saved = desk.filters.map((filter) => ({
    id: `filter-${filter.id}`,
    name: filter.name,
    group: t('filter.saved'),
    run: () => desk.go({ ...fromSaved(filter.query), view: 'board', pane: 'list' }),
  }));
  return [...modes, ...queues, ...saved, ...views];
}

function couriers({ desk }: Tools): Action[] {
  return couriersInOrder(desk.couriers ?? []).map((courier) => ({
    id: `courier-${courier.id}`,
    name: courier.name,
    group: t('couriers'),
    run: () => desk.go({ ...ofQueue('all'), courier: courier.id, view: 'board', pane: 'list' }),
  }));
}

function tools(given: Tools): Action[] {
  const { desk } = given;
  const group = t('palette.tool');
  const dark = document.documentElement.dataset['theme'] === 'dark';
  return [
    {
      id: 'select-all',
      name: t('board.select_all'),
      group,
      key: '*',
      run: () => void selectAll(given).catch(given.look),
    },
    { id: 'save', name: t('filter.save_title'), group, key: 's', run: () => (desk.saving = true) },
    { id: 'clear', name: t('board.clear'), group, run: () => desk.go({ ...EMPTY }) },
    { id: 'theme', name: t(dark ? 'theme.light' : 'theme.dark'), group, run: () => theme.set(dark ? 'light' : 'dark') },
    {
      id: 'language',
      name: language.current === 'zh' ? 'English' : '中文',
      group,
      run: () => language.set(language.current === 'zh' ? 'en' : 'zh'),
    },
    { id: 'help', name: t('desk.help'), group, key: '?', run: () => (desk.help = true) },
    { id: 'logout', name: t('desk.logout'), group, run: () => void logOut(given).catch(given.look) },
  ];
}

/** `text`: what was typed; something that looks like a waybill or no known name may be searched for. */
export function offered(given: Tools, text: string): { always: Action[]; named: Action[] } {
  const sought = text.trim();
  const search: Action = {
    id: 'search',
    name: t('palette.search', { text: sought }),
    group: t('board.search'),
    run: () => given.desk.go({ ...EMPTY, q: sought, view: 'board', mode: 'table', pane: 'list' }),
  };
  const named = [...deeds(given), ...places(given), ...couriers(given), ...tools(given)];
  return { always: sought === '' ? [] : [search], named: isWaybill(sought) ? [] : named };
}
