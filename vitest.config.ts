import { defineConfig } from 'vitest/config';

const conditions = ['muster-source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/**/*.test.ts', 'parity/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    // Two workers share the cores: teams of threads that wait for one another would stand still.
    env: { OMP_NUM_THREADS: '1' },
  },
});
