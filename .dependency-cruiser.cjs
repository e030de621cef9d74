/**
 * Who may import whom in the web apps:
 *
 *   courier | dispatch > engine | ui | device | api | sync/ts
 *   engine             > store | device | api | sync/ts
 *   tracking           > ui | api
 *   sync/ts, ui, device, store, api > nothing of ours
 *
 * `pwa/platform.ts` holds types only and stands beside the layers: engine, store, device and node may know it. Types that cost
 * nothing at runtime may be taken from sync/ts by store and ui. `node` runs the engine without a browser, as courier and
 * the service worker do in one.
 */
const OURS = '^(pwa|sync)/';
const TYPES_ONLY = { dependencyTypesNot: ['type-only'] };

/** Files under `path` may import of ours only themselves, `allowed`, and (as types) `types`. */
function layer(name, path, allowed, types = []) {
  const own = [path, ...allowed];
  return [
    {
      name: `${name}-imports`,
      comment: `${path} may import: ${allowed.join(', ') || 'nothing of ours'}`,
      severity: 'error',
      from: { path },
      to: { path: OURS, pathNot: [...own, ...types] },
    },
    ...types.map((type) => ({
      name: `${name}-types`,
      comment: `${path} may take types from ${type}, no values`,
      severity: 'error',
      from: { path },
      to: { path: type, pathNot: own, ...TYPES_ONLY },
    })),
  ];
}

const SYNC = '^sync/(ts|tables)/';
const PLATFORM = '^pwa/platform\\.ts$';
const SCREENS = ['^pwa/engine/(index|types)\\.ts$', '^pwa/ui/', '^pwa/device/', '^pwa/api/', SYNC];

module.exports = {
  forbidden: [
    ...layer('sync', '^sync/ts/', ['^sync/tables/']),
    ...layer('store', '^pwa/store/', [], ['^sync/ts/', PLATFORM]),
    ...layer('device', '^pwa/device/', [], [PLATFORM]),
    ...layer('ui', '^pwa/ui/', [], ['^sync/ts/']),
    ...layer('api', '^pwa/api/', []),
    ...layer('platform', PLATFORM, []),
    ...layer('engine', '^pwa/engine/', ['^pwa/store/', '^pwa/device/', '^pwa/api/', SYNC], [PLATFORM]),
    ...layer('courier', '^pwa/courier/', SCREENS),
    ...layer('dispatch', '^pwa/dispatch/', SCREENS),
    ...layer('tracking', '^pwa/tracking/', ['^pwa/ui/', '^pwa/api/']),
    ...layer('node', '^pwa/node/', ['^pwa/engine/(index|once|submit|types)\\.ts$', SYNC], [PLATFORM]),
    {
      name: 'sync-is-pure',
      comment: 'sync/ts imports no package and no part of Node',
      severity: 'error',
      from: { path: '^sync/ts/' },
      to: { path: '^(node_modules/|node:)|^(fs|path|crypto|os)$' },
    },
    {
      name: 'engine-has-no-node',
      severity: 'error',
      from: { path: '^pwa/(engine|store|device|ui|courier|dispatch)/' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: TYPES_ONLY } },
    {
      name: 'resolvable',
      comment: 'a file asked for by its address (?url) is looked up by the build, which fails without it',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '\\?url$' },
    },
    {
      name: 'no-tests-in-products',
      severity: 'error',
      from: { path: OURS },
      to: { path: '^tests/' },
    },
    {
      name: 'not-only-for-development',
      comment: 'what runs on a handheld is a dependency, not a devDependency',
      severity: 'error',
      from: { path: '^(pwa/(engine|store|device|ui|courier|dispatch)|sync/ts)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '^node_modules/svelte/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^pwa/dist/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.svelte.ts', '.svelte', '.js', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'browser', 'svelte', 'default', 'types'],
    },
  },
};
