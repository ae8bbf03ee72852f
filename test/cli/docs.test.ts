import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { remoteOptions } from '../../app/cli/program.ts'
import { verbs } from '../../app/cli/verbs.ts'

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

it('docs/cli.md lists every command with its options, and no other', () => {
  const lines = page.split('\n').filter((line) => line.startsWith('### `') || line.startsWith('- `-'))
  const expected = [
    ...remoteOptions.map(({ flags, summary }) => `- \`${flags}\`: ${summary}`),
    ...verbs.flatMap(({ name, words, options }) => [
      `### \`${['gitsudo', name, ...(words ?? [])].join(' ')}\``,
      ...options.map(
        ({ flags, summary, required }) =>
          `- \`${flags}\`: ${summary}${required === true ? ' (required)' : ''}`,
      ),
    ]),
  ]
  expect(lines).toEqual(expected)
})
