// Typed lint: the conventions of docs/architecture.md that a machine can check.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** The world rule: effects are reached through src/world/ and passed as an argument, so that tests replace them. */
const EFFECTS = [
  'child_process',
  'fs',
  'fs/promises',
  'timers',
  'timers/promises',
  'http',
  'https',
  'net',
  'tls',
  'dns',
].flatMap((name) => [name, `node:${name}`]);
const WORLD_IMPORTS = [...EFFECTS, 'undici'].map((name) => ({
  name,
  message: 'only src/world/ touches the outside; take it from the World argument',
}));
const WORLD_GLOBALS = ['setTimeout', 'setInterval', 'setImmediate', 'fetch'].map((name) => ({
  name,
  message: 'only src/world/ touches the outside; take it from the World argument',
}));

export default defineConfig(
  { ignores: ['dist/', 'out/', 'examples/', 'bench/results/', 'test/recorded/**/*.json', '**/*.cjs'] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Numbers and booleans in a message are fine; an object or undefined in one is a mistake.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `() => world.log.info('…')` reads better than a block around one call.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // A fake or a port implements an async interface without waiting for anything.
      '@typescript-eslint/require-await': 'off',
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      // The world comes first; with it a function takes three more, then one readonly object.
      'max-params': ['error', { max: 4 }],
      // The texts taken apart here are file formats, not emojis.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/world/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: WORLD_IMPORTS }],
      'no-restricted-globals': ['error', ...WORLD_GLOBALS],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'read it through world.environment' },
        { object: 'Date', property: 'now', message: 'time comes from world.clock' },
      ],
    },
  },
  {
    files: ['scripts/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // The workshop reads files it wrote itself: a declared type is enough there.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      // expect.any() and JSON.parse() are any; what a test says about them is the check.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // That a secret or an object shows itself rightly in a text is a fact to test.
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      // A describe block is a list of facts, not an algorithm.
      'max-lines-per-function': 'off',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
);
