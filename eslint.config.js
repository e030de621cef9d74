import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';

import svelteConfig from './pwa/svelte.config.js';

/** What the engine may only have through its Platform: a clock, chance, timers, sockets, storage. */
const MACHINE = [
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'requestAnimationFrame',
  'crypto',
  'navigator',
  'location',
  'window',
  'self',
  'globalThis',
  'document',
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'caches',
  'performance',
  'process',
  'Buffer',
  'Worker',
  'AbortController',
  'AbortSignal',
  'BroadcastChannel',
  'MessageChannel',
  'CompressionStream',
  'console',
];
const OF_ITS_OWN = 'comes through the Platform (pwa/platform.ts): the engine must run the same in virtual time';

export default tseslint.config(
  { ignores: ['build/', 'var/', 'pwa/dist/', 'pwa/api/', 'sync/ts/generated/', '.venv/', 'node_modules/'] },
  js.configs.recommended,
  tseslint.configs.recommended,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node, __APP__: 'readonly', __PRECACHE__: 'readonly' },
    },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  {
    files: ['pwa/engine/**/*.ts', 'pwa/store/**/*.ts', 'sync/ts/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-restricted-globals': ['error', ...MACHINE.map((name) => ({ name, message: `${name} ${OF_ITS_OWN}` }))],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: `the clock ${OF_ITS_OWN}` },
        { object: 'Math', property: 'random', message: `chance ${OF_ITS_OWN}` },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date']", message: `the clock ${OF_ITS_OWN}` },
        { selector: "CallExpression[callee.name='Date']", message: `the clock ${OF_ITS_OWN}` },
        { selector: "CallExpression[callee.name='openDB']", message: 'openDB takes the global indexedDB' },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs' },
    rules: { 'svelte/no-inner-declarations': 'off' },
  },
);
