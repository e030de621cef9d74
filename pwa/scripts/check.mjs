/**
 * Everything that can be said of the web apps without running them: format, lint, types, import rules, generated files, weight. Runs
 * all of it and fails at the end, so that one run names every fault. `--fix` puts right what a machine can put right.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const fix = process.argv.includes('--fix');
const FOLDERS = ['pwa', 'sync/ts', 'tests/pwa', 'tests/sync'];
const FILES = ['vitest.config.ts', 'eslint.config.js', '.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'];
/** Fewer modules than this means that the tool has not seen the code: it once looked at 0 and passed. */
const LEAST_MODULES = 100;

const STEPS = {
  format: () => tool('prettier', fix ? '--write' : '--check', '--log-level', 'warn', ...FOLDERS, ...FILES),
  lint: () => tool('eslint', ...(fix ? ['--fix'] : []), ...FOLDERS, 'vitest.config.ts', 'eslint.config.js'),
  types: () => tool('tsc', '-p', 'tsconfig.json'),
  'types of sync/ts without a browser': () => tool('tsc', '-p', 'sync/ts/tsconfig.json'),
  'types of components': () => tool('svelte-check', '--tsconfig', './tsconfig.json', '--fail-on-warnings'),
  imports,
  'generated files': () => run('node', ['pwa/scripts/generate.mjs', ...(fix ? [] : ['--check'])]),
  'weight of the first load': () => run('node', ['pwa/scripts/build.mjs', '--check']),
};

const failed = [];
for (const [name, step] of Object.entries(STEPS)) {
  const began = Date.now();
  const { ok, output } = await step();
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  if (!ok) {
    failed.push(name);
    console.log(output.trim().replace(/^/gm, '     '));
  }
}
if (failed.length) {
  console.error(`check: ${failed.join(', ')}`);
  process.exit(1);
}

async function imports() {
  const cruise = await tool(
    'depcruise',
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    'pwa',
    'sync/ts',
  );
  const { summary } = JSON.parse(cruise.output.slice(cruise.output.indexOf('{')));
  const faults = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
  if (summary.totalCruised < LEAST_MODULES) faults.push(`only ${summary.totalCruised} modules were seen`);
  return { ok: faults.length === 0, output: faults.join('\n') };
}

function tool(name, ...args) {
  return run(join(ROOT, 'node_modules/.bin', name), args);
}

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT });
    const parts = [];
    child.stdout.on('data', (part) => parts.push(part));
    child.stderr.on('data', (part) => parts.push(part));
    child.on('error', (error) => resolve({ ok: false, output: String(error) }));
    child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(parts).toString() }));
  });
}
