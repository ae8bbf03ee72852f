import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What needs a Rego compiler is `npm run test:policy`; what takes minutes is `npm run test:night`.
    exclude: ['test/policy/compile/**', 'test/slow/**', 'node_modules/**'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/test.json' }]] : ['default'],
  },
})
