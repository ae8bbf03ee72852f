import { defineConfig } from 'vitest/config'

/** Every attack that docs/testing.md lists, on the running service. Each process keeps its worlds for all its files. */
export default defineConfig({
  test: {
    include: ['test/attacks/**/*.test.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 180_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/attacks.json' }]] : ['default'],
  },
})
