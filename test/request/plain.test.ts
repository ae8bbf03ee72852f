import { expect, test } from 'vitest'
import { notPlain } from '../../app/request/plain.ts'

test('a request that is a link is told of by its file and its mode, and what to do', () => {
  expect(notPlain('requests/2026/12/a.yaml', '120000')).toEqual({
    ok: false,
    faults: [
      {
        file: 'requests/2026/12/a.yaml',
        line: 1,
        column: 1,
        code: 'path',
        message: 'has mode 120000, not 100644',
        remedy: 'add it as a plain, not executable file',
      },
    ],
  })
})
