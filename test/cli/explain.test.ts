import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verbs } from '../../app/cli/verbs.ts'
import { localPolicies } from '../../app/compose/policies.ts'
import { PolicyLoadError } from '../../app/policy/policy-fault.ts'
import { EmbeddedError } from '../../app/store/embedded.ts'
import { InitialiseError } from '../../app/store/initialise.ts'
import { gitsudo } from './harness.ts'

const fault = {
  file: 'policies/a.rego',
  line: 3,
  column: 1,
  code: 'package',
  message: 'no package',
  remedy: 'add one',
} as const
const refused = () => Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), { code: 'ECONNREFUSED' })

describe('what a person can act on is no fault of gitsudo', () => {
  it.each([
    [
      new InitialiseError('too_old', 'gitsudo needs PostgreSQL 15.'),
      'gitsudo: gitsudo needs PostgreSQL 15.\n',
    ],
    [
      new EmbeddedError('failed', 'initdb ended with 1: disk full'),
      'gitsudo: initdb ended with 1: disk full\n',
    ],
    [new PolicyLoadError('invalid', [fault]), 'gitsudo: policies/a.rego:3: no package\n'],
  ])('%s', async (error, err) => {
    const sweepOnce = () => Promise.reject(error)
    expect(await gitsudo(['sweep', '--once'], { sweepOnce })).toMatchObject({ status: 3, err })
  })

  it('a socket that is not there', async () => {
    const gone = Object.assign(new Error('connect ENOENT /run/.s.PGSQL.5432'), {
      code: 'ENOENT',
      syscall: 'connect',
    })
    expect(await gitsudo(['sweep', '--once'], { sweepOnce: () => Promise.reject(gone) })).toMatchObject({
      status: 3,
      err: expect.stringContaining('cannot be reached: connect ENOENT /run/.s.PGSQL.5432'),
    })
  })

  it.each([
    ['a server that is not there', refused()],
    ['beneath a library', new Error('Connection failed.', { cause: refused() })],
    [
      'at each of its addresses',
      Object.assign(new AggregateError([refused()], ''), { code: 'ECONNREFUSED' }),
    ],
  ])('%s', async (_, error) => {
    const sweepOnce = () => Promise.reject(error)
    expect(await gitsudo(['sweep', '--once'], { sweepOnce })).toMatchObject({
      status: 3,
      err: 'gitsudo: What this needs cannot be reached: connect ECONNREFUSED 10.0.0.1:5432\n  → check the address, and that it runs\n',
    })
  })
})

describe('a folder of policies', () => {
  let dir = ''
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gitsudo-folder-'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))
  const open = (folder: string) => localPolicies(folder, { PATH: dir }, { now: () => 0 })

  it('that is not there', async () => {
    expect(await gitsudo(['policy', 'check', dir], { localPolicies: open })).toMatchObject({
      status: 2,
      err: `gitsudo: ${dir}/policies does not exist.\n`,
    })
  })

  it('whose tests need an opa', async () => {
    expect(await gitsudo(['policy', 'test', dir], { localPolicies: open })).toMatchObject({
      status: 3,
      err: 'gitsudo: There is no opa on this machine to run Rego tests.\n  → put opa on PATH or name it in OPA_BIN\n',
    })
  })
})

it('help says what each group of commands is for', async () => {
  const groups = new Set(verbs.flatMap(({ name }) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : [])))
  const { out } = await gitsudo(['help'])
  for (const group of groups) expect(out).toMatch(new RegExp(`^  ${group}(?: \\S+)* {2,}[A-Z]`, 'm'))
})
