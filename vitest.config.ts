import { defineConfig } from 'vitest/config'

const shared = { pool: 'forks', testTimeout: 60_000, hookTimeout: 120_000 } as const

export default defineConfig({
  test: {
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/test.json' }]] : ['default'],
    projects: [
      {
        test: {
          ...shared,
          name: 'rooms',
          globalSetup: ['test/support/global-setup.ts'],
          include: ['test/**/*.test.ts'],
          // What needs a Rego compiler is `npm run test:policy`; what takes minutes is `npm run test:night`.
          exclude: ['test/policy/compile/**', 'test/slow/**', 'test/attacks/**', 'node_modules/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // One process each keeps one service for all its attacks.
        test: {
          ...shared,
          name: 'attacks',
          // The first attack of a process waits for its world.
          testTimeout: 180_000,
          include: ['test/attacks/**/*.test.ts'],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
