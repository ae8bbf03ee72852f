import { defineConfig } from 'vitest/config'

/**
 * The pure tests alone, for `npm run test:mutation`: Stryker would start the databases otherwise, once for each mutant.
 * Random properties are left out: what only they kill deserves a row in a table, which kills it every time.
 */
export default defineConfig({
  test: {
    include: ['test/{request,identity,decision,grant}/**/*.test.ts'],
    exclude: ['test/**/properties.test.ts', 'test/decision/{influence,gaps}.test.ts'],
    isolate: false,
    testTimeout: 60_000,
  },
})
