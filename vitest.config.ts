import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What needs a Rego compiler is `npm run test:policy`, what plays attacks `npm run test:attacks`, and what takes
    // minutes `npm run test:night`.
    exclude: [
      'test/policy/compile/**',
      'test/slow/**',
      'test/faults/**',
      'test/attacks/**',
      'node_modules/**',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // A process keeps its modules from file to file: what a file starts or sets, it ends or takes back itself.
    isolate: false,
    // The runner would leave one core idle, and half of the time is waiting.
    maxWorkers: '100%',
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 120_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/test.json' }]] : ['default'],
  },
})
