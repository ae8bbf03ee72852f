import { expect, it } from 'vitest'
import { execute } from '../../app/cli/execute.ts'

it('a command ends as it ends, whatever goes wrong beside it', async () => {
  const command = { command: 'sh', args: ['-c', 'exit 5'], env: { PATH: process.env.PATH }, files: {} }
  const broken = () => Promise.reject(new Error('thrown by a test, and shown'))
  expect(await execute(command, broken)).toBe(5)
})
