import { defineConfig } from 'vitest/config'

/** What takes minutes: the whole at night, in CI a tenth of what is long. */
export default defineConfig({
  test: {
    include: ['test/slow/**/*.test.ts', 'test/faults/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 300_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/slow.json' }]] : ['default'],
  },
})
