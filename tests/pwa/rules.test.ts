/** The rules that keep the walls must bite: each is shown one offence. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** None of the rules shown here looks at types, and to load them takes most of a minute on a small machine. */
const WITHOUT_TYPES = {
  languageOptions: { parserOptions: { projectService: false } },
  rules: { '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/no-misused-promises': 'off' },
} as const;

const FILES: Record<string, string> = {
  'sync/tables/t.json': '{}',
  'sync/ts/records.ts': 'export interface Envelope { a: 1 }\nexport const value = 1;\n',
  'sync/ts/bad.ts': "import '../../pwa/ui/fine';\nimport { x } from 'node:fs';\nexport { x };\n",
  'pwa/platform.ts': 'export interface Platform { now(): number }\n',
  'pwa/ui/fine.ts': 'export const fine = 1;\n',
  'pwa/ui/bad.ts': "import { engine } from '../engine/index';\nexport const ui = engine;\n",
  'pwa/store/fine.ts': "import type { Envelope } from '../../sync/ts/records';\nexport type Row = Envelope;\n",
  'pwa/store/bad.ts': "import { value } from '../../sync/ts/records';\nexport const row = value;\n",
  'pwa/device/bad.ts': "import { row } from '../store/bad';\nexport const device = row;\n",
  'pwa/engine/index.ts': "export { inner as engine } from './inner';\n",
  'pwa/engine/inner.ts': "import type { Platform } from '../platform';\nexport const inner: Platform | null = null;\n",
  'pwa/engine/bad.ts': "import { fine } from '../ui/fine';\nexport const up = fine;\n",
  'pwa/courier/bad.ts': "import { inner } from '../engine/inner';\nexport const deep = inner;\n",
  'pwa/dispatch/bad.ts': "import { deep } from '../courier/bad';\nexport const across = deep;\n",
  'pwa/tracking/bad.ts': "import { engine } from '../engine/index';\nexport const track = engine;\n",
  'pwa/engine/one.ts': "import { two } from './two';\nexport const one = (): unknown => two;\n",
  'pwa/engine/two.ts': "import { one } from './one';\nexport const two = (): unknown => one;\n",
  'tsconfig.json': '{"compilerOptions":{"module":"ESNext","moduleResolution":"bundler","verbatimModuleSyntax":true}}',
};

const OFFENCES = [
  'courier-imports pwa/courier/bad.ts',
  'device-imports pwa/device/bad.ts',
  'dispatch-imports pwa/dispatch/bad.ts',
  'engine-imports pwa/engine/bad.ts',
  'no-circles pwa/engine/one.ts',
  'store-types pwa/store/bad.ts',
  'sync-imports sync/ts/bad.ts',
  'sync-is-pure sync/ts/bad.ts',
  'tracking-imports pwa/tracking/bad.ts',
  'ui-imports pwa/ui/bad.ts',
];

interface Cruise {
  summary: { violations: { rule: { name: string }; from: string }[]; totalCruised: number };
}

describe('import rules', () => {
  const house = mkdtempSync(join(tmpdir(), 'doorstep-rules-'));
  beforeAll(() => {
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(house, path)), { recursive: true });
      writeFileSync(join(house, path), text);
    }
  });
  afterAll(() => rmSync(house, { recursive: true }));

  it('refuse every forbidden direction and nothing else', () => {
    const args = ['--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', 'pwa', 'sync'];
    const { stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin/depcruise'), args, {
      cwd: house,
      encoding: 'utf8',
    });
    if (!stdout) throw new Error(stderr);
    const { summary } = JSON.parse(stdout) as Cruise;
    expect(summary.totalCruised).toBeGreaterThan(10);
    expect(summary.violations.map(({ rule, from }) => `${rule.name} ${from}`).sort()).toEqual(OFFENCES);
  });
});

describe('what the engine may not reach for', () => {
  const forbidden: [string, string][] = [
    ['Date.now()', 'no-restricted-properties'],
    ['new Date()', 'no-restricted-syntax'],
    ['Math.random()', 'no-restricted-properties'],
    ["fetch('/x')", 'no-restricted-globals'],
    ['setTimeout(() => 1, 1)', 'no-restricted-globals'],
    ['crypto.subtle', 'no-restricted-globals'],
    ['navigator.onLine', 'no-restricted-globals'],
    ['localStorage.a', 'no-restricted-globals'],
    ['indexedDB.open', 'no-restricted-globals'],
    ['globalThis.crypto', 'no-restricted-globals'],
  ];
  const text = forbidden.map(([code], i) => `export const got${i} = () => ${code};\n`).join('');

  it.each(['pwa/engine/ids.ts', 'pwa/store/prune.ts', 'sync/ts/clock.ts'])('in %s', async (file) => {
    const [report] = await new ESLint({ cwd: ROOT, overrideConfig: WITHOUT_TYPES }).lintText(text, {
      filePath: join(ROOT, file),
    });
    const found = (report?.messages ?? []).map((message) => `${message.line} ${message.ruleId}`);
    expect(found).toEqual(expect.arrayContaining(forbidden.map(([, rule], i) => `${i + 1} ${rule}`)));
  });
});
