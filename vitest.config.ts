// The three kinds of tests: unit (pure, seconds), recorded (real tools' recorded output) and stories (real engines and a real registry).
import { defineConfig } from 'vitest/config';

/** A story may wait for a build, a soak and a rollback; a hang must still end. */
const STORY_DEADLINE_MS = 10 * 60_000;
/** The first sandbox of a bare machine downloads its engines. */
const SANDBOX_DEADLINE_MS = 15 * 60_000;
const TEST_DEADLINE_MS = 20_000;

export default defineConfig({
  test: {
    projects: [
      quick('unit'),
      quick('recorded'),
      {
        test: {
          name: 'stories',
          include: ['test/stories/**/*.test.ts'],
          globalSetup: ['test/stories/setup.ts'],
          // One fleet, one sandbox: stories take turns, in the order of their names.
          fileParallelism: false,
          sequence: { concurrent: false, shuffle: false, groupOrder: 1 },
          testTimeout: STORY_DEADLINE_MS,
          hookTimeout: SANDBOX_DEADLINE_MS,
        },
      },
    ],
  },
});

function quick(name: 'unit' | 'recorded') {
  return {
    // The packages inlined below come without the sources their maps speak of; that is no news.
    logLevel: 'error' as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: TEST_DEADLINE_MS,
      sequence: { groupOrder: 0 },
      // They are published with JSON imports that only a bundler accepts.
      server: { deps: { inline: [/@actions\/(workflow-parser|languageservice|expressions)/] } },
    },
  };
}
