// Who may import whom: the direction rule of docs/architecture.md, checked and drawn from here.

/** From left to right; a folder imports only what stands to its right. Rooms of one tier may use each other, verbs never. */
export const TIERS = [
  { name: 'doors', rooms: ['actions', 'cli'] },
  { name: 'verbs', rooms: ['validate', 'plan', 'build', 'verify', 'publish', 'cutover', 'report', 'dispatch'] },
  { name: 'protocols', rooms: ['docker', 'registry', 'proxy', 'github'] },
  { name: 'nouns', rooms: ['documents', 'config', 'health', 'journal', 'hosts', 'images', 'prober'] },
  { name: 'ground', rooms: ['world', 'fault\\.ts', 'exit-code\\.ts'] },
];

const anyRoom = (rooms) => `^src/(${rooms.join('|')})(/|$)`;
const VERBS = TIERS[1].rooms;
const EFFECTS = '^(node:)?(child_process|fs|timers|http|https|net|tls|dns|dgram)(/|$)';

const direction = TIERS.slice(1).map(({ name, rooms }, index) => ({
  name: `${name}-import-only-rightwards`,
  comment: 'A folder imports only what stands to its right: doors, verbs, protocols, nouns, ground.',
  severity: 'error',
  from: { path: anyRoom(rooms) },
  to: { path: TIERS.slice(0, index + 1).map((tier) => anyRoom(tier.rooms)) },
}));

export default {
  forbidden: [
    ...direction,
    {
      name: 'verbs-meet-in-documents',
      comment: 'Verbs never import each other; they meet only in documents.',
      severity: 'error',
      from: { path: `^src/(${VERBS.join('|')})/` },
      to: { path: `^src/(${VERBS.join('|')})/`, pathNot: '^src/$1/' },
    },
    {
      name: 'every-room-has-a-tier',
      comment: 'A new folder in src/ takes its place in TIERS of this file and in docs/architecture.md.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: TIERS.map((tier) => anyRoom(tier.rooms)) },
    },
    {
      name: 'only-the-world-has-effects',
      comment: 'Processes, files, sockets and time are reached through the World argument.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/world/' },
      to: { path: [EFFECTS, '(^|/)node_modules/undici/'] },
    },
    {
      name: 'the-product-stands-alone',
      comment: 'src/ is what users run: nothing of the workshop belongs in it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|sandbox|scripts|bench|demo|examples)/' },
    },
    {
      name: 'no-workshop-dependency',
      comment: 'What src/ imports is a dependency of the product.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphan',
      comment: 'A file that nothing imports and that imports nothing is dead.',
      severity: 'error',
      from: { orphan: true, path: '^src/' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|out|examples)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    reporterOptions: { mermaid: { minify: false } },
  },
};
