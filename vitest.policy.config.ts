import { defineConfig } from 'vitest/config'

/** Tests that compile Rego; run by `npm run test:policy`, which names an opa in OPA_BIN. */
export default defineConfig({
  test: {
    include: ['test/policy/compile/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/policy.json' }]] : ['default'],
  },
})
