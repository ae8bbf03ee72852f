import { defineConfig } from 'vitest/config'

/** What takes minutes: the whole at night, in CI too while the whole is short. */
export default defineConfig({
  test: {
    // The fault matrix is for the night: no tenth of it has come through whole within the minutes that CI has.
    include: ['test/slow/**/*.test.ts', ...(process.env.CI ? [] : ['test/faults/**/*.test.ts'])],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 300_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/slow.json' }]] : ['default'],
  },
})
